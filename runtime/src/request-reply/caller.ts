/**
 * The client's half of the request–reply protocol: numbers the calls, sends and retransmits requests, matches replies,
 * acknowledges them, and ends calls to which no answer comes. It is a state machine of frames and timers; marshalling
 * values is the matter of its users.
 */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Platform } from '../platform/platform.js';
import { returnsStream, takesStream } from '../schema/description.js';
import type { CallError, CallErrorCode } from '../schema/errors.js';
import type { ClientEvents } from '../schema/events.js';
import type { Address } from '../transport/address.js';
import { forEachFrame } from '../transport/frame-loop.js';
import type { ClientTls } from '../transport/security.js';
import {
  createTransportCounters,
  type Dial,
  type Link,
  type TransportCounters,
} from '../transport/transport.js';
import { type Admission, createAdmission } from './admission.js';
import { CallTable } from './call-table.js';
import { type CallTimer, createCallTimer } from './call-timer.js';
import { type Acknowledger, createAcknowledger } from './client-acknowledgement.js';
import { type ClientFragments, createClientFragments } from './client-fragments.js';
import { ClientSession, isFor } from './client-session.js';
import { expire, followsItems, isRefusal, settle, unansweredError } from './conclude.js';
import { createEventSource, type EventSource } from './event-source.js';
import { Reassembly, readFragmentHeader } from './fragments.js';
import { beginFrame, FrameType, finishFrame, pingNumber, type Ranges, sendFrame } from './frames.js';
import { type ChannelLimits, defaultChannelLimits } from './limits.js';
import { type EndpointState, Liveness, type LivenessSettings } from './liveness.js';
import { readMissing, sendMissingFrame } from './missing-frame.js';
import { aboutClient, aboutCopy, aboutPending, aboutReply, observe } from './observed-call.js';
import type { PendingCall } from './pending-call.js';
import { createPromotion, type Promotion } from './promotion.js';
import { type ReplyBody, readReplyBody, readReplyHeader } from './reply-frame.js';
import { backOff, connectionPatience, maximumTimeout } from './retransmission.js';
import type { RetryBudget } from './retry-budget.js';
import { fitsDatagram, longestRequest, sendMissingReply, sendProbe, sendRequest } from './send-request.js';
import { readCredit, readSegmentHeader } from './stream-frames.js';
import type { StreamWindow } from './stream-receiver.js';
import { StreamSchedule } from './streams.js';

/** Unanswered questions after which a connection is taken for dead. */
const connectionTries = 3;

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

export interface CallerOptions extends Partial<ChannelLimits>, LivenessSettings {
  readonly platform: Platform;
  readonly dial: Dial;
  readonly address: Address;
  readonly clientId: Buffer;
  readonly messageBytes: number;
  readonly datagramBytes: number;
  /** The longest metadata of a reply; 8,192 bytes unless told otherwise. */
  readonly metadataBytes?: number | undefined;
  readonly retryBudget?: RetryBudget | undefined;
  readonly tls?: ClientTls | undefined;
  readonly streamWindow: StreamWindow;
  /** Where it tells of its work; in one of its own unless told otherwise. */
  readonly events?: EventSource<ClientEvents>;
  /** The number of the first call; 1 unless told otherwise. */
  readonly firstNumber?: number;
}

export class CallerEndpoint {
  readonly counters: CallerCounters = createCallerCounters();
  /** Of its one server. */
  readonly address: Address;
  closed = false;
  readonly events: EventSource<ClientEvents>;
  private readonly platform: Platform;
  private readonly clientId: Buffer;
  private readonly messageBytes: number;
  private readonly metadataBytes: number | undefined;
  private readonly retryBudget: RetryBudget | undefined;
  private readonly streamWindow: StreamWindow;
  private readonly streams: StreamSchedule;
  private readonly session: ClientSession;
  /** Takes messages of more bytes than these; `Infinity`: there is none. */
  private readonly promotionBytes: number;
  private readonly promotion: Promotion;
  private readonly pending = new CallTable<PendingCall>();
  /** How many of them have started. Streams do not count, for they may last. */
  private admitted = 0;
  /** Holds back those among them whose turn to be sent has not come. */
  private readonly admission: Admission;
  /** Numbers of the at-most-once calls among them, ascending. */
  private readonly open = new Set<number>();
  private nextNumber: number;
  private readonly timer: CallTimer;
  private readonly fragments: ClientFragments;
  private readonly acknowledger: Acknowledger;
  private readonly liveness: Liveness;
  private readonly reader = new Reader();

