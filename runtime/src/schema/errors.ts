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

/** Why a call failed. */
export type CallErrorCode = (typeof callErrorCodes)[number];

/**
 * What a caller may conclude from a call that failed: the procedure ran nowhere and never will, it ran (for
 * at-least-once: at least once), or nobody can tell.
 */
export type Outcome = 'not-executed' | 'executed' | 'unknown';

/** A declared error that this client does not know: its full name and its fields as MessagePack. */
export interface UndeclaredErrorDetails {
  /** The error's full name: `bank.v1.NoSuchAccount`. */
  readonly name: string;
  /** Its fields as MessagePack. */
  readonly raw: Uint8Array;
}

/** What is known of a failed call beside its code and its message. */
export interface CallErrorOptions {
  /** What the caller may conclude. */
  readonly outcome: Outcome;
  /** How many copies of the request were handed to a socket. */
  readonly attempts?: number;
  /** The error that the server threw, where this client does not know it. */
  readonly details?: UndeclaredErrorDetails;
  /** What the server sent beside its answer. */
  readonly metadata?: Metadata;
  /** The error behind this one, such as a socket's or the reason of an aborted signal. */
  readonly cause?: unknown;
}

/** Every failure of a call but the errors that its procedure declares. */
export class CallError extends Error {
  /** `CallError`. Also tells these errors apart where two copies of this package make `instanceof` fail. */
  override readonly name = 'CallError';
  /** Why the call failed: for programs, where the message is for people. */
  readonly code: CallErrorCode;
  /** Whether the procedure was executed, as far as that can be known. */
  readonly outcome: Outcome;
  /** How many copies of the request were handed to a socket; 0 when it was never sent. */
  readonly attempts: number;
  /** The error that the server threw, where this client does not know it; else `undefined`. */
  readonly details: UndeclaredErrorDetails | undefined;
  /** What the server sent beside this answer; `undefined` when it sent nothing. */
  readonly metadata: Metadata | undefined;

  /**
   * Services throw one themselves to answer with a code and a message; its outcome is then `executed`, whatever it
   * says.
   */
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
  /** The error's name without its module: `NoSuchAccount`. */
  declare name: string;
  /** The error's full name, by which the wire knows it: `bank.v1.NoSuchAccount`. */
  readonly fullName: string;
  /** The declared fields. */
  readonly data: Data;
  /** What the server sent beside this answer; `undefined` when it sent nothing, and where the error was not received. */
  metadata: Metadata | undefined;

  /** Called by the generated class of the error. */
  protected constructor(fullName: string, data: Data) {
    super(fullName);
    this.fullName = fullName;
    this.data = data;
    this.metadata = undefined;
  }
}
