import type { Metadata } from './metadata.js';

/** gRPC's canonical codes but `ok`, in lower case. */
export const callErrorCodes = [
  'cancelled',
  'unknown',
  'invalid-argument',
  'deadline-exceeded',
  'not-found',
  'already-exists',
  'permission-denied',
  'resource-exhausted',
  'failed-precondition',
  'aborted',
  'out-of-range',
  'unimplemented',
  'internal',
  'unavailable',
  'data-loss',
  'unauthenticated',
] as const;

export type CallErrorCode = (typeof callErrorCodes)[number];

/**
 * What a caller may conclude from a call that failed: the procedure ran nowhere and never will, it ran (for
 * at-least-once: at least once), or nobody can tell.
 */
export type Outcome = 'not-executed' | 'executed' | 'unknown';

/** A declared error that this client does not know: its full name and its fields as MessagePack. */
export interface UndeclaredErrorDetails {
  readonly name: string;
  readonly raw: Uint8Array;
}

export interface CallErrorOptions {
  readonly outcome: Outcome;
  /** How many copies of the request were handed to a socket. */
  readonly attempts?: number;
  readonly details?: UndeclaredErrorDetails;
  readonly metadata?: Metadata;
  readonly cause?: unknown;
}

/** Every failure of a call but the errors that its procedure declares. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: CallErrorCode;
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly details: UndeclaredErrorDetails | undefined;
  /** What the server sent beside this answer; `undefined` when it sent nothing. */
  readonly metadata: Metadata | undefined;

  constructor(code: CallErrorCode, message: string, options: CallErrorOptions) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.outcome = options.outcome;
    this.attempts = options.attempts ?? 0;
    this.details = options.details;
    this.metadata = options.metadata;
  }
}

/** The base of the classes that are generated for `error` declarations. */
export abstract class DeclaredError<Data = unknown> extends Error {
  /** The error's full name, by which the wire knows it: `bank.v1.NoSuchAccount`. */
  readonly fullName: string;
  /** The declared fields. */
  readonly data: Data;
  /** What the server sent beside this answer; `undefined` when it sent nothing, and where the error was not received. */
  metadata: Metadata | undefined;

  protected constructor(fullName: string, data: Data) {
    super(fullName);
    this.fullName = fullName;
    this.data = data;
    this.metadata = undefined;
  }
}
