/**
 * The server's half of the request–reply protocol: finds the session, filters duplicates, keeps replies until they are
 * acknowledged, and hands new requests to the dispatcher. It is a state machine of frames and timers; executing
 * procedures is the matter of its users.
 */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Platform } from '../platform/platform.js';
import type { AnyProcedure, DispatchEntry } from '../schema/description.js';
import type { ServerEvents } from '../schema/events.js';
import { forEachFrame } from '../transport/frame-loop.js';
import type { Link, LinkHandlers } from '../transport/transport.js';
import { Answering } from './answering.js';
import { type CalleeCounters, createCalleeCounters } from './callee-counters.js';
import { createDuplicateFilter, type DuplicateFilter } from './duplicate-filter.js';
import { createEventSource, type EventSource } from './event-source.js';
import { fingerprintOf } from './fingerprint.js';
import { allFragments, FrameType, pingNumber, semanticsRank } from './frames.js';
import { ResetReason, resetBytes, sendReset } from './handshake-frames.js';
import type { ServerLimits } from './limits.js';
import { type Missing, readMissing } from './missing-frame.js';
import { aboutAcknowledged, aboutRequest } from './observed-receipt.js';
import { abandon, follow, moveTo, type ReceivedCall } from './received-call.js';
import { createRequestFragments } from './request-fragments.js';
import { type RequestHeader, readRequestHeader } from './request-frame.js';
import { address, mayAnswer, sendBusy, sendMissing, writeChannelPreamble } from './send-reply.js';
import type { ServerSession } from './server-session.js';
import { createServerStreams, type ServerStreams } from './server-streams.js';
import { type Sender, type SessionSender, Sessions } from './sessions.js';
import { StreamSchedule } from './streams.js';

export interface CalleeOptions {
  readonly platform: Platform;
  readonly limits: ServerLimits;
  /** Where it tells of its work; in one of its own unless told otherwise. */
  readonly events?: EventSource<ServerEvents>;
  /** The longest datagram that is sent. */
  readonly datagramBytes: number;
  /** The server's TCP port, or 0. */
  tcpPort(): number;
  /** The procedure with this key, if the server has it. */
  find(keyHigh: number, keyLow: number): DispatchEntry | undefined;
  /**
   * Executes a request, now or later, and has it answered. The reader stands at the metadata or the arguments, and is
   * valid until this returns.
   */
  dispatch(call: ReceivedCall, target: DispatchEntry, hasMetadata: boolean, reader: Reader): void;
}

export class CalleeEndpoint {
  readonly counters: CalleeCounters = createCalleeCounters();
  readonly sessions: Sessions;
  readonly answering: Answering;
  readonly streams: StreamSchedule;
  readonly handlers: LinkHandlers = {
    onFrames: (link, bytes, start, end) => this.onFrames(link, bytes, start, end),
    onDamaged: (peer, reason) => this.events.emit?.('damaged', { peer, reason }),
    onDown: link => {
      this.bound.delete(link);
    },
    onDrain: link => this.streams.onDrain(link),
    preamble: writeChannelPreamble,
  };
  readonly events: EventSource<ServerEvents>;
  private readonly options: CalleeOptions;
  private readonly platform: Platform;
  private readonly filter: DuplicateFilter;
  private readonly serverStreams: ServerStreams;
  private readonly onRequestFragment: ReturnType<typeof createRequestFragments>;
  /** Whose frames come over a connection. */
  private readonly bound = new Map<Link, Sender>();
  private readonly reader = new Reader();
  private lastReplyId = 0;
  private refusesNewCalls = false;

  constructor(options: CalleeOptions) {
    this.options = options;
    this.platform = options.platform;
    const { limits } = options;
    const { clock } = options.platform;
    this.events = options.events ?? createEventSource(clock);
    const { events } = this;
    this.sessions = new Sessions({ ...options, events });
    this.streams = new StreamSchedule(clock);
    const { usage } = this.sessions;
    this.answering = new Answering(clock, limits, usage, this.counters, events);
    const { answering, counters } = this;
    this.filter = createDuplicateFilter({ limits, usage, counters, answering, events });
    this.serverStreams = createServerStreams({ limits, usage, schedule: this.streams, answering, events });
    this.onRequestFragment = createRequestFragments({
      limits,
      usage,
      answering,
      onRequest: (link, sender, header, reader, now) => this.onRequest(link, sender, header, reader, now),
    });
  }

  /** From now on calls that are not known are refused. Sessions may still be opened, so that a client can learn of it. */
  refuseNewCalls(): void {
    this.refusesNewCalls = true;
  }

  /** Tells the callers of what still runs that they will learn no more, and ends all sessions. */
  close(): void {
    const message = 'the server was closed while the call ran';
    for (const call of [...this.sessions.unanswered()]) {
      this.answering.failure(call, { code: 'unavailable', outcome: 'unknown', message });
    }
    this.sessions.close();
    this.streams.close();
  }

