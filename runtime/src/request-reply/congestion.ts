/**
 * How much may be on its way in one direction of one path: a window of bytes that acknowledgements open and losses cut,
 * and a pace at which it is used. All large messages and streams that go over the path in that direction share one.
 *
 * It is QUIC's congestion control (RFC 9002, section 7): slow start, then a datagram more in each round trip, half of the
 * window after a loss, once in a round trip, and no growth while the window is not used. Two things are added, for the
 * plain algorithm stands still where a wire loses packets at random, and gets nothing beside a sender that does not yield:
 *
 * - As in TCP Veno (C. P. Fu, S. C. Liew, 2003), a loss is a sign of congestion only while a queue stands on the path, that is
 *   while even the shortest round trips of late are above the shortest of all; or while more is lost than happens at random.
 * - The more is lost although the window was cut, the less it is cut: no further than to a multiple of what the path delivers
 *   to this flow, without a queue (its bandwidth-delay product, as in TCP Westwood and BBR, draft-ietf-ccwg-bbr).
 */
import { createPathEstimate } from './path-estimate.js';
import { createRoundTripEstimate } from './retransmission.js';

export interface CongestionWindow {
  /** How many bytes may be in flight. */
  readonly window: number;
  /** Bytes that were sent, and that are neither acknowledged nor given up. */
  readonly inFlight: number;
  /** Milliseconds without any acknowledgement after which what was sent last is probed for (RFC 9002, 6.2). */
  readonly probeTimeout: number;
  /** Milliseconds after which what was sent before something that arrived is lost (RFC 9002, 6.1.2). */
  readonly lossDelay: number;
  /** How many bytes may be sent now: what is left of the window, and what the pace allows. */
  room(now: number): number;
  /**
   * When the pace allows another datagram, on the clock's scale; `now` where it does already, `Infinity` where the window is full, so
   * that only an acknowledgement makes room.
   */
  nextRoomAt(now: number): number;
  onSent(bytes: number, now: number): void;
  /**
   * @param sentAt when the bytes were sent
   * @param roundTrip milliseconds, where the acknowledgement tells which copy it answers
   */
  onAcknowledged(bytes: number, sentAt: number, roundTrip: number | undefined, now: number): void;
  /** @param sentAt when the lost bytes were sent: what was lost in one round trip is answered once */
  onLost(bytes: number, sentAt: number, now: number): void;
  /** Nothing came for several time-outs: persistent congestion (RFC 9002, 7.6). */
  onTimeout(now: number): void;
  /** The bytes are in flight no longer, and say nothing of the path: their call has ended, or they are sent again. */
  onAbandoned(bytes: number): void;
}

/** RFC 9002, 7.2: ten datagrams, but no more than 14,720 bytes or two datagrams. */
const initialBytes = 14_720;
const initialDatagrams = 10;
/** RFC 9002, 7.2 and RFC 8085, 3.1.1. */
const leastDatagrams = 2;

/** RFC 9002, 7.7: a little faster than the window asks for, so that it gets used; in slow start twice as fast. */
const pacingGain = 1.25;
const slowStartGain = 2;

/** Datagrams that may leave together, or as many as the pace has for so many milliseconds: timers are not finer. */
const burstDatagrams = 10;
const burstTime = 2;

/** Milliseconds: over shorter paths nothing is paced. */
const leastRoundTrip = 1 / 64;

/** RFC 9002, 6.1.2: in round trips. */
const lossTime = 9 / 8;
const leastLossDelay = 1;

/** More than this part is not lost at random: there must be a queue too short to be seen. */
const randomLoss = 1 / 10;

/**
 * What is held of the bandwidth-delay product: all of it from 5 % loss on, and beside a queue up to twice as much, which is
 * what BBR keeps in flight.
 */
const heldPerLoss = 20;
const mostHeld = 2;

/** RFC 9002, 7.6.1: time-outs without any acknowledgement that mean persistent congestion. */
const persistentTimeouts = 3;

/** RFC 9002, 7.3.2: what a cut leaves of the window. */
const cutFactor = 0.5;

