/** The streams of a server's calls: how they are opened, and what comes for them. */
import type { Reader } from '../marshalling/reader.js';
import { type AnyProcedure, returnsStream, takesStream } from '../schema/description.js';
import type { ServerEvents } from '../schema/events.js';
import type { Answering } from './answering.js';
import type { EventSource } from './event-source.js';
import type { ServerLimits } from './limits.js';
import { aboutReceived } from './observed-receipt.js';
import type { ReceivedCall } from './received-call.js';
import { address, askToValidate } from './send-reply.js';
import { hasRoom, type ServerSession, type SharedUsage } from './server-session.js';
import { readCredit, readSegmentHeader } from './stream-frames.js';
import type { StreamSchedule } from './streams.js';

export interface ServerStreamsOptions {
  readonly limits: ServerLimits;
  readonly usage: SharedUsage;
  readonly schedule: StreamSchedule;
  readonly answering: Answering;
  readonly events: EventSource<ServerEvents>;
}

export interface ServerStreams {
  /** Opens the streams of a call, or refuses it where there are too many. */
  open(call: ReceivedCall, procedure: AnyProcedure): boolean;
  /** Takes a segment of a stream. @returns false when it is not one that may come */
  onSegment(session: ServerSession, reader: Reader): boolean;
  onCredit(session: ServerSession, reader: Reader, now: number): void;
  onCreditProbe(session: ServerSession, reader: Reader): void;
}

export function createServerStreams(options: ServerStreamsOptions): ServerStreams {
  const { limits, usage, schedule, answering, events } = options;
  return {
    open(call, procedure) {
      const { session } = call;
      if (session === undefined) return false;
      if (session.streams >= limits.streamsPerClient || schedule.size >= limits.streams) {
        const message = `${session.streams} calls with streams of this client run at the server already, ${schedule.size} in all`;
        answering.refusal(call, { code: 'resource-exhausted', outcome: 'not-executed', message });
        return false;
      }
      session.streams++;
      call.streams = schedule.open({
        number: call.number,
        incoming: takesStream(procedure),
        outgoing: returnsStream(procedure),
        window: { items: limits.streamItems, bytes: limits.streamBytes },
        longestItem: limits.messageBytes,
        isFollowed: false,
        reserve: bytes => {
          if (bytes > 0 && !hasRoom(session, usage, limits, bytes)) return false;
          session.countHalfOpen(bytes);
          return true;
        },
        onEnd: () => session.streams--,
        path: {
          link: () => {
            const { link } = call;
            if (!link.validated) {
              askToValidate(link, session.token);
              return undefined;
            }
            address(link, call.clientId);
            return link;
          },
          onResent: (_link, segment, bytes) =>
            events.emit?.('segment-resent', { ...aboutReceived(call), segment, bytes }),
          roundTrip: session.roundTrip,
          congestion: session.congestion,
        },
      });
      return true;
    },
    onSegment(session, reader) {
      const header = readSegmentHeader(reader);
      return session.find(header.number)?.streams?.receive(header, reader) !== false;
    },
    onCredit(session, reader, now) {
      const credit = readCredit(reader);
      session.find(credit.number)?.streams?.outgoing?.onCredit(credit, now);
    },
    onCreditProbe: (session, reader) => session.find(reader.rawU64())?.streams?.tellCredit(),
  };
}
