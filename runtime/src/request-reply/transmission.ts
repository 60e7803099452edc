/** When a copy of a request leaves, when a probe does in its place, and until when either is given time. */
import type { Platform } from '../platform/platform.js';
import type { ClientEvents } from '../schema/events.js';
import type { Link } from '../transport/transport.js';
import type { Admission } from './admission.js';
import type { CallPaths } from './call-paths.js';
import type { CallerCounters } from './caller-counters.js';
import type { ClientFragments } from './client-fragments.js';
import type { ClientSession } from './client-session.js';
import { expire } from './conclude.js';
import type { EventSource } from './event-source.js';
import type { Ranges } from './frames.js';
import type { Liveness } from './liveness.js';
import { aboutCopy, aboutPending } from './observed-call.js';
import type { PendingCall } from './pending-call.js';
import type { PendingCalls } from './pending-calls.js';
import { backOff, connectionPatience } from './retransmission.js';
import type { RetryBudget } from './retry-budget.js';
import { fitsDatagram, longestRequest, sendMissingReply, sendProbe, sendRequest } from './send-request.js';
import type { StreamSchedule } from './streams.js';

export interface TransmissionOptions {
  readonly platform: Platform;
  readonly clientId: Buffer;
  readonly events: EventSource<ClientEvents>;
  readonly session: ClientSession;
  readonly paths: CallPaths;
  readonly pending: PendingCalls;
  readonly admission: Admission;
  readonly fragments: ClientFragments;
  readonly streams: StreamSchedule;
  readonly liveness: Liveness;
  readonly retryBudget: RetryBudget | undefined;
  readonly counters: Pick<CallerCounters, 'retransmitted' | 'probes'>;
  /** Sees to it that the call is looked at when it is due. */
  arm(call: PendingCall): void;
}

export interface Transmission {
  /** It is the call's turn: its request leaves as soon as there is a session. */
  start(call: PendingCall): void;
  /** Sends what a call needs now: a copy of its request, or a question for the reply. */
  transmit(call: PendingCall, now: number): void;
  /** There is a session, or another: all calls whose turn has come are sent. */
  transmitAll(): void;
  /** What has changed for the connection beside the datagrams concerns these calls. */
  transmitPromoted(concerns: (call: PendingCall) => boolean): void;
  /** Sends the calls that need no session, because nothing comes back and nothing is filtered. */
  sendWithoutSession(): void;
  /** The server asks for a request of which it has nothing, or not these of its fragments. */
  repeat(call: PendingCall, link: Link, now: number, missing: Ranges): void;
  /** Sets when to act if nothing is heard of a call that was sent or asked for on this path. */
  await(call: PendingCall, link: Link, now: number): void;
  /** The server has shown that it is at work on the call: waits anew, without back-off. */
  signOfLife(call: PendingCall, link: Link): void;
}

