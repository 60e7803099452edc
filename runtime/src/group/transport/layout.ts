/**
 * What packets look like, for those that write and those that read them. `docs/PROTOCOL.md`, "Groups: packets", has the
 * whole of it.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Other than that of datagrams between clients and servers: neither takes the other for its own. */
export const magic = 0xc5b2;
export const groupProtocolVersion = 1;

/** Bits of the packet's flags. */
export const PacketFlag = {
  /** The id of the only member for which it is follows the header. */
  addressed: 1,
  /** What follows is encrypted and authenticated. */
  sealed: 2,
} as const;

export const versionAt = 2;
export const flagsAt = 3;
export const groupAt = 4;
export const senderAt = 8;
export const checksumAt = 14;
/** The bytes that every packet begins with. */
export const headerBytes = 18;
/** The id of the member for which an addressed packet is. */
export const targetBytes = 6;

/** Frames: two bits of the first byte tell which, the others are the message's flags. */
export const Frame = {
  /** `u8 head | u8 kind | varint length | body` */
  once: 0,
  /** `u8 head | u8 kind | u32 connection | u48 seq | varint length | body` */
  unicast: 1,
  /** `u8 head | u8 kind | u32 counter | u48 creator | u48 sender | u48 seq | [vector] | varint length | body` */
  multicast: 2,
  /** `u8 head | u8 kind | [vector] | varint length | body`: one more of the same connection, or sender and view */
  next: 3,
} as const;
export type Frame = (typeof Frame)[keyof typeof Frame];

/** Where the order stands in a frame's first byte, and the bits above it. */
export const orderShift = 2;
export const FrameFlag = { safe: 16, more: 32, nested: 64, vector: 128 } as const;

/** What stands before the body of the longest kind of frame at the most, where there is no vector. */
export const frameOverhead = 2 + 4 + 6 + 6 + 6 + 3;

/** What IPv4 and UDP carry. A message that is longer than the packets of a transport may have one up to this for itself. */
export const longestPacket = 65_507;

/** The group's key in packets: the first four bytes of its name's SHA-256. */
export function groupKeyOf(group: string): number {
  return createHash('sha256').update(group).digest().readUInt32BE(0);
}

/** Enters the checksum, the last thing that changes: CRC-32 (IEEE 802.3) over the packet with four zeros in its place. */
export function sealChecksum(packet: Buffer): void {
  writeU32(packet, checksumAt, 0);
  writeU32(packet, checksumAt, crc32(packet));
}

/** Leaves four zeros in the checksum's place. */
export function isUndamaged(packet: Buffer): boolean {
  const expected = readU32(packet, checksumAt);
  writeU32(packet, checksumAt, 0);
  return crc32(packet) === expected;
}

// Byte by byte: on the hot path, where Buffer's methods check again what was checked.

export function writeU32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function readU32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeU48(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  writeU32(bytes, at + 2, value);
}

export function readU48(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 + readU32(bytes, at + 2);
}

/** Seven bits a byte, the lowest first; up to seven bytes, which holds every seq. */
export function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
