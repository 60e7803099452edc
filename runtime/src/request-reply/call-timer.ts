/** One timer for all pending calls: it stands at the earliest time at which any of them has something to do. */
import type { Clock, Timer } from '../platform/platform.js';

/** A timer that is so late, in milliseconds, tells of a stalled event loop; so long it then waits for what arrived. */
const stall = 100;
const grace = 10;

export interface CallTimer {
  /** Sees to it that the sweep comes by `at`, on the clock's scale. */
  arm(at: number): void;
  cancel(): void;
}

/** @param sweep does what is due at `now` and returns when something is due next; `Infinity`: nothing is */
export function createCallTimer(clock: Clock, sweep: (now: number) => number): CallTimer {
  let timer: Timer | undefined;
  let standsAt = Number.POSITIVE_INFINITY;
  let inGrace = false;

  const set = (at: number): void => {
    timer?.cancel();
    timer = undefined;
    standsAt = at;
    if (at !== Number.POSITIVE_INFINITY) timer = clock.setTimer(Math.max(0, at - clock.now()), onTimer);
  };

  const onTimer = (): void => {
    const now = clock.now();
    // After a stall the answers lie in the socket, unread: sending everything again would only add to the load.
    const stalled = now - standsAt > stall && !inGrace;
    inGrace = stalled;
    if (stalled) {
      set(now + grace);
      return;
    }
    standsAt = Number.POSITIVE_INFINITY;
    const next = sweep(now);
    if (next < standsAt) set(next);
  };

  return {
    arm(at) {
      if (at < standsAt) set(at);
    },
    cancel() {
      set(Number.POSITIVE_INFINITY);
    },
  };
}