  constructor(options: CallerOptions) {
    this.platform = options.platform;
    this.events = options.events ?? createEventSource(options.platform.clock);
    this.address = options.address;
    this.clientId = options.clientId;
    const limits = { ...defaultChannelLimits, ...options };
    this.messageBytes = limits.messageBytes;
    this.promotionBytes = options.address.scheme === 'udp' ? limits.promotionBytes : Number.POSITIVE_INFINITY;
    this.metadataBytes = options.metadataBytes;
    this.retryBudget = options.retryBudget;
    this.streamWindow = options.streamWindow;
    this.streams = new StreamSchedule(this.platform.clock);
    this.nextNumber = options.firstNumber ?? 1;
    this.admission = createAdmission({
      ...limits,
      clock: this.platform.clock,
      inFlight: () => this.admitted,
      isFull: () => this.session.link?.full === true,
      start: call => this.start(call),
    });
    this.timer = createCallTimer(this.platform.clock, now => this.sweep(now));
    this.acknowledger = createAcknowledger(
      this.platform.clock,
      this.open,
      () => this.nextUnsent(),
      () => this.acknowledge(this.session.link),
    );
    this.liveness = new Liveness({
      ...options,
      clock: this.platform.clock,
      timer: this.timer,
      session: () => this.session,
      waits: () => this.pending.size > 0,
    });
    this.session = new ClientSession({
      ...options,
      counters: this.counters,
      events: this.events,
      handlers: {
        onDamaged: (peer, reason) =>
          this.events.emit?.('damaged', { ...aboutClient(this.clientId), peer, reason }),
        onFrames: (link, bytes, start, end) => this.onFrames(link, bytes, start, end),
        preamble: (_link, target, at, end) => this.writePreamble(target, at, end),
        onFlush: link => this.onFlush(link),
        onDrain: link => {
          this.admission.admit();
          this.streams.onDrain(link);
        },
      },
      firstNumber: () => this.firstUnsentNumber(),
      wanted: () => this.pending.size > 0 || this.liveness.pinging,
      onAsk: () => this.liveness.asked(this.platform.clock.now()),
      onLink: () => this.sendWithoutSession(),
      onReady: renewed => this.onReady(renewed),
      onUnreachable: error => {
        this.failUnsent(error);
        this.liveness.lost();
      },
    });
    this.fragments = createClientFragments({
      clock: this.platform.clock,
      session: this.session,
      datagramBytes: options.datagramBytes,
      onResent: (number, fragment, bytes) => {
        this.events.emit?.('fragment-resent', {
          ...aboutClient(this.clientId),
          call: number,
          fragment,
          bytes,
        });
      },
      isPending: call => this.pending.get(call.number) === call,
      onArrived: call => {
        call.held = true;
        if (this.session.link !== undefined) this.signOfLife(call, this.session.link);
      },
    });
    this.promotion = createPromotion({
      ...options,
      counters: this.counters,
      session: this.session,
      handlers: {
        onFrames: (link, bytes, start, end) => this.onFrames(link, bytes, start, end),
        onFlush: link => this.onFlush(link),
        onDrain: () => this.transmitPromoted(({ copies }) => copies === 0),
      },
      wanted: () => this.isPromotionWanted(),
      onReady: () => this.transmitPromoted(() => true),
      onFailed: () => this.transmitPromoted(() => true),
    });
  }

  /** How many calls have no answer yet. */
  get inFlight(): number {
    return this.pending.size;
  }

  /** Calls with streams among them. */
  get openStreamCalls(): number {
    return this.streams.size;
  }

  get state(): EndpointState {
    return this.liveness.state;
  }

