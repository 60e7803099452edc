/** The receiving end of one connection of reliable unicast. */
import { NumberSet } from '../../request-reply/number-set.js';
import type { DropReason } from '../layer.js';
import type { Message } from '../message.js';
import { longestAckDelay, mostRanges, type SeqRange, type UnicastAck } from './unicast-ack.js';
import { sizeOf } from './unicast-queue.js';

/** How much may be held that cannot be delivered yet, because something before it is missing. */
export interface AheadLimits {
  readonly bytes: number;
  /** Also how far ahead of what is missing a message may be. */
  readonly messages: number;
}

/**
 * How many milliseconds an acknowledgement waits for company, and what is received meanwhile and makes it leave at once: little at first and after losses, when the sender's window may be
 * small, and more when much has come without any.
 */
const ackDelayAtFirst = 2;
const ackBytesAtFirst = 16 * 1024;
const ackBytesLater = 64 * 1024;
const firstBytes = 256 * 1024;
const ackMessages = 256;

export class UnicastReceiver {
  readonly connection: number;
  /** When to acknowledge. */
  ackAt = Number.POSITIVE_INFINITY;
  /** When something was received, even if it was of no use. */
  heardAt = 0;
  private readonly memory: number;
  /** The number of the next message to deliver. */
  private expected = 1;
  private readonly ahead = new Map<number, Message>();
  private aheadBytes = 0;
  /** What was received, while something is missing. */
  private received: NumberSet | undefined;
  private latest = 0;
  private latestAt = 0;
  private pendingBytes = 0;
  private pendingMessages = 0;
  /** Bytes since the start, or since something was missing. */
  private smoothBytes = 0;

  /** @param memory a random number, by which the sender sees that the receiver has not forgotten the connection */
  constructor(connection: number, memory: number) {
    this.connection = connection;
    this.memory = memory;
  }

  /** How many messages wait for one before them. */
  get waiting(): number {
    return this.ahead.size;
  }

  /** @param out gets what can be delivered now */
  take(message: Message, now: number, limits: AheadLimits, out: Message[]): DropReason | undefined {
    const { seq } = message;
    this.heardAt = now;
    if (seq < this.expected || this.ahead.has(seq)) {
      // The acknowledgement was lost, or comes too late for the sender.
      this.ackAt = now;
      return seq < 1 ? 'malformed' : 'duplicate';
    }
    const size = sizeOf(message);
    if (seq === this.expected) {
      this.note(seq, size, now);
      out.push(message);
      this.expected++;
      if (this.received !== undefined) this.deliverAhead(this.received, now, out);
      return undefined;
    }
    this.ackAt = now;
    if (seq - this.expected > limits.messages || this.aheadBytes + size > limits.bytes)
      return 'too-far-ahead';
    this.note(seq, size, now);
    this.smoothBytes = 0;
    this.ahead.set(seq, message);
    this.aheadBytes += size;
    this.received ??= new NumberSet(this.expected);
    this.received.add(seq, seq + 1);
    return undefined;
  }

  /** What was received so far; it is on its way then. */
  ack(now: number): UnicastAck {
    this.ackAt = Number.POSITIVE_INFINITY;
    this.pendingBytes = 0;
    this.pendingMessages = 0;
    const upTo = this.expected - 1;
    const { connection, memory, latest } = this;
    const held = latest === 0 ? 0 : now - this.latestAt;
    if (this.received === undefined)
      return { connection, memory, upTo, seen: upTo, latest, held, missing: [] };
    const gaps = this.received.gaps(Number.POSITIVE_INFINITY, mostRanges + 1);
    // The last gap has no end: what is above it was not seen, or does not fit.
    const seen = gaps.at(-1)![0] - 1;
    const missing: SeqRange[] = gaps.slice(0, -1).map(([from, to]) => ({ from, count: to - from }));
    return { connection, memory, upTo, seen, latest, held, missing };
  }

  private note(seq: number, size: number, now: number): void {
    this.latest = seq;
    this.latestAt = now;
    this.smoothBytes += size;
    this.pendingBytes += size;
    this.pendingMessages++;
    const isEarly = this.smoothBytes < firstBytes;
    const most = isEarly ? ackBytesAtFirst : ackBytesLater;
    if (this.pendingBytes >= most || this.pendingMessages >= ackMessages) this.ackAt = now;
    else if (this.ackAt === Number.POSITIVE_INFINITY) {
      this.ackAt = now + (isEarly ? ackDelayAtFirst : longestAckDelay);
    }
  }

  private deliverAhead(received: NumberSet, now: number, out: Message[]): void {
    this.ackAt = now;
    for (;;) {
      const next = this.ahead.get(this.expected);
      if (next === undefined) break;
      this.ahead.delete(this.expected);
      this.aheadBytes -= sizeOf(next);
      out.push(next);
      this.expected++;
    }
    if (this.ahead.size === 0) this.received = undefined;
    else received.add(0, this.expected);
  }
}
