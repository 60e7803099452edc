/** A call as the server keeps it, from its first copy until its answer is acknowledged. */
import type { AnyProcedure } from '../schema/description.js';
import { CallError } from '../schema/errors.js';
import type { DuplicateReason } from '../schema/events.js';
import type { Link } from '../transport/transport.js';
import type { CongestionWindow } from './congestion.js';
import type { FragmentSender } from './fragment-sender.js';
import type { RoundTripEstimate } from './retransmission.js';
import type { CallStreams } from './streams.js';

/** A reply as it is kept: its body, `bytes[start, end)`. */
export interface KeptReply {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What a call needs of the session in which it came. */
export interface CallSession {
  readonly token: Buffer;
  /** Sends its long replies. */
  readonly fragments: FragmentSender;
  /** Of the way to its client. */
  readonly roundTrip: RoundTripEstimate;
  readonly congestion: CongestionWindow;
  /** What its half-open requests and items hold, in bytes. */
  readonly halfOpenBytes: number;
  /** They hold so many more bytes. */
  countHalfOpen(bytes: number): void;
  /** How many of its calls have streams. */
  streams: number;
  /** The longest reply that its client takes. */
  readonly replyBytes: number;
  /** What its history takes. */
  readonly historyBytes: number;
  /** Whether the call stands in the history. */
  remembers(call: ReceivedCall): boolean;
  /** Keeps the reply of a call in the history until the client acknowledges it. */
  keep(call: ReceivedCall, reply: KeptReply): void;
  /** Keeps the long reply of a call that is not in the history, while parts of it may be missing. */
  keepForRepair(call: ReceivedCall, reply: KeptReply, now: number): void;
  /** The call runs no longer. */
  answered(call: ReceivedCall): void;
}

/** A request that was accepted; for at-most-once calls also the entry of the history. */
export interface ReceivedCall {
  readonly session: CallSession | undefined;
  readonly clientId: Buffer;
  readonly number: number;
  /** `undefined` where the server does not have it, or a cancel came before any copy. */
  readonly procedure: AnyProcedure | undefined;
  /** A checksum of the request's body; `undefined` where a cancel came before any copy. */
  readonly fingerprint: number | undefined;
  /** It stands in the session's history. */
  recorded: boolean;
  /** Nobody is to be answered. */
  oneWay: boolean;
  /** On the clock's scale. */
  readonly deadlineAt: number;
  /** Of the latest copy: where its answer goes, which it was, and when it came. */
  link: Link;
  attempt: number;
  arrivedAt: number;
  /** Tells fragments of this reply from those of another execution's. */
  replyId: number;
  state: 'waiting' | 'answered';
  reply: KeptReply | undefined;
  /** What goes with the answer, marshalled. */
  replyMetadata: Uint8Array | undefined;
  /** What comes and goes beside request and reply. */
  streams: CallStreams | undefined;
  /** The caller cancelled, gave up, or is gone. */
  abandoned: boolean;
  onAbandoned: (() => void) | undefined;
}

/** Nobody waits for the call's answer any more. */
export function abandon(call: ReceivedCall): void {
  if (call.state === 'answered' || call.abandoned) return;
  call.abandoned = true;
  call.onAbandoned?.();
  call.streams?.end(
    new CallError('cancelled', 'the caller cancelled the call or is gone', { outcome: 'unknown' }),
  );
}

/** The answer goes to where the latest copy came from, and names it. */
export function follow(call: ReceivedCall, link: Link, attempt: number, now: number): void {
  moveTo(call, link);
  call.attempt = attempt;
  call.arrivedAt = now;
}

/** The answer goes to where the client was heard last. */
export function moveTo(call: ReceivedCall, link: Link): void {
  if (call.link === link) return;
  call.link = link;
  call.streams?.resume();
}

/** Why a copy is not executed; `known` is the call under whose number it came. */
export function duplicateReason(known: ReceivedCall | undefined, fingerprint: number): DuplicateReason {
  if (known === undefined) return 'finished';
  if (known.fingerprint !== undefined && known.fingerprint !== fingerprint) return 'mismatched';
  return known.state === 'waiting' ? 'running' : 'answered';
}
