/**
 * The sending end of one direction of a stream: cuts items into segments, sends no more than the receiver's credit and the
 * path's congestion window allow, keeps each segment until it is known to have come, and sends it again where it was lost.
 *
 * Loss is found as in RFC 9002, section 6.1: a segment is lost when one that was sent three later has come, and after a
 * time-out without news. Over a connection nothing is sent twice; when a new one takes its place, all that is not known to
 * have come is sent there again.
 */
import { MarshalError } from '../marshalling/errors.js';
import type { Link } from '../transport/transport.js';
import type { Frame } from './frames.js';
import { sendFrame } from './frames.js';
import {
  beginCreditProbe,
  type Credit,
  initialBytes,
  initialItems,
  longestSegment,
  segmentHeaderBytes,
  segmentOverhead,
  segmentsAhead,
  writeSegment,
} from './stream-frames.js';
import type { StreamPath } from './stream-path.js';

/** RFC 9002's packet threshold. */
const reorderingThreshold = 3;

/** What an item takes beside its bytes while it is kept, so that many small ones are not free. */
const itemOverhead = 64;

/** Milliseconds between two questions for credit at the most. */
const longestProbe = 1000;

interface SentSegment {
  readonly index: number;
  readonly frame: Frame;
  /** What the items that end in it took. */
  readonly cost: number;
  /** When it was last sent, and how many segments had been sent before it then. */
  sentAt: number;
  order: number;
  copies: number;
  state: 'in-flight' | 'lost' | 'arrived';
}

export class StreamSender {
  /** Called when there is room for items again, and when nobody wants any more. */
  onRoom: (() => void) | undefined;
  /** When `tick` has something to do, on the clock's scale; `Infinity`: nothing. */
  dueAt = Number.POSITIVE_INFINITY;
  private readonly number: number;
  private readonly path: StreamPath;
  private readonly mostKept: number;
  /** Items that are not cut into segments yet. */
  private items: Frame[] = [];
  private itemAt = 0;
  /** How much of the first of them has gone into segments. */
  private cut = 0;
  /** Segments from `base` on, by their index. */
  private segments: SentSegment[] = [];
  private base = 0;
  private nextOrder = 0;
  /** The highest order of a segment that has come. */
  private latestArrived = -1;
  /** What items take that were pushed and are not known to have come. */
  private kept = 0;
  private pushedItems = 0;
  private pushedBytes = 0;
  private sentBytes = 0;
  private creditItems = initialItems;
  private creditBytes = initialBytes;
  private ended = false;
  private endSent = false;
  private closed = false;
  private timeouts = 0;
  /** The link over which the latest segments went. */
  private link: Link | undefined;
  private readonly onWork: () => void;

  /**
   * @param mostKept bytes of items that may be kept until they have come, however much the receiver grants; what every
   *   receiver grants unasked at least
   * @param onWork there is something to `flush`
   */
  constructor(number: number, path: StreamPath, mostKept: number, onWork: () => void) {
    this.number = number;
    this.path = path;
    this.mostKept = Math.max(mostKept, initialBytes);
    this.onWork = onWork;
  }

  /** Whether an item may be pushed: the receiver grants it, and what was pushed before is on its way. */
  get hasRoom(): boolean {
    return (
      this.pushedItems < this.creditItems && this.pushedBytes < this.creditBytes && this.kept < this.mostKept
    );
  }

  /** Nothing more is wanted: the call has ended. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** The end was pushed, and all has come. */
  get isDone(): boolean {
    return this.closed || (this.endSent && this.segments.length === 0);
  }

  /** Takes a marshalled item. */
  push(item: Frame): void {
    if (this.closed || this.ended) return;
    this.pushedItems++;
    this.pushedBytes += sizeOf(item);
    this.kept += sizeOf(item) + itemOverhead;
    if (this.items.length === 0) this.onWork();
    this.items.push(item);
  }

  /** No item follows. */
  end(): void {
    if (this.ended || this.closed) return;
    this.ended = true;
    this.onWork();
  }