export function createTransmission(options: TransmissionOptions): Transmission {
  const { platform, session, paths, pending, admission, fragments, liveness, counters, arm } = options;
  const { clock } = platform;
  const { clientId, events, retryBudget, streams } = options;

  /** Whether another copy of the request may go out. */
  const maySend = ({ copies, attempts, procedure }: PendingCall, now: number): boolean => {
    if (copies === 0 || procedure.semantics === 'maybe') return true;
    return copies < attempts && (retryBudget?.withdraw(now) ?? true);
  };

  const awaitAnswer = (call: PendingCall, link: Link, now: number): void => {
    const wait = link.reliable
      ? connectionPatience(Math.max(call.frame.end - call.frame.start, call.reply?.total ?? 0))
      : backOff(session.roundTrip.timeout, call.timeouts, platform.random);
    call.dueAt = now + wait;
    arm(call);
  };

  const signOfLife = (call: PendingCall, link: Link): void => {
    call.timeouts = 0;
    awaitAnswer(call, link, clock.now());
  };

  const sendFragments = (
    call: PendingCall,
    link: Link,
    now: number,
    missing?: Ranges,
    onSent?: () => void,
  ): void => {
    call.dueAt = call.deadlineAt;
    arm(call);
    fragments.send(call, link, now, missing, onSent);
  };

  const sendCopy = (call: PendingCall, link: Link, now: number): void => {
    call.copies++;
    if (call.copies === 1) call.firstSentAt = now;
    else {
      counters.retransmitted++;
      liveness.asked(now);
    }
    call.lastSentAt = now;
    call.sentOver = link;
    events.emit?.(call.copies === 1 ? 'request-sent' : 'retransmitted', aboutCopy(clientId, call, link));
    call.heard = link.received;
    if (fitsDatagram(link, call.frame)) sendRequest(link, call.frame, call.copies, call.deadlineAt - now);
    else sendFragments(call, link, now);
    if (call.streams !== undefined) streams.soon(call.streams);
  };

  /** A `maybe` request: one copy, and one that nobody answers is over when the socket has it. */
  const sendOnce = (call: PendingCall, link: Link, now: number): void => {
    call.copies = 1;
    call.lastSentAt = now;
    events.emit?.('request-sent', aboutCopy(clientId, call, link));
    const { hasResult } = call.procedure;
    const onSent = hasResult
      ? undefined
      : () => link.whenFlushed(() => pending.finish(call).resolve(undefined));
    if (fitsDatagram(link, call.frame)) {
      sendRequest(link, call.frame, 1, call.deadlineAt - now);
      onSent?.();
    } else sendFragments(call, link, now, undefined, onSent);
    if (!hasResult) return;
    call.dueAt = call.deadlineAt;
    arm(call);
  };

  const ask = (call: PendingCall, link: Link, now: number): void => {
    counters.probes++;
    events.emit?.('probe-sent', aboutPending(clientId, call, link));
    liveness.asked(now);
    if (call.reply === undefined || link.reliable) sendProbe(link, call);
    else sendMissingReply(link, call, 0);
  };

  const transmit = (call: PendingCall, now: number): void => {
    const size = call.frame.end - call.frame.start;
    if (paths.isForConnection(call, size)) call.promoted = true;
    const link = paths.choose(call, now);
    if (link === undefined) return;
    const longest = Math.min(session.messageBytes, longestRequest(link));
    if (size > longest) {
      const message = `the request has ${size} bytes; ${longest} are allowed at the most`;
      pending.fail(call, 'resource-exhausted', message);
      return;
    }
    session.touch(now);
    if (fragments.isSending(call.number, 0)) {
      if (!link.reliable) {
        call.dueAt = call.deadlineAt;
        arm(call);
        return;
      }
      // The connection takes over.
      fragments.end(call.number);
    }
    if (isUnderWay(call, link) || !maySend(call, now)) ask(call, link, now);
    else if (call.procedure.semantics === 'maybe') {
      if (call.copies === 0) sendOnce(call, link, now);
      else call.dueAt = call.deadlineAt;
      return;
    } else sendCopy(call, link, now);
    if (!fragments.isSending(call.number, 0)) awaitAnswer(call, link, now);
  };

  return {
    start(call) {
      pending.start(call);
      const now = clock.now();
      retryBudget?.deposit(now);
      if (call.deadlineAt <= now) {
        expire(pending.finish(call));
        return;
      }
      const { link, established } = session;
      if (session.isFresh(now) || (link !== undefined && !established && needsNoSession(call, link))) {
        transmit(call, now);
      } else {
        arm(call);
        session.open();
      }
    },
    transmit,
    transmitAll() {
      const now = clock.now();
      pending.each(call => {
        if (admission.has(call)) return;
        call.timeouts = 0;
        transmit(call, now);
        call.streams?.resume();
      });
    },
    transmitPromoted(concerns) {
      if (session.state !== 'ready') return;
      const now = clock.now();
      pending.each(call => {
        if (!call.promoted || !concerns(call)) return;
        call.timeouts = 0;
        transmit(call, now);
      });
    },
    sendWithoutSession() {
      const { link } = session;
      if (link === undefined) return;
      const now = clock.now();
      pending.each(call => {
        if (call.copies === 0 && needsNoSession(call, link) && !admission.has(call))
          sendOnce(call, link, now);
      });
    },
    repeat(call, link, now, missing) {
      if (fitsDatagram(link, call.frame) || link !== call.sentOver) {
        if (!maySend(call, now)) {
          // The connection lives, whatever becomes of the call.
          if (link.reliable) call.timeouts = 0;
          return;
        }
        sendCopy(call, link, now);
        if (!fragments.isSending(call.number, 0)) signOfLife(call, link);
      } else sendFragments(call, link, now, missing);
      session.touch(now);
    },
    await: awaitAnswer,
    signOfLife,
  };
}

/** Whether the server has the request, or a part of it, so that asking for the reply is enough. */
function isUnderWay(call: PendingCall, link: Link): boolean {
  if (call.copies === 0) return false;
  if (call.held || call.reply !== undefined || !fitsDatagram(link, call.frame)) return true;
  return link.reliable && call.sentOver === link;
}

/** Whether a call may be sent before there is a session: nothing comes back, and nothing is filtered. */
function needsNoSession({ procedure, frame }: PendingCall, link: Link): boolean {
  return procedure.semantics === 'maybe' && !procedure.hasResult && fitsDatagram(link, frame);
}
