/** One timer for all that sends by a window and a pace, over however many paths. */
import type { Clock } from '../platform/platform.js';
import { type CallTimer, createCallTimer } from './call-timer.js';

/** Whatever sends over one path. */
export interface PacedSender {
  /** Sends what may be sent. Returns when to come again; `Infinity`: there is nothing to do. */
  run(now: number): number;
}

export interface SendTimer {
  /** Sees to it that a sender runs by `at`, on the clock's scale. */
  arm(sender: PacedSender, at: number): void;
  /** Nothing is run any more. */
  close(): void;
}

export function createSendTimer(clock: Clock): SendTimer {
  const due = new Map<PacedSender, number>();

  const timer: CallTimer = createCallTimer(clock, now => {
    let next = Number.POSITIVE_INFINITY;
    for (const [sender, at] of due) {
      const then = at <= now ? sender.run(now) : at;
      if (then === Number.POSITIVE_INFINITY) due.delete(sender);
      else due.set(sender, then);
      next = Math.min(next, then);
    }
    return next;
  });

  return {
    arm(sender, at) {
      if (at === Number.POSITIVE_INFINITY) return;
      due.set(sender, Math.min(at, due.get(sender) ?? at));
      timer.arm(at);
    },
    close() {
      due.clear();
      timer.cancel();
    },
  };
}
