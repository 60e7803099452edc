import type { Clock, Timer } from '../platform/platform.js';
import type { Incarnation } from './incarnation.js';
import type { Scheduler } from './scheduler.js';

/** When every world starts, on wall clocks: 2030-01-01T00:00:00Z. */
const worldStart = Date.UTC(2030, 0, 1);

/** What outlives a crash: the machine's wall clock. */
export interface WallClock {
  /** In milliseconds, against the world's time. */
  offset: number;
}

export function createClock(scheduler: Scheduler, incarnation: Incarnation, wall: WallClock): Clock {
  // Monotonic clocks of two machines have nothing in common; who compares them is to be found out.
  const start = incarnation.random.below(1_000_000);

  const setTimer = (delay: number, callback: () => void): Timer => {
    let isSet = incarnation.isAlive && delay !== Number.POSITIVE_INFINITY;
    const fire = (): void => {
      if (!isSet) return;
      isSet = false;
      callback();
    };
    // Whole milliseconds and at least one, as Node's timers.
    const wait = delay > 1 ? Math.ceil(delay) : 1;
    const entry = isSet && scheduler.after(wait, () => incarnation.enter('timer', fire), incarnation);
    return {
      cancel: () => {
        isSet = false;
        if (entry) scheduler.cancel(entry);
      },
      unref: () => {},
    };
  };

  return {
    now: () => start + scheduler.now,
    wallTime: () => worldStart + Math.floor(scheduler.now) + wall.offset,
    setTimer,
    defer: incarnation.defer,
    afterInput: incarnation.defer,
  };
}
