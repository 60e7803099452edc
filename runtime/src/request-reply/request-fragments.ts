/** How a server puts requests together that come in fragments, and says what of them is missing. */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import type { Link } from '../transport/transport.js';
import type { Answering } from './answering.js';
import { fragmentOverhead, Reassembly, readFragmentHeader } from './fragments.js';
import type { ServerLimits } from './limits.js';
import { follow } from './received-call.js';
import { type RequestHeader, readRequestHeader } from './request-frame.js';
import { sendMissing } from './send-reply.js';
import { hasRoom, type SharedUsage } from './server-session.js';
import type { SessionSender } from './sessions.js';

export interface RequestFragmentsOptions {
  readonly limits: ServerLimits;
  readonly usage: SharedUsage;
  readonly answering: Answering;
  /** A request has come whole: the reader stands at its body. */
  onRequest(link: Link, sender: SessionSender, header: RequestHeader, reader: Reader, now: number): void;
}

/** Makes what takes the fragments of requests. */
export function createRequestFragments(options: RequestFragmentsOptions) {
  const { limits, usage, answering } = options;
  return (link: Link, sender: SessionSender, reader: Reader, now: number): void => {
    const { session } = sender;
    const header = readRequestHeader(reader);
    const fragment = readFragmentHeader(reader);
    const { number } = header;
    const { serial } = fragment;
    if (!Reassembly.isSound(fragment, limits.messageBytes))
      throw new MarshalError('a fragment that cannot be');
    const isFiltered = header.semantics === 'at-most-once';
    const known = session.find(number);
    if (known !== undefined || (isFiltered && session.history.isFinished(number))) {
      if (known === undefined || !fragment.asks) return;
      follow(known, link, header.attempt, now);
      answering.again(known);
      return;
    }
    const part = reader.rawBytes(reader.remaining);
    const isNew = !session.halfOpen.has(number);
    const fits = hasRoom(session, usage, limits, part.length + (isNew ? 2 : 1) * fragmentOverhead);
    if (isNew && !fits) return;
    const { message } = session.halfOpenRequest(number, fragment, isFiltered, now);
    if (fits && message.add(fragment, part)) session.countHalfOpen(part.length + fragmentOverhead);
    if (message.complete) {
      const body = message.join();
      session.dropHalfOpen(number);
      sendMissing(link, session, { number, serial, ranges: [] });
      options.onRequest(link, sender, header, reader.reset(body), now);
    } else if (fragment.asks) {
      sendMissing(link, session, { number, serial, ranges: message.missing() });
    }
  };
}
