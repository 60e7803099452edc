import { createEventQueue, type Entry } from './event-queue.js';

/** Virtual time and what happens in it. */
export interface Scheduler {
  /** In milliseconds from the start of the world. */
  readonly now: number;
  /** Calls back `delay` milliseconds from now. */
  after(delay: number, action: () => void, owner?: object): Entry;
  cancel(entry: Entry): void;
  /** Cancels all that was scheduled for an owner. */
  cancelOwnedBy(owner: object): void;
  /** Runs code of a program; what it throws fails the run. */
  enter(action: () => void): void;
  run<T>(body: () => T | PromiseLike<T>): Promise<T>;
}

/**
 * Time advances in steps of 2⁻¹⁰ ms: sums of such numbers are exact, so that a timer that is due never finds the
 * clock a rounding error before its deadline.
 */
const stepsPerMillisecond = 1024;
const roundUp = (time: number): number => Math.ceil(time * stepsPerMillisecond) / stepsPerMillisecond;

/** How many turns of the real event loop a run waits when nothing is left to happen in the world. */
const patience = 20;
/** How many events may happen at one instant before the run counts as stuck. */
const mostEventsAtOnce = 1_000_000;

/**
 * Between two `setImmediate` callbacks of one batch Node drains its queues of ticks and of promise jobs, as it does
 * between the callbacks of real sockets and timers; a batch costs one turn of the event loop, an event in it 0.1 µs.
 */
const batchSize = 64;

/** @param timeLimit - how many milliseconds of virtual time one run may last */
export function createScheduler(timeLimit: number): Scheduler {
  const queue = createEventQueue();
  let now = 0;
  let eventsAtOnce = 0;
  let hasEntered = false;
  let isRunning = false;
  let failure: { readonly error: unknown } | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
  };

  const guard = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      fail(error);
    }
  };

  const enter = (action: () => void): void => {
    hasEntered = true;
    guard(action);
  };

  /** Lets things happen until a program has run, whose promise jobs come next. False: nothing is left to happen. */
  const advance = (deadline: number): boolean => {
    hasEntered = false;
    while (!hasEntered && !failure) {
      const entry = queue.first();
      if (!entry) return false;
      if (entry.time > deadline) {
        fail(
          new Error(
            `not settled after ${timeLimit} ms of virtual time; raise \`timeLimit\` if it needs more`,
          ),
        );
        return true;
      }
      eventsAtOnce = entry.time > now ? 1 : eventsAtOnce + 1;
      if (eventsAtOnce > mostEventsAtOnce) {
        fail(new Error(`time stands still: ${mostEventsAtOnce} events at ${now} ms`));
        return true;
      }
      queue.pop();
      now = entry.time;
      guard(entry.action);
    }
    return true;
  };

  const run = <T>(body: () => T | PromiseLike<T>): Promise<T> => {
    if (isRunning) return Promise.reject(new Error('this world runs already; await the first run'));
    isRunning = true;
    failure = undefined;
    const deadline = now + timeLimit;
    return new Promise<T>((resolve, reject) => {
      let settle: (() => void) | undefined;
      let left = 0;
      let idleTurns = 0;

      const nextBatch = (): void => {
        left = queue.size === 0 ? 1 : batchSize;
        for (let i = 0; i < left; i++) setImmediate(step);
      };
      const step = (): void => {
        left--;
        if (settle !== undefined || failure !== undefined) {
          if (left > 0) return;
          isRunning = false;
          if (failure) reject(failure.error);
          else settle?.();
          return;
        }
        if (advance(deadline)) idleTurns = 0;
        else if (left === 0 && ++idleTurns > patience) fail(new Error(outsideMessage));
        if (left === 0) nextBatch();
      };

      enter(() => {
        Promise.resolve(body()).then(value => {
          settle = () => resolve(value);
        }, fail);
      });
      nextBatch();
    });
  };

  return {
    get now() {
      return now;
    },
    after: (delay, action, owner) => queue.push(roundUp(now + delay), action, owner),
    cancel: queue.remove,
    cancelOwnedBy: queue.removeOwnedBy,
    enter,
    run,
  };
}

const outsideMessage =
  'the run waits, but no timer and no packet is left in the world. It waits for something outside the world ' +
  '(a file, a real socket or timer) or for a promise that nobody settles, such as one of a crashed host.';
