/**
 * The receiving end of one direction of a stream: puts segments in order, each once, keeps them until they are consumed,
 * and grants the sender credit, in items and in bytes, for as much as was consumed. So a slow consumer holds its producer
 * back, and what waits here is bounded.
 */
import { MarshalError } from '../marshalling/errors.js';
import { CallError } from '../schema/errors.js';
import type { Frame, Ranges } from './frames.js';
import { maxRanges } from './frames.js';
import {
  type Credit,
  initialBytes,
  initialItems,
  type SegmentHeader,
  segmentOverhead,
  segmentsAhead,
} from './stream-frames.js';

/** How far a sender may be ahead of its consumer. */
export interface StreamWindow {
  readonly items: number;
  readonly bytes: number;
}

export interface StreamReceiverOptions {
  /** The call's. */
  readonly number: number;
  /** At least what every sender may send unasked. */
  readonly window: StreamWindow;
  /** In bytes. */
  readonly longestItem: number;
  /** Behind the last item comes an answer, which tells how the stream ended: `finish` says what it was. */
  readonly isFollowed: boolean;
  /** Takes memory for an item that is longer than the window, or gives it back. @returns false when there is none */
  reserve(bytes: number): boolean;
}

/** Whole items, one after another, as they came in one segment. */
export interface Batch extends Frame {
  readonly items: number;
}

interface Segment extends Batch {
  readonly isEnd: boolean;
  readonly isContinued: boolean;
}

export class StreamReceiver {
  /** Called when there is something to `take`, or the stream has ended. */
  onArrival: (() => void) | undefined;
  private readonly onNews: (news: 'arrived' | 'granted') => void;
  private readonly number: number;
  private readonly window: StreamWindow;
  private readonly longestItem: number;
  private readonly isFollowed: boolean;
  private readonly reserve: StreamReceiverOptions['reserve'];
  /** What of that memory is taken. */
  private reserved = 0;
  /** Segments below it have been put in order. */
  private next = 0;
  private readonly early = new Map<number, Segment>();
  private earlyCost = 0;
  private earlyItems = 0;
  private readonly ready: Batch[] = [];
  private parts: Segment[] = [];
  private partBytes = 0;
  /** Counted from the stream's begin: what came in order, and what of it was consumed. */
  private arrivedItems = 0;
  private arrivedBytes = 0;
  private consumedItems = 0;
  private consumedBytes = 0;
  private granted: StreamWindow;
  /** The last segment has come, and all before it. */
  private complete = false;
  private closed = false;
  private failure: unknown;

  /**
   * @param onNews `credit` has changed: segments have come, or more may
   */
  constructor(options: StreamReceiverOptions, onNews: (news: 'arrived' | 'granted') => void) {
    const { number, window, longestItem, isFollowed } = options;
    this.number = number;
    this.window = {
      items: Math.max(window.items, initialItems),
      bytes: Math.max(window.bytes, initialBytes),
    };
    this.longestItem = longestItem;
    this.isFollowed = isFollowed;
    this.reserve = bytes => options.reserve(bytes);
    this.onNews = onNews;
    this.granted = this.window;
  }

  /** Every segment has come. */
  get isComplete(): boolean {
    return this.complete;
  }

  /** Nobody reads on, or nothing will come any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Why the stream ended early; `undefined` when it did not. */
  get error(): unknown {
    return this.failure;
  }

  /** Takes a segment. @returns false when it goes beyond what was granted, and was dropped */
  receive(header: SegmentHeader, bytes: Buffer, start: number, end: number): boolean {
    const { segment, items, isEnd, isContinued } = header;
    const isKnown = segment < this.next || this.early.has(segment);
    if (isKnown || this.closed || this.complete) {
      this.onNews('arrived');
      return true;
    }
    const cost = end - start + segmentOverhead;
    // An end without items may always be sent: hence the room for one segment more.
    const fits =
      segment - this.next < segmentsAhead &&
      this.arrivedBytes + this.earlyCost + cost <= this.granted.bytes + segmentOverhead &&
      this.arrivedItems + this.earlyItems + items <= this.granted.items;
    if (!fits) return false;
    this.early.set(segment, { bytes, start, end, items, isEnd, isContinued });
    this.earlyCost += cost;
    this.earlyItems += items;
    if (segment === this.next) this.advance();
    this.onNews('arrived');
    return true;
  }

  /** The next items that came, if there are any. */
  take(): Batch | undefined {
    const batch = this.ready.shift();
    if (batch !== undefined) {
      this.consumedItems += batch.items;
      this.consumedBytes += batch.end - batch.start + segmentOverhead;
    }
    this.grant();
    return batch;
  }

