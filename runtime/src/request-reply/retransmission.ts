/**
 * When to send again: RFC 6298's estimate of the round-trip time, with the server's processing time taken out of each
 * sample, and exponential back-off with jitter.
 */
import type { Random } from '../platform/platform.js';

/** Milliseconds before the first sample. */
export const initialTimeout = 200;
/** RFC 6298 says one second; over a local network that would be a thousand round trips. */
export const minimumTimeout = 10;
/** Back-off goes no further: a call with a deadline of half a minute has thirty chances. */
export const maximumTimeout = 1000;

/** The clock granularity G of RFC 6298: what a busy event loop adds to any reply. */
const granularity = 5;

export interface RoundTripEstimate {
  /** The retransmission time-out, in milliseconds. */
  readonly timeout: number;
  /** The smoothed round trip in milliseconds, once there was a sample. */
  readonly smoothed: number | undefined;
  /** Takes a measured round trip, less the time that the server held the request. */
  sample(milliseconds: number): void;
}

/**
 * The SRTT and RTTVAR of one path.
 *
 * @param first the time-out before the first sample, in milliseconds
 */
export function createRoundTripEstimate(first = initialTimeout): RoundTripEstimate {
  let smoothed = -1;
  let variation = 0;
  let timeout = first;
  return {
    get timeout() {
      return timeout;
    },
    get smoothed() {
      return smoothed < 0 ? undefined : smoothed;
    },
    sample(milliseconds) {
      const measured = Math.max(0, milliseconds);
      if (smoothed < 0) {
        smoothed = measured;
        variation = measured / 2;
      } else {
        variation = 0.75 * variation + 0.25 * Math.abs(smoothed - measured);
        smoothed = 0.875 * smoothed + 0.125 * measured;
      }
      timeout = Math.min(
        maximumTimeout,
        Math.max(minimumTimeout, smoothed + Math.max(granularity, 4 * variation)),
      );
    },
  };
}

/**
 * How long to wait after the copy that followed `timeouts` time-outs. Up to a quarter more at random keeps calls that
 * were lost together from coming back together.
 */
export function backOff(timeout: number, timeouts: number, random: Random): number {
  return Math.min(maximumTimeout, timeout * 2 ** Math.min(timeouts, 16)) * (1 + random.next() / 4);
}

/** Milliseconds, and bytes a millisecond, that are allowed for to a connection on which nothing arrives. */
const silence = 2000;
const leastRate = 256;

/** How long to wait before a connection is asked whether it lives, while it carries a message of so many bytes. */
export function connectionPatience(bytes: number): number {
  return silence + bytes / leastRate;
}
