/**
 * The client's half of the request–reply protocol: numbers the calls, sends and retransmits requests, matches replies,
 * acknowledges them, and decides what a caller may conclude when none comes. It is a state machine of frames and
 * timers; marshalling values is the matter of its users.
 */
import { MarshalError } from '../marshalling/errors.js';
import { Reader } from '../marshalling/reader.js';
import type { Platform, Timer } from '../platform/platform.js';
import { CallError, type Outcome } from '../schema/errors.js';
import type { Address } from '../transport/address.js';
import { type Link, lengthBytes, type TransportCounters } from '../transport/transport.js';
import { type Acknowledger, createAcknowledger } from './client-acknowledgement.js';
import { ClientSession, isFor } from './client-session.js';
import { Reassembly, readFragmentHeader } from './fragments.js';
import { beginFrame, FrameType, finishFrame, idBytes, readRanges, sendFrame } from './frames.js';
import type { PendingCall } from './pending-call.js';
import { type ReplyBody, readReplyBody, readReplyFrame } from './reply-frame.js';
import { backOff } from './retransmission.js';
import { fitsDatagram, sendProbe, sendRequest, sendRequestFragments } from './send-request.js';

/** Milliseconds by which a timer is late when the event loop stalled, and how long it then waits for what arrived. */
const stall = 100;
const graceAfterStall = 10;

/** Milliseconds after which a connection is asked whether a call is still alive at its other end. */
const connectionPatience = 2000;

/** Unanswered questions after which a connection is taken for dead. */
const connectionTries = 3;

/** Counted since the channel was made. */
export interface CallerCounters extends TransportCounters {
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

export interface CallerOptions {
  readonly platform: Platform;
  readonly address: Address;
  readonly clientId: Buffer;
  readonly messageBytes: number;
  readonly datagramBytes?: number;
}

export class CallerEndpoint {
  readonly counters: CallerCounters = {
    calls: 0,
    retransmitted: 0,
    probes: 0,
    duplicateReplies: 0,
    malformed: 0,
    damaged: 0,
  };
  readonly session: ClientSession;
  private readonly platform: Platform;
  private readonly clientId: Buffer;
  private readonly pending = new Map<number, PendingCall>();
  /** Numbers of the at-most-once calls among them, in ascending order. */
  private readonly open = new Set<number>();
  private nextNumber = 1;
  private readonly reader = new Reader();
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private inGrace = false;
  private readonly acknowledger: Acknowledger;
  private readonly messageBytes: number;
  closed = false;

  constructor(options: CallerOptions) {
    this.platform = options.platform;
    this.clientId = options.clientId;
    this.messageBytes = options.messageBytes;
    this.acknowledger = createAcknowledger(
      options.platform.clock,
      this.open,
      () => this.nextNumber,
      () => this.acknowledge(),
    );
    this.session = new ClientSession({
      ...options,
      counters: this.counters,
      handlers: {
        onFrames: (link, bytes, start, end) => this.onFrames(link, bytes, start, end),
        preamble: (_link, target, at) => this.writePreamble(target, at),
        onFlush: () => {
          if (this.acknowledger.owes) this.acknowledge();
        },
      },
      firstNumber: () => this.firstUnsentNumber(),
      wanted: () => this.pending.size > 0,
      onLink: () => this.sendWithoutSession(),
      onReady: renewed => this.onReady(renewed),
      onUnreachable: error => this.failUnsent(error),
    });
  }

  /** The number for the next call. */
  takeNumber(): number {
    return this.nextNumber++;
  }

  /** Takes over a call: it ends with its `resolve` or `reject`, by its deadline at the latest. */
  submit(call: PendingCall): void {
    this.counters.calls++;
    this.pending.set(call.number, call);
    if (call.procedure.semantics === 'at-most-once') this.open.add(call.number);
    const now = this.platform.clock.now();
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
    const call = this.pending.get(number);
    if (call === undefined) return;
    const { link } = this.session;
    if (call.copies > 0 && link !== undefined && this.session.state === 'ready') {
      beginFrame(FrameType.cancel).rawU64(number);
      sendFrame(link);
    }
    this.fail(call, 'cancelled', 'the caller cancelled the call', { cause: reason });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const call of this.pending.values()) {
      this.fail(call, 'cancelled', 'the channel was closed while the call was pending');
    }
    if (this.acknowledger.owes) this.acknowledge();
    this.timer?.cancel();
    this.acknowledger.close();
    this.session.close();
  }

  // Sending