  /** Whether everything was taken and nothing will come. */
  get isDrained(): boolean {
    return this.ready.length === 0 && (this.closed || (this.complete && !this.isFollowed));
  }

  /** Nothing more will come: because of an error, or since the call ended. What is there can still be taken. */
  finish(error?: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.failure = error;
    this.forgetUnfinished();
    this.onArrival?.();
  }

  /** Nobody will take anything any more. */
  drop(): void {
    this.closed = true;
    this.ready.length = 0;
    this.forgetUnfinished();
  }

  /** What the sender may be told. */
  credit(): Credit {
    if (!this.complete && !this.closed) this.granted = this.grantable();
    return { number: this.number, next: this.next, ...this.granted, ahead: this.ahead() };
  }

  private advance(): void {
    for (
      let segment = this.early.get(this.next);
      segment !== undefined;
      segment = this.early.get(this.next)
    ) {
      const cost = segment.end - segment.start + segmentOverhead;
      this.early.delete(this.next);
      this.earlyCost -= cost;
      this.earlyItems -= segment.items;
      this.next++;
      this.arrivedItems += segment.items;
      this.arrivedBytes += cost;
      this.append(segment);
      if (segment.isEnd) {
        this.complete = true;
        this.early.clear();
        break;
      }
    }
    this.onArrival?.();
  }

  private append(segment: Segment): void {
    if (segment.isContinued || this.parts.length > 0) {
      this.parts.push(segment);
      this.partBytes += segment.end - segment.start + segmentOverhead;
      if (this.partBytes > this.longestItem + this.parts.length * segmentOverhead) {
        this.finish(new MarshalError(`an item of a stream is longer than ${this.longestItem} bytes`));
        return;
      }
      if (segment.isContinued) return;
      if (segment.items !== 1) {
        this.finish(new MarshalError('the last part of an item is not the end of one'));
        return;
      }
      this.release();
      this.ready.push(join(this.parts));
      // The batch counts one segment's overhead; the others are given back here.
      this.consumedBytes += (this.parts.length - 1) * segmentOverhead;
      this.parts = [];
      this.partBytes = 0;
    } else if (segment.items > 0) this.ready.push(segment);
    else this.consumedBytes += segmentOverhead;
  }

  /** Grants as much as was consumed, and tells it once that is half a window. */
  private grant(): void {
    if (this.complete || this.closed) return;
    if (!this.makeRoomForParts()) {
      this.finish(noMemory());
      return;
    }
    const { items, bytes } = this.grantable();
    const isWorthTelling =
      items - this.granted.items >= this.window.items / 2 ||
      bytes - this.granted.bytes >= this.window.bytes / 2;
    if (!isWorthTelling) return;
    this.granted = { items, bytes };
    this.onNews('granted');
  }

  private grantable(): StreamWindow {
    return {
      items: Math.max(this.granted.items, this.consumedItems + this.window.items),
      bytes: Math.max(this.granted.bytes, this.consumedBytes + this.reserved + this.window.bytes),
    };
  }

  /** What has come of an item for whose rest the consumer waits must not hold that back. */
  private makeRoomForParts(): boolean {
    const more = this.ready.length === 0 ? this.partBytes - this.reserved : 0;
    if (more < this.window.bytes / 2) return true;
    if (!this.reserve(more)) return false;
    this.reserved += more;
    return true;
  }

  private forgetUnfinished(): void {
    this.early.clear();
    this.parts = [];
    this.partBytes = 0;
    this.release();
  }

  private release(): void {
    if (this.reserved === 0) return;
    this.reserve(-this.reserved);
    this.reserved = 0;
  }

  private ahead(): Ranges {
    if (this.early.size === 0) return [];
    const ranges: [number, number][] = [];
    const distances = [...this.early.keys()].map(segment => segment - this.next).sort((a, b) => a - b);
    for (const distance of distances) {
      const last = ranges.at(-1);
      if (last !== undefined && last[1] === distance) last[1] = distance + 1;
      else if (ranges.length === maxRanges) break;
      else ranges.push([distance, distance + 1]);
    }
    return ranges;
  }
}

function noMemory(): CallError {
  return new CallError(
    'resource-exhausted',
    'the parts of long items take all the memory that there is for them',
    {
      outcome: 'executed',
    },
  );
}

function join(parts: readonly Segment[]): Batch {
  const bytes = Buffer.concat(parts.map(part => part.bytes.subarray(part.start, part.end)));
  return { bytes, start: 0, end: bytes.length, items: parts.reduce((sum, { items }) => sum + items, 0) };
}
