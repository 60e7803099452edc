/** What the client's half of the protocol counts. */
import { createTransportCounters, type TransportCounters } from '../transport/transport.js';

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