  /** Frames that stand first in a datagram: whose it is, and what is finished. */
  private writePreamble(target: Buffer, at: number): number {
    const { frame } = this.session;
    let position = at + frame.copy(target, at);
    if (!this.session.established) return position;
    this.acknowledger.write(
      () => beginFrame(FrameType.acknowledgement),
      () => {
        const { bytes, start, end } = finishFrame();
        position += bytes.copy(target, position, start, end);
      },
    );
    return position;
  }

  /** Tells what is finished: over datagrams the preamble does. */
  private acknowledge(): void {
    const { link, state } = this.session;
    if (link === undefined || state !== 'ready') return;
    this.session.touch(this.platform.clock.now());
    this.acknowledger.write(
      () => beginFrame(FrameType.acknowledgement),
      () => sendFrame(link),
    );
  }

  private transmit(call: PendingCall, now: number): void {
    const { link } = this.session;
    if (link === undefined) return;
    const size = call.frame.end - call.frame.start;
    if (size > this.session.messageBytes) {
      const message = `the request has ${size} bytes; the server takes ${this.session.messageBytes} at the most`;
      this.fail(call, 'resource-exhausted', message);
      return;
    }
    this.session.touch(now);
    if (call.procedure.semantics === 'maybe') {
      this.transmitOnce(call, link, now);
      return;
    }
    if (isUnderWay(call, link)) {
      this.counters.probes++;
      sendProbe(link, call);
    } else {
      this.sendCopy(call, link, now);
    }
    const patience = link.reliable ? connectionPatience : this.session.roundTrip.timeout;
    call.dueAt = now + backOff(patience, link.reliable ? 0 : call.timeouts, this.platform.random);
    this.arm(call);
  }

  private sendCopy(call: PendingCall, link: Link, now: number): void {
    call.copies++;
    if (call.copies === 1) call.firstSentAt = now;
    else this.counters.retransmitted++;
    call.lastSentAt = now;
    call.sentOver = link;
    sendRequest(link, call.frame, call.copies, call.deadlineAt - now);
  }

  /** A `maybe` request: one copy, and one that nobody answers is over when the socket has it. */
  private transmitOnce(call: PendingCall, link: Link, now: number): void {
    call.copies = 1;
    call.lastSentAt = now;
    sendRequest(link, call.frame, 1, call.deadlineAt - now, true);
    if (!call.procedure.hasResult) link.whenFlushed(() => this.finish(call).resolve(undefined));
    else {
      call.dueAt = call.deadlineAt;
      this.arm(call);
    }
  }

  /** What needs no session, because nothing comes back and nothing is filtered, does not wait for one. */
  private sendWithoutSession(): void {
    const { link } = this.session;
    if (link === undefined) return;
    const now = this.platform.clock.now();
    for (const call of this.pending.values()) {
      if (call.copies === 0 && needsNoSession(call, link)) this.transmitOnce(call, link, now);
    }
  }

