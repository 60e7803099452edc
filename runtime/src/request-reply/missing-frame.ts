/**
 * What of a long message has not arrived, as its receiver says it: `number u64 | reply id u32 | serial u32 | ranges`. All
 * that is not missing is acknowledged by that.
 */
import type { Reader } from '../marshalling/reader.js';
import type { Link } from '../transport/transport.js';
import { lengthBytes } from '../transport/transport.js';
import { beginFrame, FrameType, type Ranges, readRanges, sendFrame, writeRanges } from './frames.js';

/** The frame without its ranges, and what each of them adds. */
export const missingBytes = lengthBytes + 1 + 8 + 4 + 4 + 1;
export const rangeBytes = 4;

export interface Missing {
  /** Of the call. */
  readonly number: number;
  /** Of the reply; 0 for a request. */
  readonly id: number;
  /** Of the fragment that asked; 0 where none did. */
  readonly serial: number;
  readonly ranges: Ranges;
}

export function sendMissingFrame(link: Link, { number, id, serial, ranges }: Missing): void {
  const writer = beginFrame(FrameType.missing);
  writer.rawU64(number);
  writer.rawU32(id);
  writer.rawU32(serial);
  writeRanges(writer, ranges);
  sendFrame(link);
}

/** @throws MarshalError on ranges that do not ascend, or that are too many */
export function readMissing(reader: Reader): Missing {
  return {
    number: reader.rawU64(),
    id: reader.rawU32(),
    serial: reader.rawU32(),
    ranges: readRanges(reader),
  };
}
