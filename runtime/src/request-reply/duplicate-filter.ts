/**
 * Which requests of at-most-once calls are executed: those of which no copy came before, while the history has room to
 * remember them.
 */
import type { AnyProcedure } from '../schema/description.js';
import type { ServerEvents } from '../schema/events.js';
import type { Link } from '../transport/transport.js';
import type { Answering } from './answering.js';
import type { CalleeCounters } from './callee-counters.js';
import type { EventSource } from './event-source.js';
import type { ServerLimits } from './limits.js';
import { aboutReceived } from './observed-receipt.js';
import { duplicateReason, follow, type ReceivedCall } from './received-call.js';
import type { RequestHeader } from './request-frame.js';
import type { ServerSession, SharedUsage } from './server-session.js';

export interface DuplicateFilterOptions {
  readonly limits: ServerLimits;
  readonly usage: SharedUsage;
  readonly counters: Pick<CalleeCounters, 'duplicates' | 'stale' | 'mismatched'>;
  readonly answering: Answering;
  readonly events: EventSource<ServerEvents>;
}

export interface DuplicateFilter {
  /** Whether the request is another copy of one that came before; then it is dealt with. */
  catches(
    link: Link,
    session: ServerSession,
    procedure: AnyProcedure | undefined,
    header: RequestHeader,
    fingerprint: number,
    now: number,
  ): boolean;
  /** Puts a new call into the history, or refuses it where the history is full. */
  admits(session: ServerSession, call: ReceivedCall): boolean;
}

export function createDuplicateFilter(options: DuplicateFilterOptions): DuplicateFilter {
  const { limits, usage, counters, answering, events } = options;
  return {
    catches(link, session, procedure, { number, attempt }, fingerprint, now) {
      const { history, clientId } = session;
      const known = history.find(number);
      if (known === undefined && !history.isFinished(number)) return false;
      const reason = duplicateReason(known, fingerprint);
      counters.duplicates++;
      const copy = { clientId, number, procedure, link };
      events.emit?.('duplicate-filtered', { ...aboutReceived(copy), attempt, reason });
      if (reason === 'finished') counters.stale++;
      if (reason === 'mismatched') counters.mismatched++;
      if (known === undefined || reason === 'mismatched') return true;
      follow(known, link, attempt, now);
      answering.again(known);
      return true;
    },
    admits(session, call) {
      const isFull =
        session.history.size >= limits.historyEntriesPerClient ||
        session.history.bytes >= limits.historyBytesPerClient ||
        usage.historyEntries >= limits.historyEntries ||
        usage.historyBytes >= limits.historyBytes;
      if (!isFull) {
        session.history.record(call);
        return true;
      }
      // Refusals have as much room again. Beyond it nothing is remembered, so a late copy might still be executed.
      const canRecord =
        session.history.size < 2 * limits.historyEntriesPerClient &&
        usage.historyEntries < 2 * limits.historyEntries;
      if (canRecord) session.history.record(call);
      answering.refusal(call, {
        code: 'resource-exhausted',
        outcome: canRecord ? 'not-executed' : 'unknown',
        message: `the server keeps ${session.history.size} replies that this client has not acknowledged, and takes no more calls until it has`,
      });
      return false;
    },
  };
}
