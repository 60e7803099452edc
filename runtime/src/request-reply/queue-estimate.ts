/** How long a queue stands on a path: what its round trip has above the shortest one. Milliseconds. */

/** So long the shortest round trip is believed, which a new route may have made longer (draft-ietf-ccwg-bbr, 2.13). */
const memory = 10_000;

/** What a busy event loop adds to any round trip is no queue. */
const noise = 2;

/** A queue of fewer datagrams than these is none (β of TCP Veno). */
const shortQueue = 3;

export interface QueueEstimate {
  sample(roundTrip: number, now: number): void;
  /** A round trip's worth of samples has ended. */
  endRound(): void;
  /** Whether datagrams wait on the path while so many bytes are in flight. */
  isQueued(inFlight: number): boolean;
}

export function createQueueEstimate(datagramBytes: number): QueueEstimate {
  let shortest = Number.POSITIVE_INFINITY;
  let shortestBefore = Number.POSITIVE_INFINITY;
  let since = 0;
  let round = Number.POSITIVE_INFINITY;
  let lastRound = Number.POSITIVE_INFINITY;

  return {
    sample(roundTrip, now) {
      if (now - since > memory / 2) {
        shortestBefore = shortest;
        shortest = roundTrip;
        since = now;
      }
      shortest = Math.min(shortest, roundTrip);
      // The shortest of a round: single samples tell more of the event loops than of the path.
      round = Math.min(round, roundTrip);
    },
    endRound() {
      if (round < Number.POSITIVE_INFINITY) lastRound = round;
      round = Number.POSITIVE_INFINITY;
    },
    isQueued(inFlight) {
      const recent = Math.min(round, lastRound);
      const delay = recent - Math.min(shortest, shortestBefore);
      return delay > noise && (inFlight * delay) / recent > shortQueue * datagramBytes;
    },
  };
}
