/** Tells the server, sooner or later, which calls are finished. */
import type { Writer } from '../marshalling/writer.js';
import type { Clock, Timer } from '../platform/platform.js';
import { type Acknowledgement, nextSegment, writeAcknowledgement } from './acknowledgement.js';

/** Milliseconds after which an idle client acknowledges what it got. */
const idleDelay = 100;

export interface Acknowledger {
  /** Calls were finished that the server has not been told of. */
  readonly owes: boolean;
  /** A call was finished: the next batch tells of it, or `sendIdle` when there is none for a while. */
  owe(): void;
  /** Writes what is finished, each segment as a frame that `begin` and `end` enclose. */
  write(begin: () => Writer, end: () => void): void;
  close(): void;
}

/**
 * @param open numbers of the open at-most-once calls, ascending
 * @param nextNumber the number that the next call will get
 */
export function createAcknowledger(
  clock: Clock,
  open: ReadonlySet<number>,
  nextNumber: () => number,
  sendIdle: () => void,
): Acknowledger {
  let owes = false;
  let timer: Timer | undefined;
  /** Where the oldest segment ended when it was last written, and where the rotation goes on. */
  let oldestHigh = 0;
  let rotation = 0;

  /** The oldest segment; and while that stands still without saying all, the later ones in rotation. */
  const segments = (): Acknowledgement[] => {
    const next = nextNumber();
    const oldest = nextSegment(1, open, next);
    const stuck = oldest.high === oldestHigh && oldest.high < next;
    oldestHigh = oldest.high;
    if (!stuck) return [oldest];
    const low = Math.max(oldest.high, rotation);
    const later = nextSegment(low, from(open, low), next);
    rotation = later.high === next ? 0 : later.high;
    return [oldest, later];
  };

  return {
    get owes() {
      return owes;
    },
    owe() {
      owes = true;
      if (timer !== undefined) return;
      timer = clock.setTimer(idleDelay, () => {
        timer = undefined;
        if (owes) sendIdle();
      });
      timer.unref();
    },
    write(begin, end) {
      for (const segment of segments()) {
        writeAcknowledgement(begin(), segment);
        end();
      }
      owes = false;
    },
    close() {
      timer?.cancel();
    },
  };
}

function* from(numbers: Iterable<number>, low: number): Iterable<number> {
  for (const number of numbers) if (number >= low) yield number;
}
