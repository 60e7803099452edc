/**
 * The server's half of the request–reply protocol: finds the session, filters duplicates, keeps replies until they are
 * acknowledged, and hands new requests to the dispatcher. It is a state machine of frames and timers; executing
 * procedures is the matter of its users.
 */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Platform } from '../platform/platform.js';
import type { DispatchEntry } from '../schema/description.js';
import { crc32c } from '../transport/crc32c.js';
import { type Link, type LinkHandlers, lengthBytes, type TransportCounters } from '../transport/transport.js';
import { Reassembly, readFragmentHeader } from './fragments.js';
import {
  allFragments,
  arena,
  type Failure,
  FrameType,
  ReplyStatus,
  readRanges,
  semanticsRank,
  sendFrame,
  writeFailure,
} from './frames.js';
import { ResetReason, sendReset } from './handshake-frames.js';
import type { ServerLimits } from './limits.js';
import { type RequestHeader, readRequestHeader } from './request-frame.js';
import {
  address,
  askToValidate,
  beginReply,
  mayAnswer,
  replyBodyAt,
  sendBusy,
  sendKeptReply,
  sendMissing,
  writeChannelPreamble,
} from './send-reply.js';
import { abandon, type KeptReply, type ReceivedCall, type ServerSession } from './server-session.js';
import { type Sender, Sessions } from './sessions.js';

/** Counted since the server was started. */
export interface CalleeCounters extends TransportCounters {
  /** Copies of requests that arrived. */
  requests: number;
  /** Copies that the filter kept from execution. */
  duplicates: number;
  /** Of these: answered with the reply that the history kept. */
  resent: number;
  /** Of these: of calls that the client had finished. */
  stale: number;
  /** Of these: under the number of another request. */
  mismatched: number;
  /** Calls that were refused and not executed. */
  refused: number;
  /** Sessions that were named and not known. */
  resets: number;
  /** Frames that the protocol does not allow. */
  malformed: number;
}

export interface CalleeOptions {
  readonly platform: Platform;
  readonly limits: ServerLimits;
  /** The server's TCP port, or 0. */
  tcpPort(): number;
  /** The procedure with this key, if the server has it. */
  find(keyHigh: number, keyLow: number): DispatchEntry | undefined;
  /**
   * Executes a request, now or later, and answers it by one of the callee's `answer` methods or `refuse`. The reader
   * stands at the metadata or the arguments and is valid until this returns.
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
    damaged: 0,
  };
  readonly sessions: Sessions;
  readonly handlers: LinkHandlers = {
    onFrames: (link, bytes, start, end) => this.onFrames(link, bytes, start, end),
    onDown: link => {
      this.bound.delete(link);
    },
    preamble: writeChannelPreamble,
  };
  private readonly options: CalleeOptions;
  private readonly platform: Platform;
  private readonly limits: ServerLimits;
  /** Whose frames come over a connection. */
  private readonly bound = new Map<Link, Sender>();
  private readonly reader = new Reader();
  private lastReplyId = 0;

  constructor(options: CalleeOptions) {
    this.options = options;
    this.platform = options.platform;
    this.limits = options.limits;
    this.sessions = new Sessions(options);
  }

  /** Tells the callers of what still runs that they will learn no more, and ends all sessions. */
  close(): void {
    const message = 'the server was closed while the call ran';
    for (const call of [...this.sessions.unanswered()]) {
      this.answerFailure(call, { code: 'unavailable', outcome: 'unknown', message });
    }
    this.sessions.close();
  }

  // Receiving

  private onFrames(link: Link, bytes: Buffer, start: number, end: number): void {
    const { reader } = this;
    const now = this.platform.clock.now();
    let sender = link.reliable ? this.bound.get(link) : undefined;
    if (sender?.kind === 'session' && !this.sessions.renew(sender.session, now)) {
      // A connection may live longer than the session that it was opened for.
      sender = rejected(sender.session);
      this.bound.set(link, sender);
    }
    let at = start;
    while (at < end) {
      try {
        reader.reset(bytes, at, end);
        const frameEnd = at + lengthBytes + reader.rawU32();
        if (frameEnd > end) throw new MarshalError('a frame is longer than what holds it');
        reader.end = frameEnd;
        const type = reader.rawU8();
        if (type === FrameType.hello) this.sessions.greet(link, reader, now);
        else if (type === FrameType.session) sender = this.onSession(link, reader, now);
        else if (sender === undefined || sender.kind === 'rejected') {
          this.reject(link, sender, type);
          if (!link.reliable) return;
        } else this.onFrame(link, sender, type, reader, now);
        at = frameEnd;
      } catch (error) {
        if (!(error instanceof MarshalError)) throw error;
        this.counters.malformed++;
        if (link.reliable) {
          this.bound.delete(link);
          link.close();
        }
        return;
      }
    }
  }