  /** The number for the next call. */
  takeNumber(): number {
    return this.nextNumber++;
  }

  /** Takes over a call: it ends with its `resolve` or `reject`, by its deadline at the latest. */
  submit(call: PendingCall): void {
    this.counters.calls++;
    if (this.events.emit !== undefined) observe(this.clientId, call, this.platform.clock, this.events);
    const { admission } = this;
    const mayStart = admission.isOpen;
    if (!mayStart && admission.isFull) {
      call.unlisten?.();
      const message = `${admission.size} calls wait to be sent already`;
      call.reject(unansweredError(call, 'resource-exhausted', message));
      return;
    }
    if (this.pending.size === 0) this.liveness.forget();
    this.pending.add(call);
    if (call.procedure.shape !== 'unary') this.openStreams(call);
    if (mayStart) this.start(call);
    else {
      admission.add(call);
      this.arm(call);
    }
  }

  /** It is the call's turn: its request leaves as soon as there is a session. */
  private start(call: PendingCall): void {
    if (call.streams === undefined) this.admitted++;
    if (call.procedure.semantics === 'at-most-once') this.open.add(call.number);
    const now = this.platform.clock.now();
    this.retryBudget?.deposit(now);
    if (call.deadlineAt <= now) {
      expire(this.finish(call));
      return;
    }
    const { link, established } = this.session;
    if (this.session.isFresh(now) || (link !== undefined && !established && needsNoSession(call, link))) {
      this.transmit(call, now);
    } else {
      this.arm(call);
      this.session.open();
    }
  }

  /** The caller does not want the reply any more. */
  cancel(number: number, reason: unknown): void {
    this.abort(number, 'cancelled', 'the caller cancelled the call', reason);
  }

  /** The caller cannot go on with the call. */
  abort(number: number, code: CallErrorCode, message: string, cause?: unknown): void {
    const call = this.pending.get(number);
    if (call === undefined) return;
    const { link, state } = this.session;
    if (call.copies > 0 && link !== undefined && state === 'ready') {
      beginFrame(FrameType.cancel).rawU64(number);
      sendFrame(link);
    }
    this.fail(call, code, message, cause);
  }

  /** Asks the server for a sign of life, of which the listener hears. */
  ping(): void {
    if (!this.closed) this.liveness.ping();
  }