  /** The call has ended: what was not sent will not be. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const segment of this.segments) {
      if (segment.state === 'in-flight') this.path.congestion.onAbandoned(sizeOf(segment.frame));
    }
    this.segments = [];
    this.items = [];
    this.itemAt = 0;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.onRoom?.();
  }

  /** Takes what the receiver says. @throws MarshalError when it cannot be */
  onCredit(credit: Credit, now: number): void {
    if (this.closed) return;
    if (credit.next > this.base + this.segments.length)
      throw new MarshalError('credit for what was not sent');
    const hasMore = credit.items > this.creditItems || credit.bytes > this.creditBytes;
    this.creditItems = Math.max(this.creditItems, credit.items);
    this.creditBytes = Math.max(this.creditBytes, credit.bytes);
    const hadNews = this.acknowledge(credit, now);
    if (hadNews) this.findLost(now);
    if (hadNews || hasMore) this.timeouts = 0;
    this.schedule(now);
    this.onWork();
    if (this.hasRoom) this.onRoom?.();
  }

  /** Sends what may be sent now. */
  flush(now: number): void {
    if (this.closed) return;
    const link = this.path.link();
    if (link === undefined) return;
    // Another connection took the place of the one before: what is not known to have come is sent there.
    if (this.link !== undefined && this.link !== link && link.reliable) {
      for (const segment of this.segments) if (segment.state === 'in-flight') segment.state = 'lost';
    }
    this.link = link;
    for (const segment of this.segments) {
      if (segment.state !== 'lost') continue;
      if (!this.mayUse(link, now)) break;
      this.send(link, segment, now);
    }
    while (this.hasUnsent && this.segments.length < segmentsAhead && this.mayUse(link, now)) {
      const segment = this.cutSegment(link);
      if (segment === undefined) break;
      this.segments.push(segment);
      this.send(link, segment, now);
    }
    this.schedule(now);
  }

  /** Does what is due: finds the oldest segment lost, or asks for credit. */
  tick(now: number): void {
    if (this.closed || this.dueAt > now) return;
    const oldest = this.segments.find(({ state }) => state === 'in-flight');
    if (oldest !== undefined) {
      this.timeouts++;
      this.lose(oldest, now);
      if (this.timeouts > 1) this.path.congestion.onTimeout(now);
    } else if (this.isBlocked) {
      this.timeouts++;
      const link = this.path.link();
      if (link !== undefined) {
        beginCreditProbe(this.number);
        sendFrame(link);
      }
    }
    this.flush(now);
    this.schedule(now);
  }

  /** Whether it has something to send over the link. */
  waitsFor(link: Link): boolean {
    return link === this.link && (this.hasUnsent || this.segments.some(({ state }) => state === 'lost'));
  }

  private get hasUnsent(): boolean {
    return this.itemAt < this.items.length || (this.ended && !this.endSent);
  }

  /** Something waits for the receiver's credit. */
  private get isBlocked(): boolean {
    return !this.endSent && (this.hasUnsent || !this.hasRoom);
  }

  /** Whether the path takes another segment now. */
  private mayUse(link: Link, now: number): boolean {
    return !link.full && (link.reliable || this.path.congestion.room(now) > 0);
  }

  /** The next segment, unless there is no credit for it. */
  private cutSegment(link: Link): SentSegment | undefined {
    const longest = Math.min(longestSegment, link.maxFrame - segmentHeaderBytes);
    const room = Math.min(longest, this.creditBytes - this.sentBytes - segmentOverhead);
    const first = this.items[this.itemAt];
    let payload: Frame[] = [];
    let items = 0;
    let isContinued = false;
    if (first !== undefined) {
      if (room <= 0) return undefined;
      const rest = { ...first, start: first.start + this.cut };
      if (rest.end - rest.start > room) {
        // Better a whole item when there is credit again than many small parts.
        if (rest.end - rest.start <= longest) return undefined;
        payload = [{ ...rest, end: rest.start + room }];
        this.cut += room;
        isContinued = true;
      } else {
        payload = this.takeWhole(rest, room);
        items = payload.length;
      }
    }
    const isEnd = this.ended && this.itemAt >= this.items.length;
    if (isEnd) this.endSent = true;
    const index = this.base + this.segments.length;
    const frame = writeSegment({ number: this.number, segment: index, items, isEnd, isContinued }, payload);
    const size = sizeOf(frame) - segmentHeaderBytes;
    this.sentBytes += size + segmentOverhead;
    return { index, frame, cost: size + items * itemOverhead, sentAt: 0, order: 0, copies: 0, state: 'lost' };
  }