  /** Calls whose time has come are sent again or given up. */
  private onTimer(): void {
    const { clock } = this.platform;
    const now = clock.now();
    const late = now - this.timerAt;
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    // After a stall the answers lie in the socket, unread: sending everything again would only add to the load.
    if (late > stall && !this.inGrace) {
      this.inGrace = true;
      this.setTimer(now + graceAfterStall);
      return;
    }
    this.inGrace = false;
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.pending.values()) {
      if (call.deadlineAt <= now) this.expire(call);
      else {
        if (call.dueAt <= now) this.onTimeout(call, now);
        next = Math.min(next, call.dueAt, call.deadlineAt);
      }
    }
    if (this.pending.size > 0) this.setTimer(next);
  }

  private onTimeout(call: PendingCall, now: number): void {
    const { link } = this.session;
    if (this.session.state !== 'ready' || link === undefined) {
      // The session's own timer brings it back; then all calls are sent.
      call.dueAt = call.deadlineAt;
      this.session.open();
      return;
    }
    if (call.copies > 0) call.timeouts++;
    if (link.reliable && call.timeouts > connectionTries) {
      this.session.abandonLink();
      return;
    }
    this.transmit(call, now);
  }

  private arm(call: PendingCall): void {
    const due = Math.min(call.dueAt, call.deadlineAt);
    if (due < this.timerAt) this.setTimer(due);
  }

  private setTimer(at: number): void {
    this.timer?.cancel();
    this.timerAt = at;
    if (at === Number.POSITIVE_INFINITY) {
      this.timer = undefined;
      return;
    }
    const { clock } = this.platform;
    this.timer = clock.setTimer(Math.max(0, at - clock.now()), () => this.onTimer());
  }

  // The session

  private onReady(renewed: boolean): void {
    if (!renewed) this.failLost(undefined);
    const now = this.platform.clock.now();
    for (const call of this.pending.values()) {
      if (call.procedure.semantics === 'maybe' && call.copies > 0) continue;
      call.timeouts = 0;
      this.transmit(call, now);
    }
  }

  private onReset(link: Link, reader: Reader): void {
    if (this.session.reset(reader.rawBytes(idBytes))) this.failLost(link);
  }

  /**
   * The server lost the session, by a restart or because its lease ran out. Whether a request that was sent in it was
   * executed cannot be known any more, unless its only copy went over the very connection that said so.
   */
  private failLost(answering: Link | undefined): void {
    for (const call of this.pending.values()) {
      call.held = false;
      call.reply = undefined;
      if (call.copies === 0 || call.procedure.semantics !== 'at-most-once') continue;
      if (answering?.reliable && call.copies === 1 && call.sentOver === answering) {
        call.copies = 0;
      } else {
        this.fail(call, 'unavailable', 'the server lost the session while the call was under way', {
          outcome: 'unknown',
        });
      }
    }
  }

  private failUnsent(error: CallError): void {
    for (const call of this.pending.values()) {
      if (call.copies > 0) continue;
      if (call.procedure.semantics === 'maybe') this.finish(call).resolve(undefined);
      else this.fail(call, error.code, error.message, { cause: error.cause });
    }
  }

  /** A new session needs to admit no number that was sent in an older one. */
  private firstUnsentNumber(): number {
    for (const number of this.open) {
      if (this.pending.get(number)!.copies === 0) return number;
    }
    return this.nextNumber;
  }

  // Receiving

  private onFrames(link: Link, bytes: Buffer, start: number, end: number): void {
    if (link !== this.session.link) return;
    const { reader } = this;
    let at = start;
    let mine = link.reliable;
    while (at < end) {
      try {
        reader.reset(bytes, at, end);
        const frameEnd = at + lengthBytes + reader.rawU32();
        if (frameEnd > end) throw new MarshalError('a frame is longer than what holds it');
        reader.end = frameEnd;
        const type = reader.rawU8();
        if (type === FrameType.channel) mine = isFor(this.clientId, reader);
        else if (mine) this.onFrame(link, type, reader);
        at = frameEnd;
      } catch (error) {
        if (!(error instanceof MarshalError)) throw error;
        this.counters.malformed++;
        if (link.reliable) this.session.abandonLink();
        return;
      }
    }
  }

  private onFrame(link: Link, type: number, reader: Reader): void {
    switch (type) {
      case FrameType.reply:
        return this.onReply(reader);
      case FrameType.replyFragment:
        return this.onReplyFragment(link, reader);
      case FrameType.busy:
        return this.onBusy(reader);
      case FrameType.missing:
        return this.onMissing(link, reader);
      case FrameType.cookie:
        return this.session.onCookie(reader);
      case FrameType.welcome:
        return this.session.onWelcome(reader);
      case FrameType.refused:
        return this.session.onRefused(reader);
      case FrameType.reset:
        return this.onReset(link, reader);
      default:
        this.counters.malformed++;
    }
  }

  private onReply(reader: Reader): void {
    const header = readReplyFrame(reader);
    const call = this.pending.get(header.number);
    if (call === undefined) {
      this.counters.duplicateReplies++;
      this.acknowledger.owe();
      return;
    }
    this.sampleRoundTrip(call, header.attempt, header.processing);
    this.settle(call, readReplyBody(reader, call.procedure));
  }

  private onReplyFragment(link: Link, reader: Reader): void {
    const { number, processing, attempt } = readReplyFrame(reader);
    const replyId = reader.rawU32();
    const fragment = readFragmentHeader(reader);
    const call = this.pending.get(number);
    if (call === undefined) {
      this.counters.duplicateReplies++;
      this.acknowledger.owe();
      return;
    }
    if (!Reassembly.isSound(fragment, this.messageBytes)) throw new MarshalError('a fragment cannot be');
    // An at-least-once procedure may execute again: parts of two replies are never mixed, and the later one is kept.
    if (call.reply === undefined || replyId > call.replyId) {
      if (call.reply === undefined) this.sampleRoundTrip(call, attempt, processing);
      call.reply = new Reassembly(fragment.total, fragment.count);
      call.replyId = replyId;
    }
    if (replyId !== call.replyId) return;
    call.reply.add(fragment, reader.rawBytes(reader.remaining));
    if (call.reply.complete) {
      this.settle(call, readReplyBody(reader.reset(call.reply.join()), call.procedure));
      return;
    }
    this.signOfLife(call);
    if (fragment.asks) sendProbe(link, call);
  }

  private onBusy(reader: Reader): void {
    const attempt = reader.rawU8();
    const call = this.pending.get(reader.rawU64());
    if (call === undefined) return;
    if (!call.held) this.sampleRoundTrip(call, attempt, 0);
    call.held = true;
    // How often a slow procedure is asked for backs off as any retransmission does; only a connection's patience is new.
    if (this.session.link?.reliable) call.timeouts = 0;
  }

  private onMissing(link: Link, reader: Reader): void {
    const call = this.pending.get(reader.rawU64());
    const ranges = readRanges(reader);
    if (call === undefined || call.procedure.semantics === 'maybe') return;
    call.held = false;
    call.reply = undefined;
    const now = this.platform.clock.now();
    if (fitsDatagram(link, call.frame)) this.sendCopy(call, link, now);
    else sendRequestFragments(link, call.frame, call.copies, call.deadlineAt - now, ranges);
    this.session.touch(now);
    this.signOfLife(call);
  }

  /** Waits anew, without back-off. */
  private signOfLife(call: PendingCall): void {
    call.timeouts = 0;
    call.dueAt = this.platform.clock.now() + backOff(this.session.roundTrip.timeout, 0, this.platform.random);
    this.arm(call);
  }

  /** Karn's rule: only a reply to a copy whose time of sending is known is a sample. */
  private sampleRoundTrip(call: PendingCall, attempt: number, processing: number): void {
    const sentAt = attempt === call.copies ? call.lastSentAt : attempt === 1 ? call.firstSentAt : 0;
    if (sentAt > 0) this.session.roundTrip.sample(this.platform.clock.now() - sentAt - processing);
  }

  // Ending

  private settle(call: PendingCall, body: ReplyBody): void {
    this.finish(call);
    switch (body.kind) {
      case 'result':
        call.resolve(body.value);
        return;
      case 'error':
        call.reject(body.error);
        return;
      case 'failure':
        call.reject(
          new CallError(body.failure.code, body.failure.message, {
            outcome: this.soundOutcome(call, body.failure.outcome),
            attempts: call.copies,
          }),
        );
        return;
      case 'unreadable':
        call.reject(
          new CallError('internal', `the reply cannot be read: ${body.error.message}`, {
            outcome: 'executed',
            attempts: call.copies,
            cause: body.error,
          }),
        );
        return;
      case 'undeclared':
        call.reject(
          new CallError(
            'unknown',
            `the procedure threw ${body.details.name}, which this client does not know`,
            {
              outcome: 'executed',
              attempts: call.copies,
              details: body.details,
            },
          ),
        );
    }
  }

  /**
   * A server records its refusals of at-most-once calls alone: another copy of a call with weaker semantics may be, or
   * may have been, executed.
   */
  private soundOutcome(call: PendingCall, outcome: Outcome): Outcome {
    if (outcome !== 'not-executed' || call.procedure.semantics === 'at-most-once') return outcome;
    return call.copies <= 1 ? outcome : 'unknown';
  }

  private expire(call: PendingCall): void {
    if (call.procedure.semantics === 'maybe') {
      this.finish(call).resolve(undefined);
      return;
    }
    const { name, interface: of } = call.procedure;
    const message =
      call.copies === 0
        ? `no session with the server before the deadline; the request of ${of}.${name} was never sent`
        : `no reply to ${of}.${name} before the deadline; ${call.copies} copies of the request were sent`;
    this.fail(call, 'deadline-exceeded', message);
  }

  /** What is known without an answer: a request that no socket has seen was not executed. */
  private fail(
    call: PendingCall,
    code: CallError['code'],
    message: string,
    { outcome, cause }: { outcome?: Outcome; cause?: unknown } = {},
  ): void {
    this.finish(call).reject(
      new CallError(code, message, {
        outcome: outcome ?? (call.copies === 0 ? 'not-executed' : 'unknown'),
        attempts: call.copies,
        ...(cause === undefined ? {} : { cause }),
      }),
    );
  }

  private finish(call: PendingCall): PendingCall {
    this.pending.delete(call.number);
    if (this.open.delete(call.number) && call.copies > 0) this.acknowledger.owe();
    call.unlisten?.();
    return call;
  }
}

/** Whether the server has the request, or a part of it, so that asking for the reply is enough. */
function isUnderWay(call: PendingCall, link: Link): boolean {
  if (call.copies === 0) return false;
  if (call.held || call.reply !== undefined || !fitsDatagram(link, call.frame)) return true;
  return link.reliable && call.sentOver === link;
}

function needsNoSession({ procedure, frame }: PendingCall, link: Link): boolean {
  return procedure.semantics === 'maybe' && !procedure.hasResult && fitsDatagram(link, frame);
}