  private onFrames(link: Link, bytes: Buffer, start: number, end: number): void {
    const { reader } = this;
    const now = this.platform.clock.now();
    let sender = link.reliable ? this.bound.get(link) : undefined;
    if (sender?.kind === 'session' && !this.sessions.renew(sender.session, now)) {
      // A connection may live longer than the session that it was opened for.
      sender = rejected(sender.session);
      this.bound.set(link, sender);
    }
    const sound = forEachFrame(reader, bytes, start, end, type => {
      if (type === FrameType.hello) this.sessions.greet(link, reader, now);
      else if (type === FrameType.session) {
        sender = this.sessions.identify(link, reader, now);
        if (link.reliable) this.bound.set(link, sender);
      } else if (sender?.kind === 'rejected') {
        this.reset(link, sender);
        return link.reliable;
      } else this.onFrame(link, sender ?? nobody, type, reader, now);
      return true;
    });
    if (sound) return;
    this.malformed(link);
    if (!link.reliable) return;
    this.bound.delete(link);
    link.close();
  }

  private reset(link: Link, sender: Sender & { kind: 'rejected' }): void {
    this.counters.resets++;
    this.events.emit?.('reset-sent', { clientId: sender.clientId.toString('hex'), peer: link.peer });
    address(link, sender.clientId);
    if (mayAnswer(link, resetBytes)) sendReset(link, sender.token, sender.reason);
  }

  private onFrame(link: Link, sender: Sender, type: number, reader: Reader, now: number): void {
    if (type === FrameType.request) {
      this.onRequest(link, sender, readRequestHeader(reader), reader, now);
      return;
    }
    const receive = sender.kind === 'session' ? this.receivers[type] : undefined;
    if (receive === undefined || sender.kind !== 'session') this.malformed(link);
    else receive(link, sender, reader, now);
  }

  private malformed(link: Link): void {
    this.counters.malformed++;
    this.events.emit?.('malformed', { peer: link.peer });
  }

  private readonly receivers: Readonly<
    Record<number, (link: Link, sender: SessionSender, reader: Reader, now: number) => void>
  > = {
    [FrameType.acknowledgement]: (_link, { session }, reader) => this.onAcknowledgement(session, reader),
    [FrameType.probe]: (link, { session }, reader, now) => this.onProbe(link, session, reader.rawU64(), now),
    [FrameType.missing]: (link, { session }, reader, now) =>
      this.onMissing(link, session, readMissing(reader), now),
    [FrameType.requestFragment]: (link, sender, reader, now) =>
      this.onRequestFragment(link, sender, reader, now),
    [FrameType.segment]: (link, { session }, reader) => {
      if (!this.serverStreams.onSegment(session, reader)) this.malformed(link);
    },
    [FrameType.credit]: (_link, { session }, reader, now) =>
      this.serverStreams.onCredit(session, reader, now),
    [FrameType.creditProbe]: (_link, { session }, reader) =>
      this.serverStreams.onCreditProbe(session, reader),
    [FrameType.cancel]: (link, sender, reader, now) => this.onCancel(link, sender, reader.rawU64(), now),
  };

  private onRequest(link: Link, sender: Sender, header: RequestHeader, reader: Reader, now: number): void {
    this.counters.requests++;
    // Parts of it may have come as datagrams before it came whole over a connection.
    if (sender.kind === 'session' && sender.session.halfOpen.size > 0) {
      sender.session.dropHalfOpen(header.number);
    }
    const body = reader.position;
    const target = this.options.find(reader.rawU32(), reader.rawU32());
    const procedure = target?.procedure;
    const bytes = reader.end - body;
    this.events.emit?.('request-received', aboutRequest(link, sender, procedure, header, bytes));
    // The stronger of both is kept: the schema decides, and a client that counts on a filter gets one.
    const declared = target?.procedure.semantics ?? header.semantics;
    const isTooWeak = semanticsRank[header.semantics] < semanticsRank[declared];
    if (header.semantics === 'at-most-once') {
      if (sender.kind !== 'session') throw new MarshalError('an at-most-once request without a session');
      const fingerprint = fingerprintOf(reader.buffer, body, reader.end);
      if (this.filter.catches(link, sender.session, procedure, header, fingerprint, now)) return;
      const call = this.accept(link, sender, procedure, header, fingerprint, now);
      if (this.filter.admits(sender.session, call)) this.dispatch(call, target, header, reader);
      return;
    }
    const call = this.accept(link, sender, procedure, header, undefined, now);
    call.oneWay = header.semantics === 'maybe' && target?.procedure.hasResult === false;
    if (isTooWeak) {
      const message = `the procedure is ${declared} at the server; the client's schema says ${header.semantics}`;
      this.answering.refusal(call, { code: 'failed-precondition', outcome: 'not-executed', message });
      return;
    }
    if (header.semantics === 'at-least-once' && sender.kind === 'session') {
      const known = this.refusesNewCalls ? sender.session.find(call.number) : undefined;
      if (known !== undefined) {
        // It will not be executed again, but what runs or is kept for it must not be covered by a refusal.
        follow(known, link, header.attempt, now);
        this.answering.again(known);
        return;
      }
      sender.session.unfiltered.set(call.number, call);
    }
    this.dispatch(call, target, header, reader);
  }