  private onSession(link: Link, reader: Reader, now: number): Sender {
    const sender = this.sessions.identify(link, reader, now);
    if (link.reliable) this.bound.set(link, sender);
    return sender;
  }

  private reject(link: Link, sender: Sender | undefined, type: number): void {
    if (sender === undefined) throw new MarshalError('frames of nobody');
    if (sender.kind !== 'rejected') return;
    this.counters.resets++;
    if (type === FrameType.acknowledgement && link.reliable) return;
    address(link, Buffer.from(sender.clientId));
    if (mayAnswer(link, replyBodyAt)) sendReset(link, sender.token, sender.reason);
  }

  private onFrame(link: Link, sender: Sender, type: number, reader: Reader, now: number): void {
    if (type === FrameType.request) {
      this.onRequest(link, sender, readRequestHeader(reader), reader, now);
      return;
    }
    if (sender.kind !== 'session') {
      this.counters.malformed++;
      return;
    }
    const { session } = sender;
    switch (type) {
      case FrameType.acknowledgement:
        return session.acknowledge(reader);
      case FrameType.probe:
        return this.onProbe(link, session, reader, now);
      case FrameType.requestFragment:
        return this.onRequestFragment(link, sender, reader, now);
      case FrameType.cancel:
        return this.onCancel(link, session, reader.rawU64(), now);
      default:
        this.counters.malformed++;
    }
  }

  private onRequest(link: Link, sender: Sender, header: RequestHeader, reader: Reader, now: number): void {
    this.counters.requests++;
    const body = reader.position;
    const target = this.options.find(reader.rawU32(), reader.rawU32());
    const declared = target?.procedure.semantics ?? header.semantics;
    const session = sender.kind === 'session' ? sender.session : undefined;
    // The stronger of both is kept: the schema decides, and a client that counts on a filter gets one.
    const filtered = semanticsRank[declared] === 2 || header.semantics === 'at-most-once';
    const tooWeak = semanticsRank[header.semantics] < semanticsRank[declared];
    if (filtered && !tooWeak) {
      if (session === undefined) throw new MarshalError('an at-most-once request without a session');
      const fingerprint = crc32c(reader.buffer, body, reader.end);
      if (!this.isNew(link, session, header, fingerprint, now)) return;
      const call = this.received(link, sender, header, fingerprint, target, now);
      if (!this.admit(session, call)) return;
      this.dispatch(call, target, header.hasMetadata, reader);
      return;
    }
    const call = this.received(link, sender, header, undefined, target, now);
    call.oneWay = declared === 'maybe' && target?.procedure.hasResult === false;
    if (tooWeak) {
      const why = `the procedure is ${declared} here, but the client's schema says ${header.semantics}`;
      this.refuse(call, { code: 'failed-precondition', outcome: 'not-executed', message: why });
      return;
    }
    if (header.semantics === 'at-least-once') session?.unfiltered.set(call.number, call);
    this.dispatch(call, target, header.hasMetadata, reader);
  }

  /** The duplicate filter. */
  private isNew(
    link: Link,
    session: ServerSession,
    header: RequestHeader,
    fingerprint: number,
    now: number,
  ): boolean {
    const { counters } = this;
    if (session.finished.has(header.number)) {
      counters.duplicates++;
      counters.stale++;
      return false;
    }
    const known = session.history.get(header.number);
    if (known === undefined) return true;
    counters.duplicates++;
    if (known.fingerprint !== undefined && known.fingerprint !== fingerprint) {
      counters.mismatched++;
      return false;
    }
    known.link = link;
    known.attempt = header.attempt;
    known.arrivedAt = now;
    if (known.state === 'waiting') sendBusy(known);
    else this.resend(known, now);
    return false;
  }

  private resend(call: ReceivedCall, now: number): void {
    this.counters.resent++;
    if (call.reply !== undefined) sendKeptReply(call, call.reply, now);
    else this.sendTombstone(call);
  }

  private received(
    link: Link,
    sender: Sender,
    header: RequestHeader,
    fingerprint: number | undefined,
    target: DispatchEntry | undefined,
    now: number,
  ): ReceivedCall {
    const session = sender.kind === 'session' ? sender.session : undefined;
    this.lastReplyId = (this.lastReplyId + 1) >>> 0;
    return {
      session,
      clientId: sender.kind === 'session' ? sender.session.clientId : sender.clientId,
      number: header.number,
      fingerprint,
      target,
      recorded: fingerprint !== undefined,
      oneWay: false,
      deadlineAt: now + header.remaining,
      link,
      attempt: header.attempt,
      arrivedAt: now,
      replyId: this.lastReplyId,
      state: 'waiting',
      reply: undefined,
      abandoned: false,
      onAbandoned: undefined,
    };
  }

