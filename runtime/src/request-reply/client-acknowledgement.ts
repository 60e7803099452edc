/** Tells the server, sooner or later, which calls are finished. */
import type { Writer } from '../marshalling/writer.js';
import type { Clock, Timer } from '../platform/platform.js';
import {
  type Acknowledgement,
  maxOpenInSegment,
  nextSegment,
  openNumberBytes,
  segmentBytes,
  writeAcknowledgement,
} from './acknowledgement.js';

/** Milliseconds after which an idle client acknowledges what it got. */
const idleDelay = 100;

export interface Acknowledger {
  /** Calls were finished that the server has not been told of. */
  readonly owes: boolean;
  /** A call was finished: the next batch tells of it, or `sendIdle` when there is none for a while. */
  owe(): void;
  /** Writes what is finished, as far as `room` bytes can say it: each segment is a frame between `begin` and `end`. */
  write(room: number, begin: () => Writer, end: () => void): void;
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
  /** The oldest open call when that was last written, and where the rotation goes on. */
  let oldestOpen: number | undefined;
  let rotation = 0;
  /** Where there is room for one segment only, the oldest and the later ones take turns. */
  let skipsOldest = false;

  const limit = (room: number): number =>
    Math.min(maxOpenInSegment, Math.floor((room - segmentBytes) / openNumberBytes));

  /** The oldest segment; and while that stands still without saying all, the later ones in rotation. */
  const segments = (room: number): Acknowledgement[] => {
    if (limit(room) < 0) return [];
    const next = nextNumber();
    const oldest = nextSegment(1, open, next, limit(room));
    const isStuck = oldest.high < next && oldest.open[0] === oldestOpen;
    oldestOpen = oldest.open[0];
    if (!isStuck) return [oldest];
    const rest = room - segmentBytes - oldest.open.length * openNumberBytes;
    const fitsBoth = limit(rest) >= 1;
    skipsOldest = !fitsBoth && !skipsOldest && limit(room) >= 1;
    if (!fitsBoth && !skipsOldest) return [oldest];
    const low = Math.max(oldest.high, rotation);
    const later = nextSegment(low, from(open, low), next, limit(fitsBoth ? rest : room));
    rotation = later.high === next ? 0 : later.high;
    if (skipsOldest) return [later];
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
    write(room, begin, end) {
      for (const segment of segments(room)) {
        writeAcknowledgement(begin(), segment);
        end();
        owes = false;
      }
    },
    close() {
      timer?.cancel();
    },
  };
}

function* from(numbers: Iterable<number>, low: number): Iterable<number> {
  for (const number of numbers) if (number >= low) yield number;
}
