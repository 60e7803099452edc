/**
 * The sending end of reliable unicast to one member: a connection's messages in the order of their numbers, a window of
 * them on the way, and what is lost sent again. Losses are found as QUIC finds them (RFC 9002): something that was sent
 * later has arrived, and a round trip and a bit have passed; a time-out sends one packet's worth again and no more, so
 * that a member that was stalled itself, and finds everything overdue, sends no storm.
 */
import type { Random } from '../../platform/platform.js';
import { type CongestionWindow, createCongestionWindow } from '../../request-reply/congestion.js';
import { backOff, createRoundTripEstimate } from '../../request-reply/retransmission.js';
import { Message } from '../message.js';
import { longestAckDelay, type UnicastAck } from './unicast-ack.js';
import { type Entry, EntryState, messageOverhead, sizeOf, UnicastQueue } from './unicast-queue.js';

/** What a member sends to another at the most before it hears of it. */
export interface SendLimits {
  /** The longest body of a message. */
  readonly maxBody: number;
  /** Bytes on their way; so many may wait besides before the member is not writable. */
  readonly windowBytes: number;
  readonly windowMessages: number;
}

/** Milliseconds before the first sample; the other end is near, as a rule. */
const firstTimeout = 50 - longestAckDelay;
/** A time-out that is noticed so much too late is this member's own stall: what has arrived meanwhile is read first. */
const ownStall = 20;

export class UnicastSender {
  connection: number;
  /** When `tick` wants to be called. */
  wakeAt = Number.POSITIVE_INFINITY;
  /** When the last acknowledgement came, or something was to be acknowledged after a rest. */
  heardAt = 0;
  private readonly limits: SendLimits;
  private readonly random: Random;
  private readonly congestion: CongestionWindow;
  private readonly roundTrip = createRoundTripEstimate(firstTimeout);

  private readonly queue = new UnicastQueue();
  /** The last acknowledged message was a fragment, and those in the queue continue it. */
  private isWithin = false;
  private waitingBytes = 0;
  private held = false;
  /** Numbers of lost entries; some may have arrived after all. */
  private lost: number[] = [];
  private order = 0;
  /** The latest of what has arrived. */
  private arrived = 0;
  /** When that was sent. */
  private arrivedAt = Number.NEGATIVE_INFINITY;
  private memory: number | undefined;

  private timeoutAt = Number.POSITIVE_INFINITY;
  private timeouts = 0;
  private isExcused = false;
  private lossAt = Number.POSITIVE_INFINITY;

  constructor(connection: number, limits: SendLimits, random: Random, now: number) {
    this.connection = connection;
    this.limits = limits;
    this.random = random;
    this.heardAt = now;
    this.congestion = createCongestionWindow(limits.maxBody + messageOverhead);
  }

  /** How many messages are not acknowledged. */
  get unacknowledged(): number {
    return this.queue.length;
  }

  get writable(): boolean {
    if (this.waitingBytes > this.limits.windowBytes) this.held = true;
    return !this.held;
  }

  /** True once after `writable` was false. */
  takeRoom(): boolean {
    if (!this.held || this.waitingBytes * 2 > this.limits.windowBytes) return false;
    this.held = false;
    return true;
  }

  add(message: Message, now: number): void {
    if (this.unacknowledged === 0) this.heardAt = now;
    message.connection = this.connection;
    message.seq = this.queue.end;
    this.queue.push(message);
    this.waitingBytes += sizeOf(message);
  }

  /** What may be sent now. */
  pump(now: number): Message[] {
    const out: Message[] = [];
    const { congestion, limits } = this;
    let sent = 0;
    // Without a pace: acknowledgements come often enough, and timers too late on a busy machine.
    let room = Math.min(congestion.window, limits.windowBytes) - congestion.inFlight;
    const admits = (size: number): boolean => size <= room || congestion.inFlight + sent === 0;
    const send = (entry: Entry): void => {
      const size = sizeOf(entry.message);
      this.launch(entry, now);
      out.push(entry.message);
      sent += size;
      room -= size;
    };
    let repaired = 0;
    for (const seq of this.lost) {
      const entry = this.queue.at(seq);
      if (entry?.state === EntryState.lost) {
        if (!admits(sizeOf(entry.message))) break;
        send(entry);
      }
      repaired++;
    }
    if (repaired > 0) this.lost.splice(0, repaired);
    const last = Math.min(this.queue.end, this.queue.base + limits.windowMessages);
    while (this.lost.length === 0 && this.queue.next < last) {
      const entry = this.queue.at(this.queue.next)!;
      if (!admits(sizeOf(entry.message))) break;
      this.waitingBytes -= sizeOf(entry.message);
      this.queue.next++;
      send(entry);
    }
    if (sent > 0) congestion.onSent(sent, now);
    if (sent > 0 && this.timeoutAt === Number.POSITIVE_INFINITY) this.startTimeout(now);
    this.schedule();
    return out;
  }

  /**
   * @param reconnect gives the number of another connection, when the receiver knows nothing of this one any more, and is
   *   told how many messages are lost by that
   * @returns false when it acknowledges what was never sent
   */
  acknowledge(ack: UnicastAck, now: number, reconnect: (lost: number) => number): boolean {
    // Of an earlier connection.
    if (ack.connection !== this.connection) return true;
    if (ack.seen >= this.queue.next) return false;
    if (this.memory !== undefined && ack.memory !== this.memory) {
      this.restart(reconnect, now);
      return true;
    }
    this.memory = ack.memory;
    // Overtaken by a later one.
    if (ack.upTo < this.queue.base - 1) return true;
    this.heardAt = now;
    const sample = this.sampleOf(ack, now);
    const bytes = this.settle(ack);
    if (sample !== undefined) this.roundTrip.sample(sample);
    if (bytes > 0) {
      this.congestion.onAcknowledged(bytes, this.arrivedAt, sample, now);
      this.timeouts = 0;
      this.isExcused = false;
      this.startTimeout(now);
    }
    if (this.queue.base === this.queue.next) this.timeoutAt = Number.POSITIVE_INFINITY;
    this.findLost(now);
    return true;
  }

