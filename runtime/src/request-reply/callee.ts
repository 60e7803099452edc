/**
 * The server's half of the request–reply protocol: finds the session, filters duplicates, keeps replies until they are
 * acknowledged, and hands new requests to the dispatcher. It is a state machine of frames and timers; executing
 * procedures is the matter of its users.
 */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Platform } from '../platform/platform.js';
import { type AnyProcedure, type DispatchEntry, returnsStream, takesStream } from '../schema/description.js';
import type { ServerEvents } from '../schema/events.js';
import { forEachFrame } from '../transport/frame-loop.js';
import {
  createTransportCounters,
  type Link,
  type LinkHandlers,
  type TransportCounters,
} from '../transport/transport.js';
import { Answering, type AnsweringCounters } from './answering.js';
import { createEventSource, type EventSource } from './event-source.js';
import { fingerprintOf } from './fingerprint.js';
import { fragmentOverhead, Reassembly, readFragmentHeader } from './fragments.js';
import { allFragments, FrameType, pingNumber, semanticsRank } from './frames.js';
import { ResetReason, resetBytes, sendReset } from './handshake-frames.js';
import type { ServerLimits } from './limits.js';
import { type Missing, readMissing } from './missing-frame.js';
import { aboutAcknowledged, aboutReceived, aboutRequest } from './observed-receipt.js';
import {
  abandon,
  type CallSession,
  duplicateReason,
  follow,
  moveTo,
  type ReceivedCall,
} from './received-call.js';
import { type RequestHeader, readRequestHeader } from './request-frame.js';
import {
  address,
  askToValidate,
  mayAnswer,
  sendBusy,
  sendMissing,
  writeChannelPreamble,
} from './send-reply.js';
import type { ServerSession } from './server-session.js';
import { type Sender, Sessions } from './sessions.js';
import { readCredit, readSegmentHeader } from './stream-frames.js';
import { StreamSchedule } from './streams.js';

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
  readonly counters: CalleeCounters = {
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
  private readonly limits: ServerLimits;
  /** Whose frames come over a connection. */
  private readonly bound = new Map<Link, Sender>();
  private readonly reader = new Reader();
  private lastReplyId = 0;
  private refusesNewCalls = false;

  constructor(options: CalleeOptions) {
    this.options = options;
    this.platform = options.platform;
    this.limits = options.limits;
    this.events = options.events ?? createEventSource(options.platform.clock);
    this.sessions = new Sessions({ ...options, events: this.events });
    this.streams = new StreamSchedule(options.platform.clock);
    this.answering = new Answering(
      options.platform.clock,
      options.limits,
      this.sessions.usage,
      this.counters,
      this.events,
    );
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
    Record<number, (link: Link, sender: Sender & { kind: 'session' }, reader: Reader, now: number) => void>
  > = {
    [FrameType.acknowledgement]: (_link, { session }, reader) => this.onAcknowledgement(session, reader),
    [FrameType.probe]: (link, { session }, reader, now) => this.onProbe(link, session, reader.rawU64(), now),
    [FrameType.missing]: (link, { session }, reader, now) =>
      this.onMissing(link, session, readMissing(reader), now),
    [FrameType.requestFragment]: (link, sender, reader, now) => this.onFragment(link, sender, reader, now),
    [FrameType.segment]: (link, { session }, reader) => {
      const header = readSegmentHeader(reader);
      if (session.find(header.number)?.streams?.receive(header, reader) === false) this.malformed(link);
    },
    [FrameType.credit]: (_link, { session }, reader, now) => {
      const credit = readCredit(reader);
      session.find(credit.number)?.streams?.outgoing?.onCredit(credit, now);
    },
    [FrameType.creditProbe]: (_link, { session }, reader) =>
      session.find(reader.rawU64())?.streams?.tellCredit(),
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
      if (this.filter(link, sender, procedure, header, fingerprint, now)) return;
      const call = this.accept(link, sender, procedure, header, fingerprint, now);
      if (this.admit(sender.session, call)) this.dispatch(call, target, header, reader);
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

  /** The duplicate filter. True: the request is another copy of one that came before, and is dealt with. */
  private filter(
    link: Link,
    sender: Sender & { kind: 'session' },
    procedure: AnyProcedure | undefined,
    { number, attempt }: RequestHeader,
    fingerprint: number,
    now: number,
  ): boolean {
    const { counters } = this;
    const { history, clientId } = sender.session;
    const known = history.find(number);
    if (known === undefined && !history.isFinished(number)) return false;
    const reason = duplicateReason(known, fingerprint);
    counters.duplicates++;
    const copy = { clientId, number, procedure, link };
    this.events.emit?.('duplicate-filtered', { ...aboutReceived(copy), attempt, reason });
    if (reason === 'finished') counters.stale++;
    if (reason === 'mismatched') counters.mismatched++;
    if (known === undefined || reason === 'mismatched') return true;
    follow(known, link, attempt, now);
    this.answering.again(known);
    return true;
  }

  private accept(
    link: Link,
    sender: Sender,
    procedure: AnyProcedure | undefined,
    { number, attempt, remaining }: Pick<RequestHeader, 'number' | 'attempt' | 'remaining'>,
    fingerprint: number | undefined,
    now: number,
  ): ReceivedCall {
    const session = sender.kind === 'session' ? sender.session : undefined;
    this.lastReplyId = (this.lastReplyId + 1) >>> 0;
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

  /** Puts a new at-most-once call into the history, or refuses it where the history is full. */
  private admit(session: ServerSession, call: ReceivedCall): boolean {
    const { limits } = this;
    const { usage } = this.sessions;
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
    this.answering.refusal(call, {
      code: 'resource-exhausted',
      outcome: canRecord ? 'not-executed' : 'unknown',
      message: `the server keeps ${session.history.size} replies that this client has not acknowledged, and takes no more calls until it has`,
    });
    return false;
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
    } else if (target.procedure.shape === 'unary' || this.openStreams(call, target))
      this.options.dispatch(call, target, header.hasMetadata, reader);
  }

  /** Opens the streams of a call, or refuses it where there are too many. */
  private openStreams(call: ReceivedCall, { procedure }: DispatchEntry): boolean {
    const { limits, streams } = this;
    const { session } = call;
    if (session === undefined) return false;
    if (session.streams >= limits.streamsPerClient || streams.size >= limits.streams) {
      const message = `${session.streams} calls with streams of this client run at the server already, ${streams.size} in all`;
      this.answering.refusal(call, { code: 'resource-exhausted', outcome: 'not-executed', message });
      return false;
    }
    session.streams++;
    call.streams = streams.open({
      number: call.number,
      incoming: takesStream(procedure),
      outgoing: returnsStream(procedure),
      window: { items: limits.streamItems, bytes: limits.streamBytes },
      longestItem: limits.messageBytes,
      isFollowed: false,
      reserve: bytes => {
        if (bytes > 0 && !this.hasRoom(session, bytes)) return false;
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
          this.events.emit?.('segment-resent', { ...aboutReceived(call), segment, bytes }),
        roundTrip: session.roundTrip,
        congestion: session.congestion,
      },
    });
    return true;
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

  private onFragment(link: Link, sender: Sender & { kind: 'session' }, reader: Reader, now: number): void {
    const { session } = sender;
    const header = readRequestHeader(reader);
    const fragment = readFragmentHeader(reader);
    const { number } = header;
    const { serial } = fragment;
    if (!Reassembly.isSound(fragment, this.limits.messageBytes))
      throw new MarshalError('a fragment that cannot be');
    const isFiltered = header.semantics === 'at-most-once';
    const known = session.find(number);
    if (known !== undefined || (isFiltered && session.history.isFinished(number))) {
      if (known === undefined || !fragment.asks) return;
      follow(known, link, header.attempt, now);
      this.answering.again(known);
      return;
    }
    const part = reader.rawBytes(reader.remaining);
    const isNew = !session.halfOpen.has(number);
    const hasRoom = this.hasRoom(session, part.length + (isNew ? 2 : 1) * fragmentOverhead);
    if (isNew && !hasRoom) return;
    const { message } = session.halfOpenRequest(number, fragment, isFiltered, now);
    if (hasRoom && message.add(fragment, part)) session.countHalfOpen(part.length + fragmentOverhead);
    if (message.complete) {
      const body = message.join();
      session.dropHalfOpen(number);
      sendMissing(link, session, { number, serial, ranges: [] });
      this.onRequest(link, sender, header, reader.reset(body), now);
    } else if (fragment.asks) {
      sendMissing(link, session, { number, serial, ranges: message.missing() });
    }
  }

  private hasRoom(session: CallSession, bytes: number): boolean {
    return (
      session.halfOpenBytes + bytes <= this.limits.halfOpenBytesPerClient &&
      this.sessions.usage.halfOpenBytes + bytes <= this.limits.halfOpenBytes
    );
  }

  /** A cancel may come before the request; then no copy of it will be executed. */
  private onCancel(link: Link, sender: Sender & { kind: 'session' }, number: number, now: number): void {
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
    if (!this.admit(session, call)) return;
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
