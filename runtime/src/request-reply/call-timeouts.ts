/** What becomes of calls whose time has come: they are sent again or asked for, or given up. */
import type { CallPaths } from './call-paths.js';
import type { ClientSession } from './client-session.js';
import { expire } from './conclude.js';
import type { Liveness } from './liveness.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';
import type { Transmission } from './transmission.js';

/** Unanswered questions after which a connection is taken for dead. */
const connectionTries = 3;

export interface CallTimeoutsOptions {
  readonly session: ClientSession;
  readonly paths: CallPaths;
  readonly pending: PendingCalls;
  readonly transmission: Transmission;
  readonly liveness: Liveness;
}

/** Makes the sweep of the calls' timer: it does what is due, and returns when something is due next. */
export function createCallTimeouts(options: CallTimeoutsOptions): (now: number) => number {
  const { session, paths, pending, transmission, liveness } = options;

  const onTimeout = (call: PendingCall, now: number): void => {
    const path = paths.awaited(call);
    if (session.state !== 'ready' || session.link === undefined || path === undefined) {
      // The session's own timer brings it back; then all calls are sent.
      call.dueAt = call.deadlineAt;
      session.open();
      return;
    }
    if (call.copies > 0) call.timeouts++;
    if (path.reliable && call.copies > 0 && call.heard !== path.received) {
      // Nothing gets lost on a connection that lives; a long message may take its time.
      call.heard = path.received;
      call.timeouts = 0;
      transmission.await(call, path, now);
    } else if (path.reliable && call.timeouts > connectionTries) {
      call.timeouts = 0;
      call.dueAt = call.deadlineAt;
      paths.abandon(path);
    } else {
      transmission.transmit(call, now);
    }
  };

  return now => {
    let next = liveness.sweep(now);
    pending.each(call => {
      if (call.deadlineAt <= now) expire(pending.finish(call));
      else if (call.deadlineAt === Number.POSITIVE_INFINITY && liveness.isGone(now))
        pending.fail(call, 'unavailable', 'the server gave no sign of life for a whole lease');
      else {
        if (call.dueAt <= now) onTimeout(call, now);
        next = Math.min(next, call.dueAt, call.deadlineAt);
      }
    });
    return next;
  };
}
