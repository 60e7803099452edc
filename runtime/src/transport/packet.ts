/**
 * The envelope of a datagram: `u16 magic | u8 version | u8 kind | u32 CRC-32C | frames`. What stands behind the kind is
 * another in sealed datagrams (`seal.ts`).
 *
 * UDP's own checksum is 16 bits weak and optional, so a datagram that is damaged on its way is recognised here and
 * becomes an omission, never altered arguments.
 */
import { crc32c } from './crc32c.js';

export const packetHeaderBytes = 8;
export const protocolVersion = 1;
const magic = 0xc5b1;
const checksumAt = 4;

/** What a datagram is, as its fourth byte. */
export const PacketKind = { plain: 0, sealed: 1, unknownKey: 2 } as const;

/** What stands around the frames of a datagram. */
export interface Envelope {
  readonly headerBytes: number;
  readonly trailerBytes: number;
  /** Completes a datagram whose frames are in their place. False: it must not be sent. */
  complete(datagram: Buffer): boolean;
}

export const plainEnvelope: Envelope = {
  headerBytes: packetHeaderBytes,
  trailerBytes: 0,
  complete(datagram) {
    sealPacket(datagram, 0, datagram.length);
    return true;
  },
};

/**
 * Datagrams of at most this many bytes: they pass every IPv6 path and every tunnel in use (RFC 9000, section 14).
 */
const defaultDatagramBytes = 1200;

/** Below this the frames of a handshake would not fit; above it IPv4 carries nothing. */
const datagramBounds = [256, 65_507] as const;

/** How long a datagram may be. @throws RangeError when that is out of bounds */
export function datagramBytes(given: number = defaultDatagramBytes): number {
  const [least, most] = datagramBounds;
  if (Number.isInteger(given) && given >= least && given <= most) return given;
  throw new RangeError(`datagramBytes must be a whole number from ${least} to ${most}, not ${given}`);
}

/** The bytes that all datagrams of this version begin with. */
export function writePrefix(bytes: Buffer, start: number, kind: number): void {
  bytes[start] = magic >>> 8;
  bytes[start + 1] = magic & 0xff;
  bytes[start + 2] = protocolVersion;
  bytes[start + 3] = kind;
}

/** Undefined: the datagram is not of this protocol, or of another version. */
export function kindOf(bytes: Buffer): number | undefined {
  const isOurs = bytes[0] === magic >>> 8 && bytes[1] === (magic & 0xff) && bytes[2] === protocolVersion;
  return isOurs ? bytes[3] : undefined;
}

/** Completes a datagram whose frames stand from `start + packetHeaderBytes` to `end`. */
export function sealPacket(bytes: Buffer, start: number, end: number): void {
  writePrefix(bytes, start, PacketKind.plain);
  bytes.writeUInt32BE(0, start + checksumAt);
  bytes.writeUInt32BE(crc32c(bytes, start, end), start + checksumAt);
}

/** Whether the datagram is of this protocol, of this version, and undamaged. */
export function isSoundPacket(bytes: Buffer): boolean {
  if (bytes.length < packetHeaderBytes || kindOf(bytes) !== PacketKind.plain) return false;
  const expected = bytes.readUInt32BE(checksumAt);
  bytes.writeUInt32BE(0, checksumAt);
  const sound = crc32c(bytes, 0, bytes.length) === expected;
  bytes.writeUInt32BE(expected, checksumAt);
  return sound;
}
