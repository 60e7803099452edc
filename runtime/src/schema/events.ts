/** What the protocol tells of its work, to whoever listens. */
import type { CallErrorCode, Outcome } from './errors.js';

/** Of which client an event tells. */
export interface EventClient {
  /** The channel's id, 32 hexadecimal digits. */
  readonly clientId: string;
}

/** Of which call an event tells; both sides name a call alike. */
export interface EventCall extends EventClient {
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

/** Of which copy of a request an event tells. */
export interface EventAttempt {
  /** Which copy of the request, from 1. */
  readonly attempt: number;
}

/** How much an event tells of. */
export interface EventBytes {
  /** The size of what the event's kind tells of, in bytes. */
  readonly bytes: number;
}

/** Why it came to an event. */
export interface EventReason<Reason extends string> {
  /** One of the reasons that there are for events of this kind. */
  readonly reason: Reason;
}

/** How a call ended: with a result, with an error that the procedure declares, or otherwise. */
export type CallEnd = 'result' | 'declared-error' | 'failure';

/** How a call ended. */
export interface EventEnd {
  /** The manner of it. */
  readonly end: CallEnd;
  /** `ok`, the full name of the declared error, or the failure's code. */
  readonly code: string;
}

/** A part of a long message that was lost, or whose fate is asked for, was sent once more. */
export interface FragmentResent extends EventClient, EventBytes {
  /** The number of the call whose request or reply it is a part of. */
  readonly call: number;
  /** Which part of the message, from 0. */
  readonly fragment: number;
}

/** A segment of a stream that was lost, or that a new connection has to carry anew, was sent once more. */
export interface SegmentResent extends EventCall, EventBytes, EventPath {
  /** Which segment of the stream, from 0. */
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
  /** A part of a long request was sent once more. */
  'fragment-resent': FragmentResent;
  /** A segment of a stream to the server was. */
  'segment-resent': SegmentResent;
  /** The reply was asked for, without sending the request again. */
  'probe-sent': EventCall & EventPath;
  /** The server has the request and no reply yet. */
  'busy-received': EventCall & EventPath;
  /** A whole reply came. `attempt` is the copy that it answers. */
  'reply-received': EventCall & EventAttempt & EventBytes & EventPath;
  /** A reply came for a call that has ended. */
  'reply-unexpected': EventClient & {
    /** The number of the call among those of its channel. */
    readonly call: number;
  };
  /** A call ended. */
  'call-ended': EventCall &
    EventEnd & {
      /** Whether the procedure was executed. */
      readonly outcome: Outcome;
      /** The time since the call was made, in milliseconds. */
      readonly duration: number;
      /** How many copies of the request were sent. */
      readonly attempts: number;
    };
  /** There is a path to the server: a socket, or a connection. */
  'link-up': EventClient & EventPath;
  /** That path is gone. */
  'link-down': EventClient & EventPath;
  /** The server cannot be reached, or refuses the session. */
  unreachable: EventClient & {
    /** With which code the calls that were not sent yet fail. */
    readonly code: CallErrorCode;
    /** Why, for people. */
    readonly message: string;
  };
  /** The server has accepted the channel's first session, or one after a lost one. */
  'session-opened': EventClient & EventPath;
  /** The session goes on, on this path. */
  'session-renewed': EventClient & EventPath;
  /** The server does not know the session any more: it was started anew, or the lease was over. */
  'session-lost': EventClient;
  /** A frame broke the rules. */
  malformed: EventClient & EventPath;
  /** A datagram or a connection broke the rules before any frame was seen. */
  damaged: EventClient & EventPath & EventReason<DamageReason>;
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
  'duplicate-filtered': EventCall & EventAttempt & EventPath & EventReason<DuplicateReason>;
  /** A reply that was given before was sent again. */
  'resent-from-history': EventCall & EventPath;
  /** A call was refused. Its answer follows as `answered`. */
  refused: EventCall &
    EventPath & {
      /** With which code the call fails. */
      readonly code: CallErrorCode;
      /** Whether the procedure was executed. */
      readonly outcome: Outcome;
    };
  /** A procedure is started. */
  executing: EventCall & EventAttempt & EventPath;
  /** A call has its answer; `bytes` is the size of that. */
  answered: EventCall & EventEnd & EventBytes & EventPath;
  /** A part of a long reply was sent once more. */
  'fragment-resent': FragmentResent;
  /** A segment of a stream to a client was. */
  'segment-resent': SegmentResent;
  /** A client has said that it has replies, which are then forgotten. */
  acknowledged: EventClient & {
    /** How many those are. */
    readonly replies: number;
    /** How many are still kept for the client. */
    readonly left: number;
  };
  /** A client that was not known has a session now. */
  'session-opened': EventClient & EventPath;
  /** The session is forgotten, with its history: its lease is over, or the server was closed. */
  'session-ended': EventClient & EventReason<'lease-over' | 'closed'>;
  /** A client was told that its session is not known here. */
  'reset-sent': EventClient & EventPath;
  /** A frame broke the rules. */
  malformed: EventPath;
  /** A datagram or a connection broke the rules before any frame was seen. */
  damaged: EventPath & EventReason<DamageReason>;
}

/** One event of those kinds, with what its kind tells. */
export type EventOf<Events> = {
  [Kind in keyof Events]: {
    /** Tells the events apart. */
    readonly kind: Kind;
    /** When it was, in milliseconds on the platform's clock. */
    readonly at: number;
  } & Events[Kind];
}[keyof Events];

/** What the listener of a channel is told. */
export type ClientEvent = EventOf<ClientEvents>;

/** What the listener of a server is told. */
export type ServerEvent = EventOf<ServerEvents>;

/**
 * Told of events while the protocol is at work, so it should note them and return. What it throws is thrown as an
 * uncaught exception later in the same turn, and does the protocol no harm.
 */
export type EventListener<Event> = (event: Event) => void;
