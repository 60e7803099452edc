/** Tells a copy of a request from another request under the same number. It never leaves the server. */
import { crc32 } from 'node:zlib';
import { crc32c } from '../transport/crc32c.js';

/** From so many bytes on a call into zlib, which is four times as fast, is worth its price. */
const longBody = 256;

/** A checksum of `bytes[start, end)`. */
export function fingerprintOf(bytes: Buffer, start: number, end: number): number {
  return end - start < longBody ? crc32c(bytes, start, end) : crc32(bytes.subarray(start, end));
}
