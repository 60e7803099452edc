/**
 * Messages that do not fit one datagram. A body of `total` bytes is cut into `count` fragments of equal size but the
 * last. The receiver keeps what arrived across attempts and tells the sender what is missing, so that each fragment
 * has to arrive once only.
 *
 * How many fragments are under way is the matter of the path's congestion window. Some of them ask; the receiver then says at
 * once what it lacks, and needs no timer to do so.
 */
import type { Reader } from '../marshalling/reader.js';
import type { Writer } from '../marshalling/writer.js';
import { maxRanges, type Ranges } from './frames.js';
import { NumberSet } from './number-set.js';

/** `total u32 | index u16 | count u16 | serial u32 | asks u8`, behind each fragment frame's own header. */
export const fragmentHeaderBytes = 13;

export const maxFragments = 0xffff;

/** What a message takes beside its bytes, and each part of it too: so many small ones are not free. */
export const fragmentOverhead = 128;

export interface FragmentHeader {
  readonly total: number;
  readonly index: number;
  readonly count: number;
  /** Counts the fragments that were sent of the message, from 1: copies of a fragment differ in it. */
  readonly serial: number;
  /** Whether the receiver is to say at once what is missing. */
  readonly asks: boolean;
}

/** Into how many fragments a body is cut when each holds `room` bytes at the most. */
export function fragmentCount(total: number, room: number): number {
  return Math.max(1, Math.ceil(total / room));
}

/** The bytes of one fragment, as offsets into the body. */
export function fragmentBounds(total: number, count: number, index: number): readonly [number, number] {
  const size = Math.ceil(total / count);
  return [Math.min(total, index * size), Math.min(total, (index + 1) * size)];
}

export function writeFragmentHeader(writer: Writer, header: FragmentHeader): void {
  writer.rawU32(header.total);
  writer.rawU16(header.index);
  writer.rawU16(header.count);
  writer.rawU32(header.serial);
  writer.rawU8(header.asks ? 1 : 0);
}

export function readFragmentHeader(reader: Reader): FragmentHeader {
  return {
    total: reader.rawU32(),
    index: reader.rawU16(),
    count: reader.rawU16(),
    serial: reader.rawU32(),
    asks: reader.rawU8() !== 0,
  };
}

/** A message of which not all has arrived. Takes memory for what came, whatever its header declares. */
export class Reassembly {
  readonly total: number;
  readonly count: number;
  private readonly parts = new Map<number, Buffer>();
  private arrived = 0;
  /** The indices of the parts. */
  private readonly indices = new NumberSet(0);

  constructor(total: number, count: number) {
    this.total = total;
    this.count = count;
  }

  /** Whether a header can be of a message that somebody cut as `fragmentBounds` does. */
  static isSound({ total, index, count }: FragmentHeader, maxTotal: number): boolean {
    return index < count && total <= maxTotal && count <= Math.max(1, total);
  }

  get complete(): boolean {
    return this.parts.size === this.count;
  }

  /** Bytes that it takes. */
  get size(): number {
    return this.arrived + (1 + this.parts.size) * fragmentOverhead;
  }

  /** Takes a fragment; one that belongs to another message or that came before changes nothing. */
  add(header: FragmentHeader, part: Buffer): boolean {
    if (header.total !== this.total || header.count !== this.count || this.parts.has(header.index))
      return false;
    const [from, to] = fragmentBounds(this.total, this.count, header.index);
    if (part.length !== to - from) return false;
    this.parts.set(header.index, part);
    this.arrived += part.length;
    this.indices.add(header.index, header.index + 1);
    return true;
  }

  /** What has not arrived, as far as one frame can tell. */
  missing(): Ranges {
    return this.indices.gaps(this.count, maxRanges);
  }

  /** The whole message. */
  join(): Buffer {
    const whole: Buffer[] = [];
    for (let index = 0; index < this.count; index++) whole.push(this.parts.get(index)!);
    return Buffer.concat(whole, this.total);
  }
}
