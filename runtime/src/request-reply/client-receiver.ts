/** What a client does with the frames that come: it matches replies with calls, and learns from them of the path. */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Clock } from '../platform/platform.js';
import type { ClientEvents } from '../schema/events.js';
import { forEachFrame } from '../transport/frame-loop.js';
import type { Link } from '../transport/transport.js';
import type { CallPaths } from './call-paths.js';
import type { CallerCounters } from './caller-counters.js';
import type { ClientFragments } from './client-fragments.js';
import { type ClientSession, isFor } from './client-session.js';
import type { ClientStreams } from './client-streams.js';
import { isRefusal } from './conclude.js';
import type { EventSource } from './event-source.js';
import { Reassembly, readFragmentHeader } from './fragments.js';
import { FrameType, pingNumber } from './frames.js';
import type { Liveness } from './liveness.js';
import { readMissing, sendMissingFrame } from './missing-frame.js';
import { aboutClient, aboutPending, aboutReply } from './observed-call.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';
import { type ReplyBody, readReplyBody, readReplyHeader } from './reply-frame.js';
import { fitsDatagram, sendMissingReply } from './send-request.js';
import type { Transmission } from './transmission.js';

export interface ClientReceiverOptions {
  readonly clock: Clock;
  readonly clientId: Buffer;
  readonly events: EventSource<ClientEvents>;
  readonly session: ClientSession;
  readonly paths: CallPaths;
  readonly pending: PendingCalls;
  readonly transmission: Transmission;
  readonly fragments: ClientFragments;
  readonly streams: ClientStreams;
  readonly liveness: Liveness;
  readonly counters: Pick<CallerCounters, 'malformed'>;
  /** The longest reply. */
  readonly messageBytes: number;
  /** The longest metadata of a reply. */
  readonly metadataBytes: number | undefined;
  /** The call that a reply is for; `undefined`: it has ended already. */
  answered(number: number): PendingCall | undefined;
  /** The server does not know the session any more, and said so there. */
  onLost(link: Link): void;
}

/** Takes the frames in `bytes[start, end)`. */
export type ClientReceiver = (link: Link, bytes: Buffer, start: number, end: number) => void;

