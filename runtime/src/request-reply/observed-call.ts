/**
 * What a client's events tell of its calls. Only called while somebody listens. In literals the spread is last: an object
 * that is extended after it costs V8 some microseconds.
 */
import type { Clock } from '../platform/platform.js';
import { CallError, DeclaredError, type Outcome } from '../schema/errors.js';
import type { CallEnd, ClientEvents, EventCall, EventPath } from '../schema/events.js';
import type { Link } from '../transport/transport.js';
import { clientIdText } from './client-id-text.js';
import { nameOf } from './conclude.js';
import type { EventSource } from './event-source.js';
import type { PendingCall } from './pending-call.js';

export function aboutClient(clientId: Buffer): Pick<EventCall, 'clientId'> {
  return { clientId: clientIdText(clientId) };
}

function aboutCall(clientId: Buffer, call: PendingCall): EventCall {
  return { clientId: clientIdText(clientId), call: call.number, procedure: nameOf(call) };
}

export function aboutPending(clientId: Buffer, call: PendingCall, { peer }: Link): EventCall & EventPath {
  return { peer, ...aboutCall(clientId, call) };
}

/** The copy of a request that is sent. */
export function aboutCopy(clientId: Buffer, call: PendingCall, link: Link): ClientEvents['request-sent'] {
  return { attempt: call.copies, bytes: requestBytes(call), ...aboutPending(clientId, call, link) };
}

export function aboutReply(
  clientId: Buffer,
  call: PendingCall,
  link: Link,
  attempt: number,
  bytes: number,
): ClientEvents['reply-received'] {
  return { attempt, bytes, ...aboutPending(clientId, call, link) };
}

interface CallEnding {
  readonly end: CallEnd;
  readonly code: string;
  readonly outcome: Outcome;
}

/** Tells that the call was made, and has its end told, however it comes. */
export function observe(
  clientId: Buffer,
  call: PendingCall,
  clock: Clock,
  events: EventSource<ClientEvents>,
): void {
  const { resolve, reject } = call;
  const about = aboutCall(clientId, call);
  const begunAt = clock.now();
  const tell = (ending: CallEnding): void => {
    const duration = clock.now() - begunAt;
    events.emit?.('call-ended', { duration, attempts: call.copies, ...about, ...ending });
  };
  call.resolve = value => {
    tell({ end: 'result', code: 'ok', outcome: isAnswered(call, value) ? 'executed' : 'unknown' });
    resolve(value);
  };
  call.reject = error => {
    tell(endingOf(error));
    reject(error);
  };
  events.emit?.('call-begun', { bytes: requestBytes(call), ...about });
}

function requestBytes({ frame }: PendingCall): number {
  return frame.end - frame.start;
}

/** A `maybe` call ends without a result when no answer came, and nobody knows what became of it. */
function isAnswered({ procedure }: PendingCall, value: unknown): boolean {
  return procedure.semantics !== 'maybe' || value !== undefined;
}

function endingOf(error: unknown): CallEnding {
  if (error instanceof CallError) return { end: 'failure', code: error.code, outcome: error.outcome };
  if (error instanceof DeclaredError)
    return { end: 'declared-error', code: error.fullName, outcome: 'executed' };
  // What the caller's own `onReply` threw: there was a reply.
  return { end: 'failure', code: 'unknown', outcome: 'unknown' };
}
