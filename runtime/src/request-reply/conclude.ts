/** What a caller is told when its call ends: the value, the declared error, or what may be concluded from a failure. */
import { noMetadata } from '../marshalling/dynamic.js';
import { CallError, type CallErrorCode, type DeclaredError, type Outcome } from '../schema/errors.js';
import { type Failure, isDecidedBySchema } from './frames.js';
import type { PendingCall } from './pending-call.js';
import type { ReplyBody } from './reply-frame.js';

/** Whether the server answered that it takes no calls. */
export function isRefusal(body: ReplyBody): boolean {
  return (
    body.kind === 'failure' && body.failure.code === 'unavailable' && body.failure.outcome === 'not-executed'
  );
}

/** Ends a call that was answered. */
export function settle(call: PendingCall, body: ReplyBody): void {
  if (call.onReply !== undefined) {
    try {
      call.onReply(body.metadata ?? noMetadata, { attempts: call.copies, peer: call.sentOver?.peer });
    } catch (error) {
      // As if it stood behind the call in its caller's own code.
      call.reject(error);
      return;
    }
  }
  if (body.kind === 'result') call.resolve(body.value);
  else call.reject(errorOf(call, body));
}

/** Whether the items that a procedure streamed come before such an answer: the procedure was executed to its end. */
export function followsItems(body: ReplyBody): boolean {
  return body.kind === 'failure' ? body.failure.outcome === 'executed' : body.kind !== 'unreadable';
}

function errorOf(call: PendingCall, body: Exclude<ReplyBody, { kind: 'result' }>): CallError | DeclaredError {
  const received = {
    attempts: call.copies,
    ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
  };
  switch (body.kind) {
    case 'error':
      body.error.metadata = body.metadata;
      return body.error;
    case 'failure': {
      const { code, message } = body.failure;
      return new CallError(code, message, { ...received, outcome: soundOutcome(call, body.failure) });
    }
    case 'undeclared': {
      const message = `${nameOf(call)} threw ${body.details.name}, which this client does not know`;
      return new CallError('unknown', message, { ...received, outcome: 'executed', details: body.details });
    }
    case 'unreadable': {
      const message = `the reply to ${nameOf(call)} does not fit its declaration: ${body.error.message}`;
      return new CallError('internal', message, { ...received, outcome: 'executed', cause: body.error });
    }
  }
}

/**
 * A server records its refusals of at-most-once calls alone: another copy of a call with weaker semantics may be, or
 * may have been, executed, unless the schema refuses them all.
 */
function soundOutcome(
  { procedure, copies, spansSessions }: PendingCall,
  { code, outcome }: Failure,
): Outcome {
  if (outcome !== 'not-executed' || procedure.semantics === 'at-most-once') return outcome;
  const isSound = isDecidedBySchema(code) ? !spansSessions : copies <= 1;
  return isSound ? outcome : 'unknown';
}

/** What is known of a call that got no answer: a request that no socket has seen was not executed. */
export function unansweredError(
  { copies }: PendingCall,
  code: CallErrorCode,
  message: string,
  cause?: unknown,
): CallError {
  return new CallError(code, message, {
    outcome: copies === 0 ? 'not-executed' : 'unknown',
    attempts: copies,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The call's deadline has passed. */
export function expire(call: PendingCall): void {
  if (call.procedure.semantics === 'maybe') {
    call.resolve(undefined);
    return;
  }
  const { copies } = call;
  const message =
    copies === 0
      ? `the request of ${nameOf(call)} could not be sent before the deadline`
      : `no reply to ${nameOf(call)} came before the deadline; ${copies} ${copies === 1 ? 'copy' : 'copies'} of the request went out`;
  call.reject(unansweredError(call, 'deadline-exceeded', message));
}

export function nameOf({ procedure }: PendingCall): string {
  return `${procedure.interface}.${procedure.name}`;
}