  /** The rest of the first item and those behind it, as many as fit. */
  private takeWhole(first: Frame, room: number): Frame[] {
    const payload: Frame[] = [first];
    let left = room - sizeOf(first);
    const isRest = this.cut > 0;
    this.cut = 0;
    this.itemAt++;
    while (!isRest && this.itemAt < this.items.length) {
      const item = this.items[this.itemAt]!;
      left -= sizeOf(item);
      if (left < 0) break;
      payload.push(item);
      this.itemAt++;
    }
    if (this.itemAt === this.items.length) {
      this.items = [];
      this.itemAt = 0;
    }
    return payload;
  }

  private send(link: Link, segment: SentSegment, now: number): void {
    const { frame } = segment;
    segment.state = 'in-flight';
    segment.sentAt = now;
    segment.order = this.nextOrder++;
    segment.copies++;
    if (segment.copies > 1) this.path.onResent?.(link, segment.index, sizeOf(frame));
    if (!link.reliable) this.path.congestion.onSent(sizeOf(frame), now);
    link.send(frame.bytes, frame.start, frame.end);
  }

  /** Takes note of what has come. @returns whether that was news */
  private acknowledge({ next, ahead }: Credit, now: number): boolean {
    let hadNews = false;
    const arrived = (segment: SentSegment | undefined): void => {
      if (segment === undefined || segment.state === 'arrived') return;
      const wasInFlight = segment.state === 'in-flight';
      segment.state = 'arrived';
      this.kept -= segment.cost;
      hadNews = true;
      this.latestArrived = Math.max(this.latestArrived, segment.order);
      if (!wasInFlight || this.link?.reliable) return;
      // Karn's rule: of a segment that was sent twice it is not known which copy came.
      const roundTrip = segment.copies === 1 ? now - segment.sentAt : undefined;
      if (roundTrip !== undefined) this.path.roundTrip.sample(roundTrip);
      this.path.congestion.onAcknowledged(sizeOf(segment.frame), segment.sentAt, roundTrip, now);
    };
    const count = next - this.base;
    for (let index = 0; index < count; index++) arrived(this.segments[index]);
    for (const [from, to] of ahead) {
      const end = Math.min(to, this.segments.length - count);
      for (let index = from; index < end; index++) arrived(this.segments[count + index]);
    }
    let gone = Math.max(0, count);
    while (this.segments[gone]?.state === 'arrived') gone++;
    if (gone > 0) {
      this.segments.splice(0, gone);
      this.base += gone;
    }
    return hadNews;
  }

  private findLost(now: number): void {
    if (this.link?.reliable) return;
    for (const segment of this.segments) {
      if (segment.state === 'in-flight' && segment.order + reorderingThreshold <= this.latestArrived)
        this.lose(segment, now);
    }
  }

  private lose(segment: SentSegment, now: number): void {
    segment.state = 'lost';
    if (!this.link?.reliable) this.path.congestion.onLost(sizeOf(segment.frame), segment.sentAt, now);
  }

  private schedule(now: number): void {
    this.dueAt = this.nextDue(now);
  }

  private nextDue(now: number): number {
    // A connection tells by itself when it is gone.
    if (this.link === undefined || this.link.reliable || this.closed) return Number.POSITIVE_INFINITY;
    const oldest = this.segments.find(({ state }) => state === 'in-flight');
    const { timeout } = this.path.roundTrip;
    const wait = Math.min(longestProbe, timeout * 2 ** Math.min(this.timeouts, 16));
    if (oldest !== undefined) return oldest.sentAt + wait;
    const waitsForPace = this.segments.some(({ state }) => state === 'lost') || this.hasUnsent;
    if (waitsForPace) {
      const paced = this.path.congestion.nextRoomAt(now);
      if (paced !== Number.POSITIVE_INFINITY) return Math.max(paced, now);
    }
    return this.isBlocked || waitsForPace ? now + wait : Number.POSITIVE_INFINITY;
  }
}

const sizeOf = ({ start, end }: Frame): number => end - start;
