/** What becomes of the calls of a session that the server has lost, by a restart or because its lease ran out. */
import type { Link } from '../transport/transport.js';
import type { ClientFragments } from './client-fragments.js';
import type { ClientSession } from './client-session.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';

export interface LostSessionOptions {
  readonly session: ClientSession;
  readonly pending: PendingCalls;
  readonly fragments: ClientFragments;
}

/**
 * Whether a request that was sent in the session was executed cannot be known any more, unless its only copy went over
 * the very connection that said so, and that so short a while ago that it cannot have come before the session was lost.
 *
 * @param answering the path on which the server said that it does not know the session
 */
export function failLost(
  { session, pending, fragments }: LostSessionOptions,
  now: number,
  answering?: Link,
): void {
  pending.each(call => {
    fragments.end(call.number);
    call.held = false;
    call.reply = undefined;
    call.spansSessions ||= call.copies > 0;
    if (call.copies === 0 || maySpanSessions(call)) return;
    const isOnlyCopy = answering?.reliable && call.copies === 1 && call.sentOver === answering;
    if (isOnlyCopy && session.isWithinLease(call.lastSentAt, now)) call.copies = 0;
    else
      pending.fail(
        call,
        'unavailable',
        'the server lost its record of the call, by a restart or a long silence',
      );
  });
}

/** Whether the next session may give what the lost one did not: an answer to another copy, or no answer in time. */
function maySpanSessions({ procedure: { semantics }, copies, attempts }: PendingCall): boolean {
  return semantics === 'maybe' || (semantics === 'at-least-once' && copies < attempts);
}
