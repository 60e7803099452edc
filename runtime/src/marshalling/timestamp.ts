/** How far from 1970 a `Date` reaches, in milliseconds. */
const dateRange = 8.64e15;

/**
 * The milliseconds since 1970 of the body of MessagePack's timestamp extension, which has 4, 8 or 12 bytes; finer
 * digits are cut off. `undefined` when the bytes are no timestamp, or none that a `Date` can hold.
 */
export function readTimestamp(buffer: Buffer, start: number, length: number): number | undefined {
  let seconds: number;
  let nanoseconds = 0;
  if (length === 4) {
    seconds = buffer.readUInt32BE(start);
  } else if (length === 8) {
    const high = buffer.readUInt32BE(start);
    seconds = (high & 3) * 0x1_0000_0000 + buffer.readUInt32BE(start + 4);
    nanoseconds = high >>> 2;
  } else if (length === 12) {
    nanoseconds = buffer.readUInt32BE(start);
    seconds = buffer.readInt32BE(start + 4) * 0x1_0000_0000 + buffer.readUInt32BE(start + 8);
  } else {
    return undefined;
  }
  const time = seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
  return nanoseconds > 999_999_999 || Math.abs(time) > dateRange ? undefined : time;
}
