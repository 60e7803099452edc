/**
 * A long message on its way out: which fragments are to be sent, which are in flight, and which have arrived. What the
 * receiver says is missing tells what was lost, as in RFC 9002, section 6: a fragment is lost when one that left three
 * places after it has arrived, or one that left after it and a little more than a round trip has passed. When nothing is
 * heard, the oldest is sent again, to be told.
 */
import type { CongestionWindow } from './congestion.js';
import { maxRanges, type Ranges } from './frames.js';
import type { Missing } from './missing-frame.js';

/** RFC 9002, 6.1.1: so many places a fragment may be overtaken by before it is lost. */
const reordering = 3;

/** Time-outs in a row that mean persistent congestion (RFC 9002, 7.6). */
const persistence = 3;

/** Milliseconds between probes at the most. */
const longestPatience = 1000;

/** What of a message has to be known to send it. */
export interface OutgoingMessage {
  /** Of its call. */
  readonly number: number;
  /** Of the reply; 0 for a request. */
  readonly id: number;
  /** How many fragments it has. */
  readonly count: number;
  /** No fragment is sent a second time. */
  readonly once: boolean;
  /** Whether anybody still waits for it. */
  isWanted(): boolean;
  /** Sends a fragment, and returns its bytes; 0: its path takes none now. */
  send(index: number, serial: number, asks: boolean, now: number): number;
  /** Each fragment has been sent. */
  onSent?(): void;
  /** Each fragment has arrived. */
  onArrived?(): void;
  /** A round trip was measured, in milliseconds. */
  onRoundTrip?(milliseconds: number): void;
}

/** Told of each fragment of a call's message that is sent once more, with its size in bytes. */
export type OnResent = (number: number, fragment: number, bytes: number) => void;

/** A copy of a fragment that is in flight. */
interface Flight {
  readonly index: number;
  readonly serial: number;
  readonly bytes: number;
  readonly sentAt: number;
}

export class Transfer {
  readonly message: OutgoingMessage;
  private readonly window: CongestionWindow;
  private readonly onResent: OnResent | undefined;
  /** By index: 1 where a fragment has arrived, or need not. */
  private readonly arrived: Uint8Array;
  /** How many have not. */
  private left = 0;
  /** The lowest index that was never sent, and where those end that are to be. */
  private fresh = 0;
  private readonly last: number;
  private lost: number[] = [];
  /** In the order of their sending. */
  private flights: Flight[] = [];
  private serial = 0;
  /** The latest copy that is known to have arrived. */
  private latest = 0;
  /** When a fragment that was overtaken is lost. */
  private lossAt = Number.POSITIVE_INFINITY;
  private heardAt: number;
  private timeouts = 0;

  /** @param missing which fragments are to be sent */
  constructor(
    message: OutgoingMessage,
    missing: Ranges,
    window: CongestionWindow,
    now: number,
    onResent?: OnResent,
  ) {
    this.message = message;
    this.window = window;
    this.onResent = onResent;
    this.arrived = new Uint8Array(message.count).fill(1);
    for (const [from, to] of missing) this.arrived.fill(0, from, to);
    for (const has of this.arrived) this.left += 1 - has;
    this.heardAt = now;
    this.last = this.arrived.lastIndexOf(0) + 1;
    this.skipArrived();
  }

  get isComplete(): boolean {
    return this.left === 0;
  }

  /** Whether a fragment waits to be sent. */
  get hasNext(): boolean {
    return this.lost.length > 0 || this.fresh < this.last;
  }

  /** Time-outs since anything was heard of it. */
  get silence(): number {
    return this.timeouts;
  }

  /** When to look after it although nothing has come, on the clock's scale. */
  get dueAt(): number {
    return this.flights.length === 0 ? Number.POSITIVE_INFINITY : Math.min(this.lossAt, this.probeAt);
  }

  /** Sends the next fragment, the last one always asking. False: its path takes none. */
  sendNext(asks: boolean, now: number): boolean {
    const again = this.lost.length > 0;
    const index = again ? this.lost[0]! : this.fresh;
    const isLast = this.lost.length + this.last - this.fresh === 1;
    if (!this.send(index, asks || isLast, now, again)) {
      this.timeouts++;
      return false;
    }
    if (again) {
      this.lost.shift();
      return true;
    }
    this.fresh++;
    this.skipArrived();
    if (this.fresh === this.last) this.message.onSent?.();
    return true;
  }

