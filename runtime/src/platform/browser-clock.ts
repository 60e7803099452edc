import type { Clock, Timer } from './platform.js';

/** What `setTimeout` can count, in milliseconds. */
const longestTimeout = 2 ** 31 - 1;

function setTimer(delay: number, callback: () => void): Timer {
  let remaining = delay;
  let timeout: ReturnType<typeof setTimeout>;
  const arm = (): void => {
    // Browsers cut fractions off, and a timer must not be early.
    const step = Math.min(Math.ceil(remaining), longestTimeout);
    remaining -= step;
    timeout = setTimeout(() => {
      if (remaining > 0) arm();
      else callback();
    }, step);
  };
  arm();
  return {
    cancel: () => clearTimeout(timeout),
    // A page does not end for want of work.
    unref: () => {},
  };
}

export const browserClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer,
  defer: callback => queueMicrotask(callback),
  afterInput: callback => void setTimeout(callback),
};
