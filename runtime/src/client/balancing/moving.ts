/** Which calls may go on at another server, and what their callers are told in the end. */
import type { Semantics } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';

/**
 * Whether a call that ended so may be made at another server. One that did not execute may: no copy was sent, or the
 * server has noted that it refused. If that is not known, only a call that may execute twice.
 */
export function mayMove(semantics: Semantics, error: unknown): error is CallError {
  if (!(error instanceof CallError) || error.code !== 'unavailable') return false;
  if (error.outcome === 'not-executed') return true;
  return error.outcome === 'unknown' && semantics === 'at-least-once';
}

/** Whether a call's end speaks against the server: that it answered by an error does not. */
export function isServerFailure(error: unknown): boolean {
  if (!(error instanceof CallError) || error.attempts === 0) return false;
  if (error.code === 'deadline-exceeded') return error.outcome !== 'executed';
  return error.code === 'unavailable' && error.outcome === 'unknown';
}

/** What the attempts of a call at several servers have come to. */
export class Trail<Server> {
  readonly tried = new Set<Server>();
  /** How many copies of the request were sent. */
  attempts = 0;
  /** An attempt may have executed. */
  private uncertain = false;

  /** Takes note of an attempt that failed. */
  add(error: CallError): void {
    this.attempts += error.attempts;
    this.uncertain ||= error.outcome === 'unknown';
  }

  /** Whether a copy may have reached a server, in the attempt that failed so or in an earlier one. */
  isSent({ outcome }: CallError): boolean {
    return this.uncertain || outcome === 'unknown';
  }

  /** What is told of the whole call, whose last attempt ended so: earlier ones count too. */
  told(error: unknown): unknown {
    if (!(error instanceof CallError)) return error;
    const outcome = this.uncertain && error.outcome === 'not-executed' ? 'unknown' : error.outcome;
    const attempts = this.attempts + error.attempts;
    if (outcome === error.outcome && attempts === error.attempts) return error;
    const { code, message, details, cause } = error;
    return new CallError(code, message, {
      outcome,
      attempts,
      ...(details === undefined ? {} : { details }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