  /** @returns what is to be sent again regardless of the window; `pump` has the rest */
  tick(now: number): Message[] {
    if (now >= this.lossAt) this.findLost(now);
    if (now < this.timeoutAt) return [];
    if (now - this.timeoutAt > ownStall && !this.isExcused) {
      this.isExcused = true;
      this.timeoutAt = now + this.timeout;
      return [];
    }
    return this.timeOut(now);
  }

  /** Nothing is sent any more. @returns how many messages were not acknowledged */
  close(): number {
    return this.empty().length;
  }

  private empty(): Message[] {
    this.congestion.onAbandoned(this.congestion.inFlight);
    this.waitingBytes = 0;
    this.wakeAt = Number.POSITIVE_INFINITY;
    return this.queue.clear();
  }

  /** The receiver knows nothing of this connection any more: what it did not acknowledge is sent on another. */
  private restart(reconnect: (lost: number) => number, now: number): void {
    const messages = this.empty();
    // Fragments of a message whose beginning is forgotten with the rest.
    const lost = this.isWithin ? messages.findIndex(({ more }) => !more) + 1 : 0;
    messages.splice(0, lost);
    this.connection = reconnect(lost);
    this.isWithin = false;
    this.lost = [];
    this.memory = undefined;
    this.timeouts = 0;
    this.timeoutAt = Number.POSITIVE_INFINITY;
    this.lossAt = Number.POSITIVE_INFINITY;
    this.heardAt = now;
    // Copies, since the transport may not have written the others yet.
    for (const { kind, sender, target, body, more, nested } of messages) {
      const copy = new Message(kind, sender, target, body);
      this.add(Object.assign(copy, { reliable: true, more, nested }), now);
    }
  }

  private launch(entry: Entry, now: number): void {
    entry.state = EntryState.inFlight;
    entry.sentAt = now;
    entry.order = ++this.order;
    entry.copies++;
  }

  private sampleOf({ latest, held }: UnicastAck, now: number): number | undefined {
    const entry = latest >= this.queue.next ? undefined : this.queue.at(latest);
    // Of several copies nobody knows which one it was (Karn).
    return entry?.state === EntryState.inFlight && entry.copies === 1
      ? Math.max(0, now - entry.sentAt - held)
      : undefined;
  }

  /** Notes what has arrived. @returns bytes that are no longer in flight */
  private settle({ upTo, seen, missing }: UnicastAck): number {
    let bytes = 0;
    while (this.queue.base <= upTo) {
      const entry = this.queue.shift();
      bytes += this.arrive(entry);
      this.isWithin = entry.message.more;
    }
    let seq = this.queue.base;
    for (const { from, count } of missing) {
      for (; seq < from; seq++) bytes += this.arrive(this.queue.at(seq)!);
      seq = from + count;
    }
    for (; seq <= seen; seq++) bytes += this.arrive(this.queue.at(seq)!);
    return bytes;
  }

  private arrive(entry: Entry): number {
    const { state } = entry;
    entry.state = EntryState.received;
    if (state !== EntryState.inFlight) return 0;
    if (entry.order > this.arrived) {
      this.arrived = entry.order;
      this.arrivedAt = entry.sentAt;
    }
    return sizeOf(entry.message);
  }

  /** What was sent before something that arrived is lost when a round trip and a bit have passed. */
  private findLost(now: number): void {
    this.lossAt = Number.POSITIVE_INFINITY;
    const { lossDelay } = this.congestion;
    for (let seq = this.queue.base; seq < this.queue.next; seq++) {
      const entry = this.queue.at(seq)!;
      if (entry.order > this.arrived) {
        // All behind it were sent later still.
        if (entry.copies === 1) break;
        continue;
      }
      if (entry.state !== EntryState.inFlight) continue;
      const lostAt = entry.sentAt + lossDelay;
      if (lostAt > now) {
        this.lossAt = Math.min(this.lossAt, lostAt);
        continue;
      }
      entry.state = EntryState.lost;
      this.lost.push(seq);
      this.congestion.onLost(sizeOf(entry.message), entry.sentAt, now);
    }
    this.schedule();
  }

  private timeOut(now: number): Message[] {
    this.timeouts++;
    this.isExcused = false;
    this.congestion.onTimeout(now);
    const out: Message[] = [];
    let bytes = 0;
    for (let seq = this.queue.base; seq < this.queue.next; seq++) {
      const entry = this.queue.at(seq)!;
      if (entry.state === EntryState.received) continue;
      const size = sizeOf(entry.message);
      if (bytes > 0 && bytes + size > this.limits.maxBody) break;
      if (entry.state === EntryState.inFlight) this.congestion.onAbandoned(size);
      this.launch(entry, now);
      this.congestion.onSent(size, now);
      bytes += size;
      out.push(entry.message);
    }
    this.startTimeout(now);
    this.schedule();
    return out;
  }

  /** The round trip is told without the time that the acknowledgement waited (compare PTO in RFC 9002, section 6.2.1). */
  private get timeout(): number {
    return this.roundTrip.timeout + longestAckDelay;
  }

  private startTimeout(now: number): void {
    this.timeoutAt = now + backOff(this.timeout, this.timeouts, this.random);
  }

  private schedule(): void {
    this.wakeAt = Math.min(this.timeoutAt, this.lossAt);
  }
}
