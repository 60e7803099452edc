/**
 * The frames of streams, the same in both directions: segments of items, and the credit by which a receiver says what
 * has come and how much more may.
 */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import { lengthBytes } from '../transport/transport.js';
import {
  beginFrame,
  type Frame,
  FrameType,
  finishFrame,
  type Ranges,
  readRanges,
  writeRanges,
} from './frames.js';

/** From the start of a segment's frame to its payload: `number u64 | segment u64 | flags u8 | items u16 | payload`. */
export const segmentHeaderBytes = lengthBytes + 1 + 8 + 8 + 1 + 2;

/**
 * The longest payload of a segment over a stream of bytes; over datagrams it is what fits. Well below half of the least
 * window, so that there is always credit for one when the consumer has taken all that came.
 */
export const longestSegment = 16_384;

/** What a segment costs of a credit in bytes beside its payload, so that many small ones are not free. */
export const segmentOverhead = 64;

/** The credit that every receiver gives before it has said anything. */
export const initialItems = 64;
export const initialBytes = 65_536;

/** A receiver tells what has come of so many segments, and a sender sends no further ahead. */
export const segmentsAhead = 0xffff;

export interface SegmentHeader {
  readonly number: number;
  /** Counted from 0 in each direction of a stream. */
  readonly segment: number;
  /** How many items end in it. */
  readonly items: number;
  /** It is the last one. */
  readonly isEnd: boolean;
  /** Its payload is a part of an item that goes on in the next segment. */
  readonly isContinued: boolean;
}

const endFlag = 0b001;
const continuedFlag = 0b010;

export function writeSegment(header: SegmentHeader, payload: readonly Frame[]): Frame {
  const writer = beginFrame(FrameType.segment);
  writer.rawU64(header.number);
  writer.rawU64(header.segment);
  writer.rawU8((header.isEnd ? endFlag : 0) | (header.isContinued ? continuedFlag : 0));
  writer.rawU16(header.items);
  for (const { bytes, start, end } of payload) writer.rawBytes(bytes.subarray(start, end));
  return finishFrame();
}

/** @throws MarshalError when the header contradicts itself */
export function readSegmentHeader(reader: Reader): SegmentHeader {
  const number = reader.rawU64();
  const segment = reader.rawU64();
  const flags = reader.rawU8();
  const items = reader.rawU16();
  const header = {
    number,
    segment,
    items,
    isEnd: (flags & endFlag) !== 0,
    isContinued: (flags & continuedFlag) !== 0,
  };
  // Each item has a byte at least, and a part of one is all that a continued segment holds.
  if (items > reader.remaining || (header.isContinued && (items > 0 || header.isEnd)))
    throw new MarshalError('a segment that cannot be');
  return header;
}

/** What a receiver has, and what it takes; all of it counted from the stream's first byte and item. */
export interface Credit {
  readonly number: number;
  /** All segments below it have come. */
  readonly next: number;
  /** The sender may send items and bytes up to these. */
  readonly items: number;
  readonly bytes: number;
  /** Which segments from `next` on have come too, as distances from it. */
  readonly ahead: Ranges;
}

/** `number u64 | next u64 | items u64 | bytes u64 | ranges`. */
export function beginCredit(credit: Credit): void {
  const writer = beginFrame(FrameType.credit);
  writer.rawU64(credit.number);
  writer.rawU64(credit.next);
  writer.rawU64(credit.items);
  writer.rawU64(credit.bytes);
  writeRanges(writer, credit.ahead);
}

export function readCredit(reader: Reader): Credit {
  return {
    number: reader.rawU64(),
    next: reader.rawU64(),
    items: reader.rawU64(),
    bytes: reader.rawU64(),
    ahead: readRanges(reader),
  };
}

/** Asks the other side's receiver for its credit: a sender that waits for it may have missed it. `number u64`. */
export function beginCreditProbe(number: number): void {
  beginFrame(FrameType.creditProbe).rawU64(number);
}
