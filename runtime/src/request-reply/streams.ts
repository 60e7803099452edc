/** The streams of one endpoint: when they send, and when they send again. */
import type { Reader } from '../marshalling/reader.js';
import type { Clock } from '../platform/platform.js';
import type { Link } from '../transport/transport.js';
import { type CallTimer, createCallTimer } from './call-timer.js';
import { sendFrame } from './frames.js';
import { beginCredit, type SegmentHeader } from './stream-frames.js';
import type { StreamPath } from './stream-path.js';
import { StreamReceiver, type StreamReceiverOptions } from './stream-receiver.js';
import { StreamSender } from './stream-sender.js';

/** The streams of one call: what comes, what goes, or both. */
export class CallStreams {
  readonly incoming: StreamReceiver | undefined;
  readonly outgoing: StreamSender | undefined;
  private readonly path: StreamPath;
  private readonly schedule: StreamSchedule;
  private readonly onEnd: (() => void) | undefined;
  private owesCredit = false;

  constructor(options: CallStreamOptions, schedule: StreamSchedule) {
    const { number, path } = options;
    this.path = path;
    this.onEnd = options.onEnd;
    this.schedule = schedule;
    if (options.incoming) {
      this.incoming = new StreamReceiver(options, news => this.onNews(news));
      // What it takes beyond the credit that every receiver gives.
      this.owesCredit = true;
    }
    if (options.outgoing) {
      this.outgoing = new StreamSender(number, path, options.window.bytes, () => schedule.soon(this));
    }
  }

  /** The peer is to be told of the credit, since it asks or may not know. */
  tellCredit(): void {
    if (this.incoming === undefined) return;
    this.owesCredit = true;
    this.schedule.soon(this);
  }

  /** Takes the segment at which the reader stands. @returns false when it is not one that may come */
  receive(header: SegmentHeader, { buffer, position, end }: Reader): boolean {
    return this.incoming?.receive(header, buffer, position, end) ?? false;
  }

  /** There is a way, or another one than before: what has come is said, and then what is to be sent is sent. */
  resume(): void {
    this.tellCredit();
    this.schedule.soon(this);
  }

  /** The procedure has ended: so does what it produced, and nobody takes what else comes. */
  finish(): void {
    this.outgoing?.end();
    this.incoming?.drop();
  }

  /** Sends what there is to send. */
  flush(now: number): void {
    if (this.owesCredit && this.incoming !== undefined) {
      const link = this.path.link();
      if (link !== undefined) {
        this.owesCredit = false;
        beginCredit(this.incoming.credit());
        sendFrame(link);
      }
    }
    this.outgoing?.flush(now);
  }

  /** The call has ended: nothing is sent any more. What came can still be taken. */
  end(error?: unknown): void {
    this.incoming?.finish(error);
    this.release();
  }

  /** The call has ended, and how is not told here: nothing is sent any more. */
  release(): void {
    this.outgoing?.close();
    this.owesCredit = false;
    if (this.schedule.forget(this)) this.onEnd?.();
  }

  private onNews(news: 'arrived' | 'granted'): void {
    this.owesCredit = true;
    if (news === 'granted') this.schedule.soon(this);
    else this.schedule.afterInput(this);
  }
}

export interface CallStreamOptions extends StreamReceiverOptions {
  readonly path: StreamPath;
  readonly incoming: boolean;
  readonly outgoing: boolean;
  readonly onEnd?: () => void;
}

export class StreamSchedule {
  private readonly clock: Clock;
  private readonly timer: CallTimer;
  private readonly all = new Set<CallStreams>();
  private readonly waiting = new Set<CallStreams>();
  private scheduled: 'none' | 'after-input' | 'soon' = 'none';

  constructor(clock: Clock) {
    this.clock = clock;
    this.timer = createCallTimer(clock, now => this.sweep(now));
  }

  /** How many calls have streams. */
  get size(): number {
    return this.all.size;
  }

  open(options: CallStreamOptions): CallStreams {
    const streams = new CallStreams(options, this);
    this.all.add(streams);
    this.soon(streams);
    return streams;
  }

  /** @returns whether it was known */
  forget(streams: CallStreams): boolean {
    this.waiting.delete(streams);
    return this.all.delete(streams);
  }

  /** Has the streams send when the turn's work is done: what was produced in it leaves together. */
  soon(streams: CallStreams): void {
    this.waiting.add(streams);
    if (this.scheduled === 'soon') return;
    this.scheduled = 'soon';
    this.clock.defer(this.flush);
  }

  /** Has them send when what lies in the sockets was read: one credit answers it all. */
  afterInput(streams: CallStreams): void {
    this.waiting.add(streams);
    if (this.scheduled !== 'none') return;
    this.scheduled = 'after-input';
    this.clock.afterInput(this.flush);
  }

  /** A link that was full takes more again. */
  onDrain(link: Link): void {
    for (const streams of this.all) if (streams.outgoing?.waitsFor(link) === true) this.soon(streams);
  }

  close(): void {
    this.timer.cancel();
    for (const streams of [...this.all]) streams.end();
  }

  private readonly flush = (): void => {
    if (this.waiting.size === 0) {
      this.scheduled = 'none';
      return;
    }
    const now = this.clock.now();
    const waiting = [...this.waiting];
    this.waiting.clear();
    this.scheduled = 'none';
    for (const streams of waiting) {
      streams.flush(now);
      this.arm(streams);
    }
  };

  private arm({ outgoing }: CallStreams): void {
    if (outgoing !== undefined && outgoing.dueAt !== Number.POSITIVE_INFINITY) this.timer.arm(outgoing.dueAt);
  }

  private sweep(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { outgoing } of this.all) {
      if (outgoing === undefined) continue;
      if (outgoing.dueAt <= now) outgoing.tick(now);
      next = Math.min(next, outgoing.dueAt);
    }
    return next;
  }
}
