import type { Clock, Timer } from './platform.js';

/** What `setTimeout` can count, in milliseconds; it turns a longer delay into 1 ms. */
const longestTimeout = 2 ** 31 - 1;

/** A class because timers are set on the hot path: two methods on a prototype, no closures. */
class NodeTimer implements Timer {
  readonly #callback: () => void;
  #remaining: number;
  #isUnref = false;
  #timeout!: NodeJS.Timeout;

  constructor(delay: number, callback: () => void) {
    this.#callback = callback;
    this.#remaining = delay;
    this.#arm();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  unref(): void {
    this.#isUnref = true;
    this.#timeout.unref();
  }

  #arm(): void {
    // Node cuts fractions off, and a timer must not be early.
    const step = Math.min(Math.ceil(this.#remaining), longestTimeout);
    this.#remaining -= step;
    this.#timeout = setTimeout(onTimeout, step, this);
    if (this.#isUnref) this.#timeout.unref();
  }

  fire(): void {
    if (this.#remaining > 0) this.#arm();
    else this.#callback();
  }
}

const onTimeout = (timer: NodeTimer): void => timer.fire();

export const nodeClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer: (delay, callback) => new NodeTimer(delay, callback),
  defer: callback => process.nextTick(callback),
  afterInput: callback => setImmediate(callback),
};
