/**
 * How much may be on its way in one direction of one path: a window of bytes that acknowledgements open and losses cut,
 * and a pace at which it is used. All large messages and streams that go over the path in that direction share one.
 *
 * Growth and cuts are CUBIC's (RFC 9438), in the frame of QUIC's loss recovery (RFC 9002, section 7), so that a flow gets of
 * a wire about what a TCP flow beside it gets. But a plain CUBIC or Reno stands still where a wire loses packets at random.
 * So, as in TCP Veno (C. P. Fu, S. C. Liew, 2003), a loss counts as congestion only while a queue stands on the path:
 * while the round trip is above the shortest one by more than the datagrams of a short queue take. A loss without a queue cuts
 * nothing, unless more is lost than random loss explains (as in BBR, draft-ietf-ccwg-bbr).
 */
import { createCubic, cubicCut } from './cubic.js';
import { createQueueEstimate } from './queue-estimate.js';
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

/** RFC 9002, 6.1.2: in round trips. */
const lossTime = 9 / 8;
const leastLossDelay = 1;

/** More than this part of so many datagrams is not lost at random: there must be a queue too short to be seen. */
const randomLoss = 1 / 8;
const randomLossDatagrams = 100;

/** @param datagramBytes the longest datagram that is sent */
export function createCongestionWindow(datagramBytes: number): CongestionWindow {
  const least = leastDatagrams * datagramBytes;
  const roundTrip = createRoundTripEstimate();
  const queue = createQueueEstimate(datagramBytes);
  const cubic = createCubic(datagramBytes);
  let window = Math.min(initialDatagrams * datagramBytes, Math.max(least, initialBytes));
  let slowStartEnd = Number.POSITIVE_INFINITY;
  let inFlight = 0;
  /** What was sent until then belongs to the last cut's round trip. */
  let recoveryStart = Number.NEGATIVE_INFINITY;
  let roundStart = Number.NEGATIVE_INFINITY;
  /** The most that was in flight in this round and in the last. */
  let peak = 0;
  let lastPeak = 0;
  let delivered = 0;
  let lost = 0;
  let allowance = window;
  let allowanceAt = 0;

  const isSlowStart = (): boolean => window < slowStartEnd;

  /** Bytes a millisecond. */
  const pace = (): number =>
    roundTrip.smoothed === undefined
      ? Number.POSITIVE_INFINITY
      : ((isSlowStart() ? slowStartGain : pacingGain) * window) / Math.max(roundTrip.smoothed, 0.05);

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
    queue.endRound();
    if (delivered + lost >= randomLossDatagrams * datagramBytes) {
      delivered = 0;
      lost = 0;
    }
  };

  const cut = (now: number): void => {
    recoveryStart = now;
    window = Math.max(least, cubic.cut(window));
    slowStartEnd = window;
    delivered = 0;
    lost = 0;
  };

  const losesTooMuch = (): boolean =>
    delivered + lost >= randomLossDatagrams * datagramBytes && lost > (delivered + lost) * randomLoss;

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
      delivered += bytes;
      if (measured !== undefined) {
        roundTrip.sample(measured);
        queue.sample(measured, now);
      }
      if (sentAt >= roundStart) endRound(now);
      if (sentAt <= recoveryStart || !isUsed()) return;
      if (!isSlowStart()) window = cubic.grow(window, bytes, roundTrip.smoothed ?? 0, now);
      else if (queue.isQueued(before)) {
        // HyStart++ (RFC 9406): a queue builds up, so the window is as large as the path.
        slowStartEnd = window;
        cubic.restart();
      } else window = Math.min(window + bytes, Math.max(slowStartEnd, window));
    },
    onLost(bytes, sentAt, now) {
      const before = inFlight;
      leave(bytes);
      lost += bytes;
      if (sentAt <= recoveryStart) return;
      if (queue.isQueued(before) || losesTooMuch()) cut(now);
    },
    onTimeout(now) {
      if (window > least) slowStartEnd = Math.max(least, window * cubicCut);
      recoveryStart = now;
      window = least;
      cubic.restart();
    },
    onAbandoned: leave,
  };
}