  /** Ends the calls that may be made elsewhere: those of which no copy was sent, and those that may execute twice. */
  release(message: string): void {
    this.pending.each(call => {
      const { semantics } = call.procedure;
      if (call.copies > 0 && semantics !== 'at-least-once') return;
      if (semantics === 'maybe') this.finish(call).resolve(undefined);
      else this.fail(call, 'unavailable', message);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.pending.each(call => {
      this.abort(call.number, 'cancelled', 'the channel was closed while the call was pending');
    });
    if (this.acknowledger.owes) this.acknowledge(this.session.link);
    this.timer.cancel();
    this.fragments.close();
    this.acknowledger.close();
    this.liveness.close();
    this.streams.close();
    this.promotion.close();
    this.session.close();
  }

  // Sending

  private transmit(call: PendingCall, now: number): void {
    const size = call.frame.end - call.frame.start;
    if (size > this.promotionBytes && call.streams === undefined) call.promoted = true;
    const link = this.pathOf(call, now);
    if (link === undefined) return;
    const longest = Math.min(this.session.messageBytes, longestRequest(link));
    if (size > longest) {
      const message = `the request has ${size} bytes; ${longest} are allowed at the most`;
      this.fail(call, 'resource-exhausted', message);
      return;
    }
    this.session.touch(now);
    if (this.fragments.isSending(call.number, 0)) {
      if (!link.reliable) {
        call.dueAt = call.deadlineAt;
        this.arm(call);
        return;
      }
      // The connection takes over.
      this.fragments.end(call.number);
    }
    if (isUnderWay(call, link) || !this.maySend(call, now)) {
      this.counters.probes++;
      this.liveness.asked(now);
      this.events.emit?.('probe-sent', aboutPending(this.clientId, call, link));
      if (call.reply === undefined || link.reliable) sendProbe(link, call);
      else sendMissingReply(link, call, 0);
    } else if (call.procedure.semantics === 'maybe') {
      if (call.copies === 0) this.transmitOnce(call, link, now);
      else call.dueAt = call.deadlineAt;
      return;
    } else {
      this.sendCopy(call, link, now);
    }
    if (!this.fragments.isSending(call.number, 0)) this.await(call, link, now);
  }

  /** The path that the call takes now. None: it waits for one, until it is due. */
  private pathOf(call: PendingCall, now: number): Link | undefined {
    const { link } = this.session;
    if (!call.promoted || link === undefined || isBoundTo(call, link)) return link;
    const path = this.promotion.pathOf(call, link, now);
    if (path === undefined) this.arm(call);
    return path;
  }

  /** What has changed for the connection beside the datagrams concerns these calls. */
  private transmitPromoted(concerns: (call: PendingCall) => boolean): void {
    if (this.session.state !== 'ready') return;
    const now = this.platform.clock.now();
    this.pending.each(call => {
      if (!call.promoted || !concerns(call)) return;
      call.timeouts = 0;
      this.transmit(call, now);
    });
  }

  private isPromotionWanted(): boolean {
    let wanted = false;
    this.pending.each(({ promoted }) => {
      wanted ||= promoted;
    });
    return wanted;
  }

  /** Whether another copy of the request may go out. */
  private maySend({ copies, attempts, procedure }: PendingCall, now: number): boolean {
    if (copies === 0 || procedure.semantics === 'maybe') return true;
    return copies < attempts && (this.retryBudget?.withdraw(now) ?? true);
  }

  private sendCopy(call: PendingCall, link: Link, now: number): void {
    call.copies++;
    if (call.copies === 1) call.firstSentAt = now;
    else {
      this.counters.retransmitted++;
      this.liveness.asked(now);
    }
    call.lastSentAt = now;
    call.sentOver = link;
    this.events.emit?.(
      call.copies === 1 ? 'request-sent' : 'retransmitted',
      aboutCopy(this.clientId, call, link),
    );
    call.heard = link.received;
    if (fitsDatagram(link, call.frame)) sendRequest(link, call.frame, call.copies, call.deadlineAt - now);
    else this.sendFragments(call, link, now);
    if (call.streams !== undefined) this.streams.soon(call.streams);
  }

  private sendFragments(
    call: PendingCall,
    link: Link,
    now: number,
    missing?: Ranges,
    onSent?: () => void,
  ): void {
    call.dueAt = call.deadlineAt;
    this.arm(call);
    this.fragments.send(call, link, now, missing, onSent);
  }

  /** A `maybe` request: one copy, and one that nobody answers is over when the socket has it. */
  private transmitOnce(call: PendingCall, link: Link, now: number): void {
    call.copies = 1;
    call.lastSentAt = now;
    this.events.emit?.('request-sent', aboutCopy(this.clientId, call, link));
    const { hasResult } = call.procedure;
    const onSent = hasResult ? undefined : () => link.whenFlushed(() => this.finish(call).resolve(undefined));
    if (fitsDatagram(link, call.frame)) {
      sendRequest(link, call.frame, 1, call.deadlineAt - now);
      onSent?.();
    } else this.sendFragments(call, link, now, undefined, onSent);
    if (!hasResult) return;
    call.dueAt = call.deadlineAt;
    this.arm(call);
  }

  /** What needs no session, because nothing comes back and nothing is filtered, does not wait for one. */
  private sendWithoutSession(): void {
    const { link } = this.session;
    if (link === undefined) return;
    const now = this.platform.clock.now();
    this.pending.each(call => {
      if (call.copies === 0 && needsNoSession(call, link) && !this.admission.has(call))
        this.transmitOnce(call, link, now);
    });
  }

  /** Frames that stand first in a datagram: whose it is, and what is finished. */
  private writePreamble(target: Buffer, at: number, end: number): number {
    let position = at + this.session.frame.copy(target, at);
    if (!this.session.established) return position;
    this.acknowledger.write(
      end - position,
      () => beginFrame(FrameType.acknowledgement),
      () => {
        const frame = finishFrame();
        position += frame.bytes.copy(target, position, frame.start, frame.end);
      },
    );
    return position;
  }

  private onFlush(link: Link): void {
    if (this.acknowledger.owes) this.acknowledge(link);
  }

  private acknowledge(link: Link | undefined): void {
    if (link === undefined || this.session.state !== 'ready') return;
    this.session.touch(this.platform.clock.now());
    this.acknowledger.write(
      Number.POSITIVE_INFINITY,
      () => beginFrame(FrameType.acknowledgement),
      () => sendFrame(link),
    );
  }

  // Waiting

  private arm(call: PendingCall): void {
    this.timer.arm(Math.min(call.dueAt, call.deadlineAt));
  }

  /** Sets when to act if nothing is heard of a call that was sent or asked for on this path. */
  private await(call: PendingCall, link: Link, now: number): void {
    const { roundTrip } = this.session;
    const wait = link.reliable
      ? connectionPatience(Math.max(call.frame.end - call.frame.start, call.reply?.total ?? 0))
      : backOff(roundTrip.timeout, call.timeouts, this.platform.random);
    call.dueAt = now + wait;
    this.arm(call);
  }

  /** Calls whose time has come are sent again or given up. */
  private sweep(now: number): number {
    let next = this.liveness.sweep(now);
    this.pending.each(call => {
      if (call.deadlineAt <= now) expire(this.finish(call));
      else if (call.deadlineAt === Number.POSITIVE_INFINITY && this.liveness.isGone(now))
        this.fail(call, 'unavailable', 'the server gave no sign of life for a whole lease');
      else {
        if (call.dueAt <= now) this.onTimeout(call, now);
        next = Math.min(next, call.dueAt, call.deadlineAt);
      }
    });
    return next;
  }

  private onTimeout(call: PendingCall, now: number): void {
    const { link, state } = this.session;
    if (state !== 'ready' || link === undefined) {
      // The session's own timer brings it back; then all calls are sent.
      call.dueAt = call.deadlineAt;
      this.session.open();
      return;
    }
    const path = (call.promoted ? this.promotion.link : undefined) ?? link;
    if (call.copies > 0) call.timeouts++;
    if (path.reliable && call.copies > 0 && call.heard !== path.received) {
      // Nothing gets lost on a connection that lives; a long message may take its time.
      call.heard = path.received;
      call.timeouts = 0;
      this.await(call, path, now);
    } else if (path.reliable && call.timeouts > connectionTries) {
      call.timeouts = 0;
      call.dueAt = call.deadlineAt;
      this.abandon(path);
    } else {
      this.transmit(call, now);
    }
  }

  /** The server has shown that it is at work on the call: waits anew, without back-off. */
  private signOfLife(call: PendingCall, link: Link): void {
    call.timeouts = 0;
    this.await(call, link, this.platform.clock.now());
  }

  private abandon(link: Link): void {
    if (link === this.promotion.link) this.promotion.abandon();
    else this.session.abandonLink();
  }

  // The session

  private onReady(renewed: boolean): void {
    this.liveness.onReady();
    if (!renewed) this.failLost(undefined);
    const now = this.platform.clock.now();
    this.pending.each(call => {
      if (this.admission.has(call)) return;
      call.timeouts = 0;
      this.transmit(call, now);
      call.streams?.resume();
    });
    this.admission.admit();
  }

  /**
   * The server lost the session, by a restart or because its lease ran out. Whether a request that was sent in it was
   * executed cannot be known any more, unless its only copy went over the very connection that said so, and that so
   * short a while ago that it cannot have come before the session was lost.
   */
  private failLost(answering: Link | undefined): void {
    const now = this.platform.clock.now();
    this.pending.each(call => {
      this.fragments.end(call.number);
      call.held = false;
      call.reply = undefined;
      call.spansSessions ||= call.copies > 0;
      if (call.copies === 0 || maySpanSessions(call)) return;
      const isOnlyCopy = answering?.reliable && call.copies === 1 && call.sentOver === answering;
      if (isOnlyCopy && this.session.isWithinLease(call.lastSentAt, now)) call.copies = 0;
      else
        this.fail(
          call,
          'unavailable',
          'the server lost its record of the call, by a restart or a long silence',
        );
    });
    this.promotion.close();
  }

  private failUnsent(error: CallError): void {
    this.events.emit?.('unreachable', {
      ...aboutClient(this.clientId),
      code: error.code,
      message: error.message,
    });
    this.pending.each(call => {
      if (call.copies > 0) return;
      if (call.procedure.semantics === 'maybe') this.finish(call).resolve(undefined);
      else this.fail(call, error.code, error.message, error.cause);
    });
  }

  /** A new session needs to admit no number that was sent in an older one. */
  private firstUnsentNumber(): number {
    for (const number of this.open) {
      if (this.pending.get(number)!.copies === 0) return number;
    }
    return this.nextUnsent();
  }

  /** No copy of this or a later number was sent. */
  private nextUnsent(): number {
    return this.admission.first?.number ?? this.nextNumber;
  }

  // Receiving

  private onFrames(link: Link, bytes: Buffer, start: number, end: number): void {
    if (link !== this.session.link && link !== this.promotion.link) return;
    const { reader } = this;
    let mine = link.reliable;
    const sound = forEachFrame(reader, bytes, start, end, type => {
      if (type === FrameType.channel) mine = isFor(this.clientId, reader);
      else if (mine) {
        this.liveness.heard();
        const receive = this.receivers[type];
        if (receive === undefined) this.malformed(link);
        else receive(reader, link);
      }
      return true;
    });
    if (sound) return;
    this.malformed(link);
    if (link.reliable) this.abandon(link);
  }

  private readonly receivers: Readonly<Record<number, (reader: Reader, link: Link) => void>> = {
    [FrameType.reply]: (reader, link) => this.onReply(reader, link),
    [FrameType.replyFragment]: (reader, link) => this.onReplyFragment(reader, link),
    [FrameType.busy]: (reader, link) => this.onBusy(reader, link),
    [FrameType.missing]: (reader, link) => this.onMissing(reader, link),
    [FrameType.segment]: (reader, link) => this.onSegment(reader, link),
    [FrameType.credit]: (reader, link) => {
      const credit = readCredit(reader);
      const call = this.streaming(credit.number, link);
      call?.streams?.outgoing?.onCredit(credit, this.platform.clock.now());
    },
    [FrameType.creditProbe]: (reader, link) => this.streaming(reader.rawU64(), link)?.streams?.tellCredit(),
    [FrameType.cookie]: reader => this.session.onCookie(reader),
    [FrameType.welcome]: reader => this.session.onWelcome(reader),
    [FrameType.refused]: reader => this.session.onRefused(reader),
    [FrameType.reset]: (reader, link) => {
      if (!this.session.onReset(reader)) return;
      this.liveness.trust();
      this.failLost(link);
    },
  };

  private onReply(reader: Reader, link: Link): void {
    const { number, attempt, processing } = readReplyHeader(reader);
    const call = this.answered(number);
    if (call === undefined) return;
    this.events.emit?.('reply-received', aboutReply(this.clientId, call, link, attempt, reader.remaining));
    this.sampleRoundTrip(call, attempt, processing);
    this.conclude(call, readReplyBody(reader, call.procedure, this.metadataBytes));
  }

  private onReplyFragment(reader: Reader, link: Link): void {
    const { number, attempt, processing } = readReplyHeader(reader);
    const replyId = reader.rawU32();
    const fragment = readFragmentHeader(reader);
    const { serial } = fragment;
    const call = this.answered(number);
    if (call === undefined) {
      // Nobody waits for it, so that nothing of it is missing.
      if (fragment.asks) sendMissingFrame(link, { number, id: replyId, serial, ranges: [] });
      return;
    }
    if (!Reassembly.isSound(fragment, this.messageBytes)) throw new MarshalError('a fragment that cannot be');
    // An at-least-once procedure may execute again: parts of two replies are never mixed, and the later one is kept.
    if (call.reply === undefined || replyId > call.replyId) {
      if (call.reply === undefined) this.sampleRoundTrip(call, attempt, processing);
      call.reply = new Reassembly(fragment.total, fragment.count);
      call.replyId = replyId;
    }
    if (replyId !== call.replyId) return;
    call.reply.add(fragment, reader.rawBytes(reader.remaining));
    if (call.reply.complete) {
      this.events.emit?.('reply-received', aboutReply(this.clientId, call, link, attempt, fragment.total));
      sendMissingReply(link, call, serial);
      this.conclude(call, readReplyBody(reader.reset(call.reply.join()), call.procedure, this.metadataBytes));
      return;
    }
    const isLong = fragment.total > this.promotionBytes && call.streams === undefined;
    if (isLong && this.takesElsewhere(call, link)) return;
    this.signOfLife(call, link);
    if (fragment.asks) sendMissingReply(link, call, serial);
  }

  /** Whether the rest of a long reply is to come over the connection: it was asked for there, or will be. */
  private takesElsewhere(call: PendingCall, link: Link): boolean {
    const isAsked = call.promoted;
    call.promoted = true;
    const now = this.platform.clock.now();
    const path = this.pathOf(call, now);
    if (path === link) return false;
    if (path !== undefined && !isAsked) this.transmit(call, now);
    return true;
  }

  /** Ends a call that was answered, when the items that were sent before the answer have come. */
  private conclude(call: PendingCall, body: ReplyBody): void {
    if (isRefusal(body)) this.liveness.refused();
    if (call.streams?.incoming?.isComplete === false && followsItems(body)) {
      call.held = true;
      call.answer = body;
    } else settle(this.finish(call), body);
  }

  private onSegment(reader: Reader, link: Link): void {
    const header = readSegmentHeader(reader);
    const call = this.streaming(header.number, link);
    if (call === undefined) return;
    if (call.streams?.receive(header, reader) !== true) this.malformed(link);
    else if (call.answer !== undefined && call.streams.incoming?.isComplete === true)
      settle(this.finish(call), call.answer);
  }

  /** The call of a stream's frame. That it came is a sign of life. */
  private streaming(number: number, link: Link): PendingCall | undefined {
    const call = this.answered(number);
    if (call === undefined) return undefined;
    call.held = true;
    call.timeouts = 0;
    call.dueAt = this.platform.clock.now() + (link.reliable ? connectionPatience(0) : maximumTimeout);
    return call;
  }

  private openStreams(call: PendingCall): void {
    const { session } = this;
    call.streams = this.streams.open({
      number: call.number,
      incoming: returnsStream(call.procedure),
      outgoing: takesStream(call.procedure),
      window: this.streamWindow,
      longestItem: this.messageBytes,
      isFollowed: true,
      // An item is bounded as every message is.
      reserve: () => true,
      path: {
        link: () => {
          const now = this.platform.clock.now();
          if (call.copies === 0 || !session.isFresh(now)) return undefined;
          session.touch(now);
          return session.link;
        },
        onResent: (link, segment, bytes) =>
          this.events.emit?.('segment-resent', {
            ...aboutPending(this.clientId, call, link),
            segment,
            bytes,
          }),
        roundTrip: session.roundTrip,
        congestion: session.congestion,
      },
    });
  }

  private onBusy(reader: Reader, link: Link): void {
    const { number, attempt, processing } = readReplyHeader(reader);
    if (number === pingNumber) this.liveness.answered(false);
    const call = this.pending.get(number);
    if (call === undefined) return;
    this.events.emit?.('busy-received', aboutPending(this.clientId, call, link));
    if (!call.held) this.sampleRoundTrip(call, attempt, processing);
    call.held = true;
    if (this.fragments.isSending(number, 0)) {
      this.fragments.end(number);
      this.signOfLife(call, link);
    }
    // A slow procedure is asked for less and less often. But a connection's time-outs count what it left unanswered.
    if (link.reliable) call.timeouts = 0;
  }

  private onMissing(reader: Reader, link: Link): void {
    const missing = readMissing(reader);
    const { number, serial, ranges } = missing;
    const now = this.platform.clock.now();
    if (number === pingNumber) this.liveness.answered(true);
    // Fragments of a `maybe` request are on their way after its caller was told that they were sent.
    this.fragments.acknowledge(missing, now);
    const call = this.pending.get(number);
    if (call === undefined || call.procedure.semantics === 'maybe') return;
    if (serial !== 0 || ranges.length === 0 || this.fragments.isSending(number, 0)) return;
    // The answer to a probe: the server does not have the request.
    const path = link.reliable ? link : this.pathOf(call, now);
    // What is on its way over the connection need not be sent as datagrams.
    if (path === undefined || (path !== link && path === call.sentOver)) return;
    call.held = false;
    call.reply = undefined;
    if (fitsDatagram(path, call.frame) || path !== call.sentOver) {
      if (!this.maySend(call, now)) {
        // The connection lives, whatever becomes of the call.
        if (path.reliable) call.timeouts = 0;
        return;
      }
      this.sendCopy(call, path, now);
      if (!this.fragments.isSending(number, 0)) this.signOfLife(call, path);
    } else this.sendFragments(call, path, now, ranges);
    this.session.touch(now);
  }

  /** The call that a reply is for. Where it has ended already, the server does not know so yet. */
  private answered(number: number): PendingCall | undefined {
    const call = this.pending.get(number);
    if (call === undefined) {
      this.counters.duplicateReplies++;
      this.events.emit?.('reply-unexpected', { ...aboutClient(this.clientId), call: number });
      this.acknowledger.owe();
    }
    return call;
  }

  /**
   * Karn's rule: only a reply to a copy whose time of sending is known is a sample. Of a request that left in fragments
   * no single time is known, they give samples of their own; and a connection beside the datagrams is another path.
   */
  private sampleRoundTrip(call: PendingCall, attempt: number, processing: number): void {
    if (call.promoted || (call.sentOver !== undefined && !fitsDatagram(call.sentOver, call.frame))) return;
    const sentAt = attempt === call.copies ? call.lastSentAt : attempt === 1 ? call.firstSentAt : 0;
    if (sentAt > 0) this.session.roundTrip.sample(this.platform.clock.now() - sentAt - processing);
  }

  private malformed(link: Link): void {
    this.counters.malformed++;
    this.events.emit?.('malformed', { ...aboutClient(this.clientId), peer: link.peer });
  }

  // Ending

  private fail(call: PendingCall, code: CallErrorCode, message: string, cause?: unknown): void {
    this.finish(call).reject(unansweredError(call, code, message, cause));
  }

  private finish(call: PendingCall): PendingCall {
    this.pending.delete(call.number);
    if (this.open.delete(call.number) && call.copies > 0) this.acknowledger.owe();
    if (call.procedure.semantics !== 'maybe') this.fragments.end(call.number);
    if (!this.admission.delete(call) && call.streams === undefined) this.admitted--;
    this.admission.admit();
    call.unlisten?.();
    call.streams?.release();
    return call;
  }
}

/** Whether the server has the request, or a part of it, so that asking for the reply is enough. */
function isUnderWay(call: PendingCall, link: Link): boolean {
  if (call.copies === 0) return false;
  if (call.held || call.reply !== undefined || !fitsDatagram(link, call.frame)) return true;
  return link.reliable && call.sentOver === link;
}

/** Whether the next session may give what the lost one did not: an answer to another copy, or no answer in time. */
function maySpanSessions({ procedure: { semantics }, copies, attempts }: PendingCall): boolean {
  return semantics === 'maybe' || (semantics === 'at-least-once' && copies < attempts);
}

/** Whether the request began as datagrams and no other copy may go out: it can only be completed there. */
function isBoundTo(call: PendingCall, link: Link): boolean {
  if (call.copies < call.attempts || call.sentOver !== link) return false;
  return !call.held && call.reply === undefined && !fitsDatagram(link, call.frame);
}

function needsNoSession({ procedure, frame }: PendingCall, link: Link): boolean {
  return procedure.semantics === 'maybe' && !procedure.hasResult && fitsDatagram(link, frame);
}
