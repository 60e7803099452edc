/**
 * The envelope of a datagram: `u16 magic | u8 version | u8 zero | u32 CRC-32C | frames`.
 *
 * UDP's own checksum is 16 bits weak and optional, so a datagram that is damaged on its way is recognised here and
 * becomes an omission, never altered arguments.
 */
import { crc32c } from './crc32c.js';

export const packetHeaderBytes = 8;
export const protocolVersion = 1;
const magic = 0xc5b1;
const checksumAt = 4;

/** Completes a datagram whose frames stand from `start + packetHeaderBytes` to `end`. */
export function sealPacket(bytes: Buffer, start: number, end: number): void {
  bytes[start] = magic >>> 8;
  bytes[start + 1] = magic & 0xff;
  bytes[start + 2] = protocolVersion;
  bytes[start + 3] = 0;
  bytes.writeUInt32BE(0, start + checksumAt);
  bytes.writeUInt32BE(crc32c(bytes, start, end), start + checksumAt);
}

/** Whether the datagram is of this protocol, of this version, and undamaged. */
export function isSoundPacket(bytes: Buffer): boolean {
  if (bytes.length < packetHeaderBytes || bytes[0] !== magic >>> 8 || bytes[1] !== (magic & 0xff))
    return false;
  if (bytes[2] !== protocolVersion || bytes[3] !== 0) return false;
  const expected = bytes.readUInt32BE(checksumAt);
  bytes.writeUInt32BE(0, checksumAt);
  const sound = crc32c(bytes, 0, bytes.length) === expected;
  bytes.writeUInt32BE(expected, checksumAt);
  return sound;
}