  /** Puts a new at-most-once call into the history, or refuses it where the history is full. */
  private admit(session: ServerSession, call: ReceivedCall): boolean {
    const { limits } = this;
    const { usage } = this.sessions;
    const full =
      session.history.size >= limits.historyEntriesPerClient ||
      session.historyBytes >= limits.historyBytesPerClient ||
      usage.historyEntries >= limits.historyEntries ||
      usage.historyBytes >= limits.historyBytes;
    if (!full) {
      session.record(call);
      return true;
    }
    // Refusals have as much room again. Beyond it nothing is remembered, so a late copy might still be executed.
    const canRecord = session.history.size < 2 * limits.historyEntriesPerClient;
    if (canRecord) session.record(call);
    this.refuse(call, {
      code: 'resource-exhausted',
      outcome: canRecord ? 'not-executed' : 'unknown',
      message: 'the server keeps as many unacknowledged replies as it may; acknowledge some and call again',
    });
    return false;
  }

  private dispatch(
    call: ReceivedCall,
    target: DispatchEntry | undefined,
    hasMetadata: boolean,
    reader: Reader,
  ): void {
    if (target === undefined) {
      const message = 'the server does not implement this procedure of this interface';
      this.refuse(call, { code: 'unimplemented', outcome: 'not-executed', message });
    } else this.options.dispatch(call, target, hasMetadata, reader);
  }

  private onProbe(link: Link, session: ServerSession, reader: Reader, now: number): void {
    const attempt = reader.rawU8();
    const number = reader.rawU64();
    const replyId = reader.rawU32();
    const ranges = readRanges(reader);
    const call =
      session.history.get(number) ?? session.unfiltered.get(number) ?? session.repairs.find(number);
    if (call === undefined) {
      const halfOpen = session.halfOpen.get(number);
      sendMissing(link, session.clientId, number, halfOpen?.message.missing() ?? allFragments);
      return;
    }
    call.link = link;
    call.attempt = attempt;
    call.arrivedAt = now;
    if (call.state === 'waiting') sendBusy(call);
    else if (call.reply === undefined) this.sendTombstone(call);
    else {
      if (ranges.length === 0) this.counters.resent++;
      sendKeptReply(call, call.reply, now, replyId === call.replyId ? ranges : undefined);
    }
  }

  private onRequestFragment(
    link: Link,
    sender: Sender & { kind: 'session' },
    reader: Reader,
    now: number,
  ): void {
    const { session } = sender;
    const header = readRequestHeader(reader);
    const fragment = readFragmentHeader(reader);
    const { number } = header;
    if (!Reassembly.isSound(fragment, this.limits.messageBytes))
      throw new MarshalError('a fragment cannot be');
    const known = session.history.get(number);
    const filtered = header.semantics === 'at-most-once';
    if (known !== undefined || (filtered && session.finished.has(number))) {
      if (known === undefined || !fragment.asks) return;
      known.link = link;
      if (known.state === 'waiting') sendBusy(known);
      else this.resend(known, now);
      return;
    }
    let request = session.halfOpen.get(number);
    if (request === undefined) {
      request = { message: new Reassembly(fragment.total, fragment.count), filtered, lastHeard: now };
      session.halfOpen.set(number, request);
    }
    request.lastHeard = now;
    const part = reader.rawBytes(reader.remaining);
    const hasRoom =
      session.halfOpenBytes + part.length <= this.limits.halfOpenBytesPerClient &&
      this.sessions.usage.halfOpenBytes + part.length <= this.limits.halfOpenBytes;
    if (hasRoom && request.message.add(fragment, part)) session.countHalfOpen(part.length);
    if (request.message.complete) {
      const body = request.message.join();
      session.dropHalfOpen(number);
      this.onRequest(link, sender, header, this.reader.reset(body), now);
    } else if (fragment.asks) {
      sendMissing(link, session.clientId, number, request.message.missing());
    }
  }

  /** A cancel may come before the request; then no copy of it will be executed. */
  private onCancel(link: Link, session: ServerSession, number: number, now: number): void {
    const running = session.history.get(number) ?? session.unfiltered.get(number);
    if (running !== undefined) {
      abandon(running);
      return;
    }
    if (session.finished.has(number)) return;
    const header: RequestHeader = {
      flags: 0,
      semantics: 'at-most-once',
      hasMetadata: false,
      attempt: 0,
      number,
      remaining: 0,
    };
    const call = {
      ...this.received(link, { kind: 'session', session }, header, undefined, undefined, now),
      recorded: true,
    };
    if (this.admit(session, call)) {
      this.refuse(call, {
        code: 'cancelled',
        outcome: 'not-executed',
        message: 'the caller cancelled the call',
      });
    }
  }