  /** Takes what the receiver says is missing. Returns the measured round trip, where there is one. */
  acknowledge({ serial, ranges }: Missing, now: number): number | undefined {
    // Further ranges were left out, so of what stands behind the last one nothing is known.
    const horizon = ranges.length < maxRanges ? this.message.count : ranges.at(-1)![1];
    const hasArrived = (index: number): boolean => index < horizon && !contains(ranges, index);
    const isCurrent = serial > this.latest;
    let roundTrip: number | undefined;
    this.timeouts = 0;
    this.heardAt = now;
    this.flights = this.flights.filter(flight => {
      const { index, bytes, sentAt } = flight;
      const isEcho = flight.serial === serial;
      if (isEcho) roundTrip = now - sentAt;
      if (!hasArrived(index) && !(isEcho && index >= horizon)) return true;
      this.window.onAcknowledged(bytes, sentAt, isEcho ? roundTrip : undefined, now);
      this.markArrived(index);
      return false;
    });
    this.lost = this.lost.filter(index => {
      if (!hasArrived(index)) return true;
      this.markArrived(index);
      return false;
    });
    if (isCurrent) {
      this.latest = Math.min(serial, this.serial);
      if (horizon === this.message.count) this.reconcile(ranges);
    }
    this.findLost(horizon, now);
    return roundTrip;
  }

  /** Does what is due: finds what is lost by time, and asks again where nothing comes. */
  onTimer(now: number): void {
    if (this.lossAt <= now) this.findLost(this.message.count, now);
    if (this.flights.length === 0 || this.probeAt > now) return;
    this.timeouts++;
    if (this.timeouts === persistence) this.window.onTimeout(now);
    if (this.message.once) {
      this.dropFlights((flight: Flight) => this.window.onLost(flight.bytes, flight.sentAt, now));
      return;
    }
    const [oldest] = this.flights;
    if (oldest === undefined || !this.send(oldest.index, true, now, true)) return;
    // A probe says nothing of what became of the copy before it; its answer will.
    this.flights.shift();
    this.window.onAbandoned(oldest.bytes);
  }

  /** Sends no more: what is in flight counts no longer. */
  end(): void {
    this.dropFlights(({ bytes }) => this.window.onAbandoned(bytes));
    this.lost = [];
    this.fresh = this.last;
  }

  private get probeAt(): number {
    return this.heardAt + Math.min(longestPatience, this.window.probeTimeout * 2 ** this.timeouts);
  }

  private send(index: number, asks: boolean, now: number, again: boolean): boolean {
    const bytes = this.message.send(index, this.serial + 1, asks, now);
    if (bytes === 0) return false;
    if (again) this.onResent?.(this.message.number, index, bytes);
    if (asks) this.heardAt = now;
    this.serial++;
    this.flights.push({ index, serial: this.serial, bytes, sentAt: now });
    this.window.onSent(bytes, now);
    return true;
  }

  private findLost(horizon: number, now: number): void {
    const lostBefore = now - this.window.lossDelay;
    let oldest = Number.POSITIVE_INFINITY;
    this.flights = this.flights.filter(({ index, serial, bytes, sentAt }) => {
      if (serial >= this.latest || index >= horizon) return true;
      if (serial > this.latest - reordering && sentAt > lostBefore) {
        oldest = Math.min(oldest, sentAt);
        return true;
      }
      this.window.onLost(bytes, sentAt, now);
      if (this.message.once) this.markArrived(index);
      else if (this.arrived[index] === 0) this.lost.push(index);
      return false;
    });
    this.lossAt = oldest + this.window.lossDelay;
  }

  /** A receiver may have dropped what it had, for want of room; or it may have what was sent at an earlier attempt. */
  private reconcile(ranges: Ranges): void {
    const { count, once } = this.message;
    let missing = 0;
    for (const [from, to] of ranges) missing += Math.max(0, Math.min(to, count) - from);
    if (missing === this.left || once) return;
    for (let index = 0; index < this.last; index++) {
      const lacks = contains(ranges, index);
      if (!lacks) this.markArrived(index);
      else if (this.arrived[index] === 1) {
        this.arrived[index] = 0;
        this.left++;
        if (index < this.fresh) this.lost.push(index);
      }
    }
    this.skipArrived();
  }

  private markArrived(index: number): void {
    this.left -= 1 - this.arrived[index]!;
    this.arrived[index] = 1;
  }

  private dropFlights(drop: (flight: Flight) => void): void {
    for (const flight of this.flights) {
      drop(flight);
      if (this.message.once) this.markArrived(flight.index);
    }
    this.flights = [];
    this.lossAt = Number.POSITIVE_INFINITY;
  }

  private skipArrived(): void {
    while (this.fresh < this.last && this.arrived[this.fresh] === 1) this.fresh++;
  }
}

/** Whether ascending ranges contain an index. */
function contains(ranges: Ranges, index: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]![1] <= index) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low]![0] <= index;
}
