/** What the server's half of the protocol counts. */
import { createTransportCounters, type TransportCounters } from '../transport/transport.js';
import type { AnsweringCounters } from './answering.js';

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
