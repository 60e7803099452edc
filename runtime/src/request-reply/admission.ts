/**
 * How many calls of a channel are under way at the same time. Those beyond it wait for their turn, in their order and
 * with no copy sent, and so do calls while the socket is full.
 */
import type { Clock } from '../platform/platform.js';
import type { ChannelLimits } from './limits.js';
import type { PendingCall } from './pending-call.js';

export interface AdmissionOptions extends Pick<ChannelLimits, 'callsInFlight' | 'queuedCalls'> {
  readonly clock: Clock;
  /** How many calls have started and not ended. */
  inFlight(): number;
  /** Whether the socket takes no more. */
  isFull(): boolean;
  /** It is the call's turn. */
  start(call: PendingCall): void;
}

export interface Admission {
  /** Calls that wait for their turn. */
  readonly size: number;
  /** The one that has waited longest. */
  readonly first: PendingCall | undefined;
  /** Whether a new call may start at once. */
  readonly isOpen: boolean;
  /** Whether no further call may wait. */
  readonly isFull: boolean;
  has(call: PendingCall): boolean;
  add(call: PendingCall): void;
  /** Whether the call waited. */
  delete(call: PendingCall): boolean;
  /** There may be room: calls start when this turn is done, for whoever made it may be in the middle of something. */
  admit(): void;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { clock, callsInFlight, queuedCalls } = options;
  const waiting = new Set<PendingCall>();
  /** Lives on while calls come and go, so that finding the first one never passes by those that went before it. */
  let rest = waiting.values();
  let first: PendingCall | undefined;
  let isScheduled = false;

  const findFirst = (): PendingCall | undefined => {
    while (waiting.size > 0 && (first === undefined || !waiting.has(first))) {
      const next = rest.next();
      first = next.value;
      if (next.done) rest = waiting.values();
    }
    return waiting.size > 0 ? first : undefined;
  };

  const hasRoom = (): boolean => options.inFlight() < callsInFlight && !options.isFull();

  const startThose = (): void => {
    isScheduled = false;
    for (let call = findFirst(); call !== undefined && hasRoom(); call = findFirst()) {
      waiting.delete(call);
      options.start(call);
    }
  };

  return {
    get size() {
      return waiting.size;
    },
    get first() {
      return findFirst();
    },
    get isOpen() {
      return waiting.size === 0 && hasRoom();
    },
    get isFull() {
      return waiting.size >= queuedCalls;
    },
    has: call => waiting.has(call),
    add: call => void waiting.add(call),
    delete: call => waiting.size > 0 && waiting.delete(call),
    admit() {
      if (isScheduled || waiting.size === 0) return;
      isScheduled = true;
      clock.defer(startThose);
    },
  };
}
