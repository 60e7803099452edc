/** The streams of a client's calls: how they are opened, and what comes for them. */
import type { Reader } from '../marshalling/reader.js';
import type { Clock } from '../platform/platform.js';
import { returnsStream, takesStream } from '../schema/description.js';
import type { ClientEvents } from '../schema/events.js';
import type { Link } from '../transport/transport.js';
import type { ClientSession } from './client-session.js';
import { followsItems, settle } from './conclude.js';
import type { EventSource } from './event-source.js';
import { aboutPending } from './observed-call.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';
import type { ReplyBody } from './reply-frame.js';
import { connectionPatience, maximumTimeout } from './retransmission.js';
import { readCredit, readSegmentHeader } from './stream-frames.js';
import type { StreamWindow } from './stream-receiver.js';
import type { StreamSchedule } from './streams.js';

export interface ClientStreamsOptions {
  readonly clock: Clock;
  readonly clientId: Buffer;
  readonly events: EventSource<ClientEvents>;
  readonly session: ClientSession;
  readonly pending: PendingCalls;
  readonly schedule: StreamSchedule;
  readonly window: StreamWindow;
  /** The longest item. */
  readonly messageBytes: number;
  /** The call that a frame is for; `undefined`: it has ended already. */
  answered(number: number): PendingCall | undefined;
}

export interface ClientStreams {
  /** How many calls have streams. */
  readonly size: number;
  /** Opens the streams of a call. */
  open(call: PendingCall): void;
  /** Takes a segment of a stream. @returns false when it is not one that may come */
  onSegment(reader: Reader, link: Link): boolean;
  onCredit(reader: Reader, link: Link): void;
  onCreditProbe(reader: Reader, link: Link): void;
  /** Ends a call that was answered, when the items that were sent before the answer have come. */
  conclude(call: PendingCall, body: ReplyBody): void;
}

export function createClientStreams(options: ClientStreamsOptions): ClientStreams {
  const { clock, clientId, events, session, pending, schedule } = options;

  /** The call of a stream's frame. That it came is a sign of life. */
  const heard = (number: number, link: Link): PendingCall | undefined => {
    const call = options.answered(number);
    if (call === undefined) return undefined;
    call.held = true;
    call.timeouts = 0;
    call.dueAt = clock.now() + (link.reliable ? connectionPatience(0) : maximumTimeout);
    return call;
  };

  return {
    get size() {
      return schedule.size;
    },
    open(call) {
      call.streams = schedule.open({
        number: call.number,
        incoming: returnsStream(call.procedure),
        outgoing: takesStream(call.procedure),
        window: options.window,
        longestItem: options.messageBytes,
        isFollowed: true,
        // An item is bounded as every message is.
        reserve: () => true,
        path: {
          link: () => {
            const now = clock.now();
            if (call.copies === 0 || !session.isFresh(now)) return undefined;
            session.touch(now);
            return session.link;
          },
          onResent: (link, segment, bytes) =>
            events.emit?.('segment-resent', { ...aboutPending(clientId, call, link), segment, bytes }),
          roundTrip: session.roundTrip,
          congestion: session.congestion,
        },
      });
    },
    onSegment(reader, link) {
      const header = readSegmentHeader(reader);
      const call = heard(header.number, link);
      if (call === undefined) return true;
      if (call.streams?.receive(header, reader) !== true) return false;
      if (call.answer !== undefined && call.streams.incoming?.isComplete === true)
        settle(pending.finish(call), call.answer);
      return true;
    },
    onCredit(reader, link) {
      const credit = readCredit(reader);
      heard(credit.number, link)?.streams?.outgoing?.onCredit(credit, clock.now());
    },
    onCreditProbe: (reader, link) => heard(reader.rawU64(), link)?.streams?.tellCredit(),
    conclude(call, body) {
      if (call.streams?.incoming?.isComplete === false && followsItems(body)) {
        call.held = true;
        call.answer = body;
      } else settle(pending.finish(call), body);
    },
  };
}
