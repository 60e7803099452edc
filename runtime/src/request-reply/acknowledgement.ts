/**
 * Acknowledgements: `low u64 | high u64 | count u8 | count × u32`. Of the numbers from `low` up to, not including,
 * `high`, all are finished but the open ones, each of which is given by its distance from the one before (the first
 * by its distance from `low`).
 *
 * One such segment names 32 open calls at the most. A client with more of them sends the oldest segment, and with it,
 * in rotation, the later ones; else the replies of all calls above the 32nd open one could never be dropped
 * (CASES 72).
 */
import type { Reader } from '../marshalling/reader.js';
import type { Writer } from '../marshalling/writer.js';
import { lengthBytes } from '../transport/transport.js';

export const maxOpenInSegment = 32;

/** A segment's frame without open numbers, and what each of them adds. */
export const segmentBytes = lengthBytes + 1 + 8 + 8 + 1;
export const openNumberBytes = 4;

const maxDistance = 0xffff_ffff;

/** All numbers in `[low, high)` are finished but `open`, which ascend. */
export interface Acknowledgement {
  readonly low: number;
  readonly high: number;
  readonly open: readonly number[];
}

/**
 * The segment that begins at `low`.
 *
 * @param open the numbers of all open at-most-once calls from `low` on, ascending
 * @param next the number that the next call will get
 * @param limit how many open calls it may name
 */
export function nextSegment(
  low: number,
  open: Iterable<number>,
  next: number,
  limit: number = maxOpenInSegment,
): Acknowledgement {
  const listed: number[] = [];
  let previous = low;
  for (const number of open) {
    if (listed.length === limit || number - previous > maxDistance) {
      return { low, high: number, open: listed };
    }
    listed.push(number);
    previous = number;
  }
  return { low, high: next, open: listed };
}

export function writeAcknowledgement(writer: Writer, { low, high, open }: Acknowledgement): void {
  writer.rawU64(low);
  writer.rawU64(high);
  writer.rawU8(open.length);
  let previous = low;
  for (const number of open) {
    writer.rawU32(number - previous);
    previous = number;
  }
}

/** Calls `finish` for every stretch of finished numbers. @throws MarshalError on bytes that are too few */
export function readAcknowledgement(reader: Reader, finish: (from: number, to: number) => void): void {
  const low = reader.rawU64();
  const high = reader.rawU64();
  const count = reader.rawU8();
  let from = low;
  let open = low;
  for (let i = 0; i < count; i++) {
    open += reader.rawU32();
    if (open >= high) break;
    finish(from, open);
    from = open + 1;
  }
  finish(from, high);
}
