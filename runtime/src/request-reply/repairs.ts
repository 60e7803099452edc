/**
 * Long replies of calls that are not filtered, kept for a moment: while parts of such a reply are missing, the client
 * asks for them instead of having the procedure executed again. Nothing is promised of them, so what is too much or
 * too old is dropped.
 */
import type { KeptReply, ReceivedCall } from './received-call.js';

/** Milliseconds. */
const maxAge = 10_000;

export interface Repairs {
  keep(call: ReceivedCall, reply: KeptReply, now: number): void;
  find(number: number): ReceivedCall | undefined;
  /** The client has the whole reply, or does not want it. */
  drop(number: number): void;
  dropOld(now: number): void;
}

export function createRepairs(maxBytes: number): Repairs {
  const kept = new Map<
    number,
    { readonly call: ReceivedCall; readonly until: number; readonly size: number }
  >();
  let bytes = 0;

  const drop = (number: number): void => {
    const known = kept.get(number);
    if (known === undefined) return;
    bytes -= known.size;
    known.call.reply = undefined;
    kept.delete(number);
  };

  return {
    keep(call, reply, now) {
      const size = reply.end - reply.start;
      drop(call.number);
      for (const number of kept.keys()) {
        if (bytes + size <= maxBytes) break;
        drop(number);
      }
      call.reply = reply;
      kept.set(call.number, { call, until: now + maxAge, size });
      bytes += size;
    },
    find: number => kept.get(number)?.call,
    drop,
    dropOld(now) {
      for (const [number, { until }] of kept) if (until <= now) drop(number);
    },
  };
}
