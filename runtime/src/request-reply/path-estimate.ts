/**
 * What acknowledgements and losses tell of a path: its shortest round trip, whether a queue stands on it, how much it
 * delivers, and how much of what is sent gets lost. Times are in milliseconds.
 */

/** So long the shortest round trip is believed, which a new route may have made longer (draft-ietf-ccwg-bbr, 2.13). */
const memory = 10_000;

/** What busy event loops add to any round trip is no queue. */
const noise = 10;

/** A queue of fewer datagrams than these is none (β of TCP Veno). */
const shortQueue = 3;

/** The best of so many round trips is what the path delivers (draft-ietf-ccwg-bbr, 2.10). */
const bandwidthRounds = 10;

/** The part that is lost is averaged over about so many datagrams. */
const lossDatagrams = 200;

export interface PathEstimate {
  /** The shortest round trip of late, with whatever queue there is; `undefined` before the first sample. */
  readonly recent: number | undefined;
  /** The part of all bytes that is lost, from 0 to 1. */
  readonly loss: number;
  /** Bytes that are in flight when the path delivers the most that it does, without a queue. */
  readonly bandwidthDelay: number;
  /** Whether datagrams wait on the path while so many bytes are in flight. */
  isQueued(inFlight: number): boolean;
  onRoundTrip(milliseconds: number, now: number): void;
  onDelivered(bytes: number): void;
  onLost(bytes: number): void;
  /** A round trip has ended: what was sent at its start is acknowledged. */
  endRound(now: number): void;
}

export function createPathEstimate(datagramBytes: number): PathEstimate {
  let shortest = Number.POSITIVE_INFINITY;
  let shortestBefore = Number.POSITIVE_INFINITY;
  let shortestSince = 0;
  let round = Number.POSITIVE_INFINITY;
  let lastRound = Number.POSITIVE_INFINITY;
  let roundStart = Number.NEGATIVE_INFINITY;
  let delivered = 0;
  let lost = 0;
  let loss = 0;
  /** Bytes a millisecond, of the last rounds. */
  const bandwidths: number[] = [];

  const base = (): number => Math.min(shortest, shortestBefore);
  // The shortest of a round: single samples tell more of the event loops than of the path.
  const recentOf = (): number => Math.min(round, lastRound);

  return {
    get recent() {
      const recent = recentOf();
      return recent === Number.POSITIVE_INFINITY ? undefined : recent;
    },
    get loss() {
      return loss;
    },
    get bandwidthDelay() {
      return bandwidths.length === 0 || base() === Number.POSITIVE_INFINITY
        ? 0
        : Math.max(...bandwidths) * base();
    },
    isQueued(inFlight) {
      const recent = recentOf();
      const delay = recent - base();
      return delay > noise && (inFlight * delay) / recent > shortQueue * datagramBytes;
    },
    onRoundTrip(milliseconds, now) {
      if (now - shortestSince > memory / 2) {
        shortestBefore = shortest;
        shortest = milliseconds;
        shortestSince = now;
      }
      shortest = Math.min(shortest, milliseconds);
      round = Math.min(round, milliseconds);
    },
    onDelivered(bytes) {
      delivered += bytes;
    },
    onLost(bytes) {
      lost += bytes;
    },
    endRound(now) {
      if (round < Number.POSITIVE_INFINITY) lastRound = round;
      round = Number.POSITIVE_INFINITY;
      const sent = delivered + lost;
      if (sent > 0) loss += (lost / sent - loss) * Math.min(1, sent / (lossDatagrams * datagramBytes));
      if (now > roundStart) bandwidths.push(delivered / (now - roundStart));
      if (bandwidths.length > bandwidthRounds) bandwidths.shift();
      roundStart = now;
      delivered = 0;
      lost = 0;
    },
  };
}
