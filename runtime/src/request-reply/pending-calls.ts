/** The calls of a client that have no answer yet: those that wait for their turn, and those under way. */
import type { CallErrorCode } from '../schema/errors.js';
import type { Admission } from './admission.js';
import { CallTable } from './call-table.js';
import { unansweredError } from './conclude.js';
import type { PendingCall } from './pending-call.js';

export interface PendingCallsOptions {
  /** Holds back those whose turn to be sent has not come. */
  readonly admission: Admission;
  /** The number of the first call. */
  readonly firstNumber: number;
  /** A call ends; its caller is told next. */
  onEnd(call: PendingCall): void;
}

export interface PendingCalls extends Pick<CallTable<PendingCall>, 'size' | 'get' | 'add' | 'each'> {
  /** How many have started. Streams do not count, for they may last. */
  readonly started: number;
  /** Numbers of the at-most-once calls that have started, ascending. */
  readonly open: ReadonlySet<number>;
  /** The number for the next call. */
  takeNumber(): number;
  has(call: PendingCall): boolean;
  /** It is the call's turn. */
  start(call: PendingCall): void;
  /** Takes the call out, so that its caller can be told how it ended. */
  finish(call: PendingCall): PendingCall;
  fail(call: PendingCall, code: CallErrorCode, message: string, cause?: unknown): void;
  /** As `fail`; but a `maybe` call is over without an error. */
  giveUp(call: PendingCall, code: CallErrorCode, message: string, cause?: unknown): void;
  some(test: (call: PendingCall) => boolean): boolean;
  /** A new session needs to admit no number below, all of which were sent in an older one or are finished. */
  firstUnsent(): number;
  /** No copy of this or a later number was sent. */
  nextUnsent(): number;
}

export function createPendingCalls({ admission, firstNumber, onEnd }: PendingCallsOptions): PendingCalls {
  const table = new CallTable<PendingCall>();
  const open = new Set<number>();
  let started = 0;
  let nextNumber = firstNumber;

  const finish = (call: PendingCall): PendingCall => {
    table.delete(call.number);
    open.delete(call.number);
    onEnd(call);
    if (!admission.delete(call) && call.streams === undefined) started--;
    admission.admit();
    call.unlisten?.();
    call.streams?.release();
    return call;
  };

  const fail: PendingCalls['fail'] = (call, code, message, cause) =>
    finish(call).reject(unansweredError(call, code, message, cause));

  const nextUnsent = (): number => admission.first?.number ?? nextNumber;

  return {
    get size() {
      return table.size;
    },
    get started() {
      return started;
    },
    open,
    takeNumber: () => nextNumber++,
    get: number => table.get(number),
    has: call => table.get(call.number) === call,
    add: call => table.add(call),
    each: visit => table.each(visit),
    start(call) {
      if (call.streams === undefined) started++;
      if (call.procedure.semantics === 'at-most-once') open.add(call.number);
    },
    finish,
    fail,
    giveUp(call, code, message, cause) {
      if (call.procedure.semantics === 'maybe') finish(call).resolve(undefined);
      else fail(call, code, message, cause);
    },
    some(test) {
      let found = false;
      table.each(call => {
        found ||= test(call);
      });
      return found;
    },
    firstUnsent() {
      for (const number of open) if (table.get(number)!.copies === 0) return number;
      return nextUnsent();
    },
    nextUnsent,
  };
}