  // Answering

  /** Answers with what the procedure returned. @throws MarshalError when it does not fit the declared type */
  answerResult(call: ReceivedCall, target: DispatchEntry, value: unknown): void {
    if (call.state === 'answered') return;
    const now = this.platform.clock.now();
    const writer = beginReply(call, now);
    try {
      writer.rawU8(ReplyStatus.result);
      if (target.procedure.hasResult) target.procedure.writeResult(writer, value);
    } catch (error) {
      arena.abandon();
      throw error;
    }
    this.finishAnswer(call, now);
  }

  /** Answers with an error that the procedure declares. @throws MarshalError when its data does not fit */
  answerError(call: ReceivedCall, fullName: string, writeData: () => void): void {
    if (call.state === 'answered') return;
    const now = this.platform.clock.now();
    const writer = beginReply(call, now);
    try {
      writer.rawU8(ReplyStatus.declaredError);
      writer.string(fullName);
      writeData();
    } catch (error) {
      arena.abandon();
      throw error;
    }
    this.finishAnswer(call, now);
  }

  answerFailure(call: ReceivedCall, failure: Failure): void {
    if (call.state === 'answered') return;
    const now = this.platform.clock.now();
    const writer = beginReply(call, now);
    writer.rawU8(ReplyStatus.failure);
    writeFailure(writer, failure);
    this.finishAnswer(call, now);
  }

  /**
   * Answers a call that is not executed. The answer is recorded before it is sent, so that a late copy gets the same
   * one; a call that is not recorded may still be executed by a late copy, and its caller is told so.
   */
  refuse(call: ReceivedCall, failure: Failure): void {
    this.counters.refused++;
    const final = call.recorded || call.link.reliable || isDecidedBySchema(failure);
    this.answerFailure(call, final ? failure : { ...failure, outcome: 'unknown' });
  }

  /** Keeps the reply that stands in the arena and sends it. */
  private finishAnswer(call: ReceivedCall, now: number): void {
    const { limits } = this;
    const { session } = call;
    const reply = { bytes: arena.buffer, start: arena.start + replyBodyAt, end: arena.position };
    const size = reply.end - reply.start;
    call.state = 'answered';
    call.target = undefined;
    call.onAbandoned = undefined;
    session?.unfiltered.delete(call.number);
    const isUnwanted = call.abandoned && session?.history.get(call.number) !== call;
    if (call.oneWay || isUnwanted) {
      arena.abandon();
      return;
    }
    if (size > limits.messageBytes) {
      arena.abandon();
      this.sendTombstone(call);
      return;
    }
    if (call.recorded && session !== undefined) this.keepReply(session, call, reply);
    const fits = size + replyBodyAt <= call.link.maxFrame;
    address(call.link, call.clientId);
    if (fits && mayAnswer(call.link, size + replyBodyAt)) sendFrame(call.link);
    else if (fits) {
      arena.abandon();
      askToValidate(call.link, session?.token);
    } else {
      arena.begin();
      if (!call.recorded) session?.repairs.keep(call, reply, now);
      sendKeptReply(call, reply, now);
    }
  }

  private keepReply(session: ServerSession, call: ReceivedCall, reply: KeptReply): void {
    const { limits } = this;
    const size = reply.end - reply.start;
    if (!session.history.has(call.number)) return;
    const fits =
      size <= limits.keptReplyBytes &&
      session.historyBytes + size <= limits.historyBytesPerClient + limits.keptReplyBytes &&
      this.sessions.usage.historyBytes + size <= limits.historyBytes + limits.keptReplyBytes;
    if (fits) session.keep(call, reply);
  }

  /** The call was executed; its reply is not there any more, or was too large to be sent at all. */
  private sendTombstone(call: ReceivedCall): void {
    const writer = beginReply(call, this.platform.clock.now());
    writer.rawU8(ReplyStatus.failure);
    writeFailure(writer, {
      code: 'resource-exhausted',
      outcome: 'executed',
      message: 'the call was executed, but its reply is larger than the server keeps or sends',
    });
    address(call.link, call.clientId);
    if (mayAnswer(call.link, arena.length)) sendFrame(call.link);
    else arena.abandon();
  }
}

function rejected({ clientId, token }: ServerSession): Sender {
  return { kind: 'rejected', clientId, token, reason: ResetReason.unknownSession };
}

/** Refusals that every copy of the request gets from a server with this schema. */
function isDecidedBySchema({ code }: Failure): boolean {
  return code === 'invalid-argument' || code === 'unimplemented' || code === 'failed-precondition';
}