export function createClientReceiver(options: ClientReceiverOptions): ClientReceiver {
  const { clock, session, paths, pending, transmission, fragments, streams, liveness, counters } = options;
  const { clientId, events, messageBytes, metadataBytes, answered } = options;
  const reader = new Reader();

  /**
   * Karn's rule: only a reply to a copy whose time of sending is known is a sample. Of a request that left in fragments
   * no single time is known, they give samples of their own; and a connection beside the datagrams is another path.
   */
  const sampleRoundTrip = (call: PendingCall, attempt: number, processing: number): void => {
    if (call.promoted || (call.sentOver !== undefined && !fitsDatagram(call.sentOver, call.frame))) return;
    const sentAt = attempt === call.copies ? call.lastSentAt : attempt === 1 ? call.firstSentAt : 0;
    if (sentAt > 0) session.roundTrip.sample(clock.now() - sentAt - processing);
  };

  const malformed = (link: Link): void => {
    counters.malformed++;
    events.emit?.('malformed', { ...aboutClient(clientId), peer: link.peer });
  };

  const conclude = (call: PendingCall, body: ReplyBody): void => {
    if (isRefusal(body)) liveness.refused();
    streams.conclude(call, body);
  };

  const onReply = (link: Link): void => {
    const { number, attempt, processing } = readReplyHeader(reader);
    const call = answered(number);
    if (call === undefined) return;
    events.emit?.('reply-received', aboutReply(clientId, call, link, attempt, reader.remaining));
    sampleRoundTrip(call, attempt, processing);
    conclude(call, readReplyBody(reader, call.procedure, metadataBytes));
  };

  /** Whether the rest of a long reply is to come over the connection: it was asked for there, or will be. */
  const takesElsewhere = (call: PendingCall, link: Link): boolean => {
    const isAsked = call.promoted;
    call.promoted = true;
    const now = clock.now();
    const path = paths.choose(call, now);
    if (path === link) return false;
    if (path !== undefined && !isAsked) transmission.transmit(call, now);
    return true;
  };

  const onReplyFragment = (link: Link): void => {
    const { number, attempt, processing } = readReplyHeader(reader);
    const replyId = reader.rawU32();
    const fragment = readFragmentHeader(reader);
    const { serial } = fragment;
    const call = answered(number);
    if (call === undefined) {
      // Nobody waits for it, so that nothing of it is missing.
      if (fragment.asks) sendMissingFrame(link, { number, id: replyId, serial, ranges: [] });
      return;
    }
    if (!Reassembly.isSound(fragment, messageBytes)) throw new MarshalError('a fragment that cannot be');
    // An at-least-once procedure may execute again: parts of two replies are never mixed, and the later one is kept.
    if (call.reply === undefined || replyId > call.replyId) {
      if (call.reply === undefined) sampleRoundTrip(call, attempt, processing);
      call.reply = new Reassembly(fragment.total, fragment.count);
      call.replyId = replyId;
    }
    if (replyId !== call.replyId) return;
    call.reply.add(fragment, reader.rawBytes(reader.remaining));
    if (call.reply.complete) {
      events.emit?.('reply-received', aboutReply(clientId, call, link, attempt, fragment.total));
      sendMissingReply(link, call, serial);
      conclude(call, readReplyBody(reader.reset(call.reply.join()), call.procedure, metadataBytes));
      return;
    }
    if (paths.isForConnection(call, fragment.total) && takesElsewhere(call, link)) return;
    transmission.signOfLife(call, link);
    if (fragment.asks) sendMissingReply(link, call, serial);
  };

  const onBusy = (link: Link): void => {
    const { number, attempt, processing } = readReplyHeader(reader);
    if (number === pingNumber) liveness.answered(false);
    const call = pending.get(number);
    if (call === undefined) return;
    events.emit?.('busy-received', aboutPending(clientId, call, link));
    if (!call.held) sampleRoundTrip(call, attempt, processing);
    call.held = true;
    if (fragments.isSending(number, 0)) {
      fragments.end(number);
      transmission.signOfLife(call, link);
    }
    // A slow procedure is asked for less and less often. But a connection's time-outs count what it left unanswered.
    if (link.reliable) call.timeouts = 0;
  };

  const onMissing = (link: Link): void => {
    const missing = readMissing(reader);
    const { number, serial, ranges } = missing;
    const now = clock.now();
    if (number === pingNumber) liveness.answered(true);
    // Fragments of a `maybe` request are on their way after its caller was told that they were sent.
    fragments.acknowledge(missing, now);
    const call = pending.get(number);
    if (call === undefined || call.procedure.semantics === 'maybe') return;
    if (serial !== 0 || ranges.length === 0 || fragments.isSending(number, 0)) return;
    // The answer to a probe: the server does not have the request.
    const path = link.reliable ? link : paths.choose(call, now);
    // What is on its way over the connection need not be sent as datagrams.
    if (path === undefined || (path !== link && path === call.sentOver)) return;
    call.held = false;
    call.reply = undefined;
    transmission.repeat(call, path, now, ranges);
  };

  const receivers: Readonly<Record<number, (link: Link) => void>> = {
    [FrameType.reply]: onReply,
    [FrameType.replyFragment]: onReplyFragment,
    [FrameType.busy]: onBusy,
    [FrameType.missing]: onMissing,
    [FrameType.segment]: link => {
      if (!streams.onSegment(reader, link)) malformed(link);
    },
    [FrameType.credit]: link => streams.onCredit(reader, link),
    [FrameType.creditProbe]: link => streams.onCreditProbe(reader, link),
    [FrameType.cookie]: () => session.onCookie(reader),
    [FrameType.welcome]: () => session.onWelcome(reader),
    [FrameType.refused]: () => session.onRefused(reader),
    [FrameType.reset]: link => {
      if (session.onReset(reader)) options.onLost(link);
    },
  };

  return (link, bytes, start, end) => {
    if (!paths.has(link)) return;
    let mine = link.reliable;
    const sound = forEachFrame(reader, bytes, start, end, type => {
      if (type === FrameType.channel) mine = isFor(clientId, reader);
      else if (mine) {
        liveness.heard();
        const receive = receivers[type];
        if (receive === undefined) malformed(link);
        else receive(link);
      }
      return true;
    });
    if (sound) return;
    malformed(link);
    if (link.reliable) paths.abandon(link);
  };
}
