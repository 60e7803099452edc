/** What the two halves of the protocol count. */
import { createTransportCounters, type TransportCounters } from '../transport/transport.js';
import type { AnsweringCounters } from './answering.js';

/** Counted since the channel was made. */
export interface CallerCounters extends TransportCounters {
  /** Calls that were begun. */
  calls: number;
  /** Requests sent again. */
  retransmitted: number;
  /** Small packets sent instead of a request. */
  probes: number;
  /** Replies for calls that had one already, or that nobody waits for. */
  duplicateReplies: number;
  /** Frames that the protocol does not allow. */
  malformed: number;
}

export function createCallerCounters(): CallerCounters {
  return {
    calls: 0,
    retransmitted: 0,
    probes: 0,
    duplicateReplies: 0,
    malformed: 0,
    ...createTransportCounters(),
  };
}

/** Counted since the server was started. */
export interface CalleeCounters extends TransportCounters, AnsweringCounters {
  /** Copies of requests that arrived. */
  requests: number;
  /** Copies that the filter kept from execution. */
  duplicates: number;
  /** Of these: of calls that the client had finished. */
  stale: number;
  /** Of these: under the number of another request. */
  mismatched: number;
  /** Frames of sessions that are not known here. */
  resets: number;
  /** Frames that the protocol does not allow. */
  malformed: number;
}

export function createCalleeCounters(): CalleeCounters {
  return {
    requests: 0,
    duplicates: 0,
    resent: 0,
    stale: 0,
    mismatched: 0,
    refused: 0,
    resets: 0,
    malformed: 0,
    ...createTransportCounters(),
  };
}