/** @param datagramBytes the longest datagram that is sent */
export function createCongestionWindow(datagramBytes: number): CongestionWindow {
  const least = leastDatagrams * datagramBytes;
  const roundTrip = createRoundTripEstimate();
  const path = createPathEstimate(datagramBytes);
  const initial = Math.min(initialDatagrams * datagramBytes, Math.max(least, initialBytes));
  let window = initial;
  let slowStartEnd = Number.POSITIVE_INFINITY;
  let inFlight = 0;
  /** What was sent until then belongs to the last cut's round trip. */
  let recoveryStart = Number.NEGATIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  let roundStart = Number.NEGATIVE_INFINITY;
  /** The most that was in flight in this round and in the last. */
  let peak = 0;
  let lastPeak = 0;
  let allowance = window;
  let allowanceAt = 0;

  const isSlowStart = (): boolean => window < slowStartEnd;

  /** Bytes a millisecond. By the shortest round trip of late: what event loops add to others is no reason to wait. */
  const pace = (): number =>
    path.recent === undefined
      ? Number.POSITIVE_INFINITY
      : ((isSlowStart() ? slowStartGain : pacingGain) * window) / Math.max(leastRoundTrip, path.recent);

  const paced = (now: number): number => {
    const rate = pace();
    const most = Math.max(burstDatagrams * datagramBytes, rate * burstTime);
    return rate === Number.POSITIVE_INFINITY
      ? most
      : Math.min(most, allowance + rate * Math.max(0, now - allowanceAt));
  };

  /** An idle or slow sender does not show that the path carries more (RFC 9002, 7.8). */
  const isUsed = (): boolean => Math.max(peak, lastPeak) >= (isSlowStart() ? window / 2 : 0.8 * window);

  const endRound = (now: number): void => {
    roundStart = now;
    lastPeak = peak;
    peak = inFlight;
    path.endRound(now);
  };

  const cut = (isQueued: boolean, now: number): void => {
    recoveryStart = now;
    // The more is lost although the window was cut, the less further cuts are the remedy (see above).
    const gain = Math.min(isQueued ? mostHeld : 1, heldPerLoss * path.loss);
    const held = Math.max(cutFactor * window, gain * path.bandwidthDelay, isQueued ? least : initial);
    window = Math.min(window, held);
    slowStartEnd = window;
  };

  const leave = (bytes: number): void => {
    inFlight = Math.max(0, inFlight - bytes);
  };

  return {
    get window() {
      return window;
    },
    get inFlight() {
      return inFlight;
    },
    get probeTimeout() {
      return roundTrip.timeout;
    },
    get lossDelay() {
      return Math.max(leastLossDelay, lossTime * (roundTrip.smoothed ?? roundTrip.timeout));
    },
    room: now => Math.max(0, Math.min(window - inFlight, paced(now))),
    nextRoomAt(now) {
      if (window - inFlight < datagramBytes) return Number.POSITIVE_INFINITY;
      const lacking = datagramBytes - paced(now);
      return lacking <= 0 ? now : now + lacking / pace();
    },
    onSent(bytes, now) {
      allowance = paced(now) - bytes;
      allowanceAt = now;
      inFlight += bytes;
      peak = Math.max(peak, inFlight);
    },
    onAcknowledged(bytes, sentAt, measured, now) {
      const before = inFlight;
      leave(bytes);
      heardAt = now;
      path.onDelivered(bytes);
      if (measured !== undefined) {
        roundTrip.sample(measured);
        path.onRoundTrip(measured, now);
      }
      if (sentAt >= roundStart) endRound(now);
      if (sentAt <= recoveryStart || !isUsed()) return;
      if (!isSlowStart()) window += (datagramBytes * bytes) / window;
      else if (path.isQueued(before)) {
        // HyStart++ (RFC 9406): a queue builds up, so the window is as large as the path.
        slowStartEnd = window;
      } else window = Math.min(window + bytes, Math.max(slowStartEnd, window));
    },
    onLost(bytes, sentAt, now) {
      const before = inFlight;
      leave(bytes);
      path.onLost(bytes);
      if (sentAt <= recoveryStart) return;
      const isQueued = path.isQueued(before);
      if (isQueued || path.loss > randomLoss) cut(isQueued, now);
    },
    onTimeout(now) {
      // One message or stream hears nothing, but others do.
      if (now - heardAt < persistentTimeouts * roundTrip.timeout) return;
      if (window > least) slowStartEnd = Math.max(initial, cutFactor * window);
      recoveryStart = now;
      window = least;
    },
    onAbandoned: leave,
  };
}
