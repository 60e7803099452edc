/** What the protocol tells of its work, to whoever listens. */
import type { CallErrorCode, Outcome } from './errors.js';

/** Of which call an event tells; both sides name a call alike. */
export interface EventCall {
  /** The calling channel's id, 32 hexadecimal digits. */
  readonly clientId: string;
  /** The number of the call among those of its channel. */
  readonly call: number;
  /** `bank.v1.Bank.transfer`; `undefined` where the server does not know the procedure. */
  readonly procedure: string | undefined;
}

/** Of which path an event tells. */
export interface EventPath {
  /** The address of the other end: `udp://127.0.0.1:41234`. */
  readonly peer: string;
}

interface EventClient {
  readonly clientId: string;
}

interface EventAttempt {
  /** Which copy of the request, from 1. */
  readonly attempt: number;
}

interface EventBytes {
  readonly bytes: number;
}

/** How a call ended: with a result, with an error that the procedure declares, or otherwise. */
export type CallEnd = 'result' | 'declared-error' | 'failure';

interface EventEnd {
  readonly end: CallEnd;
  /** `ok`, the full name of the declared error, or the failure's code. */
  readonly code: string;
}

/** A part of a long message that was lost, or whose fate is asked for, was sent once more. */
interface FragmentResent extends EventClient, EventBytes {
  readonly call: number;
  readonly fragment: number;
}

/** Segments of a stream that were lost, or that a new connection has to carry anew, and were sent once more. */
interface SegmentResent extends EventCall, EventBytes, EventPath {
  readonly segment: number;
}

/** The events of a channel by their kinds. Sizes are in bytes, times in milliseconds. */
export interface ClientEvents {
  /** A call was made; `bytes` is the size of its request. */
  'call-begun': EventCall & EventBytes;
  /** The first copy of a request was handed to a socket. */
  'request-sent': EventCall & EventAttempt & EventBytes & EventPath;
  /** A further copy was. */
  retransmitted: EventCall & EventAttempt & EventBytes & EventPath;
  'fragment-resent': FragmentResent;
  'segment-resent': SegmentResent;
  /** The reply was asked for, without sending the request again. */
  'probe-sent': EventCall & EventPath;
  /** The server has the request and no reply yet. */
  'busy-received': EventCall & EventPath;
  /** A whole reply came. `attempt` is the copy that it answers. */
  'reply-received': EventCall & EventAttempt & EventBytes & EventPath;
  /** A reply came for a call that has ended. */
  'reply-unexpected': EventClient & { readonly call: number };
  /** A call ended. `duration` is the time since it was made, `attempts` how many copies were sent. */
  'call-ended': EventCall &
    EventEnd & { readonly outcome: Outcome; readonly duration: number; readonly attempts: number };
  /** There is a path to the server: a socket, or a connection. */
  'link-up': EventClient & EventPath;
  'link-down': EventClient & EventPath;
  /** The server cannot be reached, or refuses the session. */
  unreachable: EventClient & { readonly code: CallErrorCode; readonly message: string };
  'session-opened': EventClient & EventPath;
  /** The session goes on, on this path. */
  'session-renewed': EventClient & EventPath;
  /** The server does not know the session any more: it was started anew, or the lease was over. */
  'session-lost': EventClient;
  /** A frame broke the rules. */
  malformed: EventClient & EventPath;
  /** A datagram or a connection broke the rules before any frame was seen. */
  damaged: EventClient & EventPath & { readonly reason: DamageReason };
}

/** What was wrong: checksum, magic or version; a seal; or a sealed datagram came again. */
export type DamageReason = 'damaged' | 'forged' | 'replayed';

/** Why a request was not executed: another copy of it runs, or was answered; the call is over; it is another request. */
export type DuplicateReason = 'running' | 'answered' | 'finished' | 'mismatched';

/** The events of a server by their kinds. Sizes are in bytes, times in milliseconds. */
export interface ServerEvents {
  /** A copy of a request is complete; `bytes` is the size of its body. */
  'request-received': EventCall & EventAttempt & EventBytes & EventPath;
  /** The filter kept a copy from execution. */
  'duplicate-filtered': EventCall & EventAttempt & EventPath & { readonly reason: DuplicateReason };
  /** A reply that was given before was sent again. */
  'resent-from-history': EventCall & EventPath;
  /** A call was refused. Its answer follows as `answered`. */
  refused: EventCall & EventPath & { readonly code: CallErrorCode; readonly outcome: Outcome };
  /** A procedure is started. */
  executing: EventCall & EventAttempt & EventPath;
  /** A call has its answer; `bytes` is the size of that. */
  answered: EventCall & EventEnd & EventBytes & EventPath;
  'fragment-resent': FragmentResent;
  'segment-resent': SegmentResent;
  /** A client has said that it has these replies; `left` are kept for it. */
  acknowledged: EventClient & { readonly replies: number; readonly left: number };
  'session-opened': EventClient & EventPath;
  /** The session is forgotten, with its history: its lease is over, or the server was closed. */
  'session-ended': EventClient & { readonly reason: 'lease-over' | 'closed' };
  /** A client was told that its session is not known here. */
  'reset-sent': EventClient & EventPath;
  malformed: EventPath;
  damaged: EventPath & { readonly reason: DamageReason };
}

/** One event: its kind, when it was on the platform's clock in milliseconds, and what its kind tells. */
export type EventOf<Events> = {
  [Kind in keyof Events]: { readonly kind: Kind; readonly at: number } & Events[Kind];
}[keyof Events];

export type ClientEvent = EventOf<ClientEvents>;
export type ServerEvent = EventOf<ServerEvents>;

/**
 * Told of events while the protocol is at work, so it should note them and return. What it throws is thrown as an
 * uncaught exception later in the same turn, and does the protocol no harm.
 */
export type EventListener<Event> = (event: Event) => void;