  private accept(
    link: Link,
    sender: Sender,
    procedure: AnyProcedure | undefined,
    { number, attempt, remaining }: Pick<RequestHeader, 'number' | 'attempt' | 'remaining'>,
    fingerprint: number | undefined,
    now: number,
  ): ReceivedCall {
    this.lastReplyId = (this.lastReplyId + 1) >>> 0;
    const session = sender.kind === 'session' ? sender.session : undefined;
    return {
      session,
      clientId: sender.kind === 'session' ? sender.session.clientId : sender.clientId,
      number,
      procedure,
      fingerprint,
      recorded: fingerprint !== undefined,
      oneWay: false,
      deadlineAt: now + remaining,
      link,
      attempt,
      arrivedAt: now,
      replyId: this.lastReplyId,
      state: 'waiting',
      reply: undefined,
      replyMetadata: undefined,
      streams: undefined,
      abandoned: false,
      onAbandoned: undefined,
    };
  }

  private dispatch(
    call: ReceivedCall,
    target: DispatchEntry | undefined,
    header: RequestHeader,
    reader: Reader,
  ): void {
    if (target === undefined) {
      const message = 'the server does not implement this procedure of this interface';
      this.answering.refusal(call, { code: 'unimplemented', outcome: 'not-executed', message });
    } else if (this.refusesNewCalls) {
      const message = 'the server is shutting down and takes no more calls';
      this.answering.refusal(call, { code: 'unavailable', outcome: 'not-executed', message });
    } else if (target.procedure.shape === 'unary' || this.serverStreams.open(call, target.procedure))
      this.options.dispatch(call, target, header.hasMetadata, reader);
  }

  private onAcknowledgement(session: ServerSession, reader: Reader): void {
    const kept = session.history.size;
    session.acknowledge(reader);
    const left = session.history.size;
    if (left < kept) this.events.emit?.('acknowledged', aboutAcknowledged(session.clientId, kept, left));
  }

  private onProbe(link: Link, session: ServerSession, number: number, now: number): void {
    if (number === pingNumber && this.refusesNewCalls)
      sendBusy(this.accept(link, { kind: 'session', session }, undefined, ping, undefined, now), now);
    else this.answerProbe(link, session, number);
  }

  private answerProbe(link: Link, session: ServerSession, number: number, missing?: Missing): void {
    const call = session.find(number);
    if (call === undefined) {
      const ranges = session.halfOpen.get(number)?.message.missing() ?? allFragments;
      sendMissing(link, session, { number, serial: 0, ranges });
    } else {
      // Not the copy's time of arrival: the client measures its round trip from the copy that the answer names.
      moveTo(call, link);
      this.answering.again(call, missing?.id === call.replyId ? missing.ranges : undefined);
    }
  }

  /** A client says what of a reply it lacks. */
  private onMissing(link: Link, session: ServerSession, missing: Missing, now: number): void {
    const { number, id, serial, ranges } = missing;
    if (session.fragments.isSending(number, id)) {
      const call = session.find(number);
      if (call !== undefined) moveTo(call, link);
      session.fragments.acknowledge(missing, now);
    } else if (serial === 0 && ranges.length > 0) this.answerProbe(link, session, number, missing);
    if (ranges.length === 0 && session.repairs.find(number)?.replyId === id) session.repairs.drop(number);
  }

  /** A cancel may come before the request; then no copy of it will be executed. */
  private onCancel(link: Link, sender: SessionSender, number: number, now: number): void {
    const { session } = sender;
    const known = session.find(number);
    if (known !== undefined) {
      abandon(known);
      session.fragments.end(number);
      return;
    }
    if (session.history.isFinished(number)) return;
    const call = this.accept(link, sender, undefined, { number, attempt: 0, remaining: 0 }, undefined, now);
    call.recorded = true;
    if (!this.filter.admits(session, call)) return;
    const message = 'the caller cancelled the call before it arrived';
    this.answering.refusal(call, { code: 'cancelled', outcome: 'not-executed', message });
  }
}

const ping = { number: pingNumber, attempt: 0, remaining: 0 };

/** Who sends over a connection before it has said so. */
const nobody: Sender = { kind: 'anonymous', clientId: Buffer.alloc(16) };

function rejected({ clientId, token }: ServerSession): Sender {
  return { kind: 'rejected', clientId, token, reason: ResetReason.unknownSession };
}
