/** The parts of a client's half of the protocol, put together: each has one job, and these are the wires between them. */
import type { Platform } from '../platform/platform.js';
import type { ClientEvents } from '../schema/events.js';
import type { Address } from '../transport/address.js';
import type { ClientTls } from '../transport/security.js';
import type { Dial, Link } from '../transport/transport.js';
import { type Admission, createAdmission } from './admission.js';
import { createCallPaths } from './call-paths.js';
import { createCallTimeouts } from './call-timeouts.js';
import { createCallTimer } from './call-timer.js';
import type { CallerCounters } from './caller-counters.js';
import { createAcknowledger } from './client-acknowledgement.js';
import { type ClientFragments, createClientFragments } from './client-fragments.js';
import { sendAcknowledgement, writePreamble } from './client-preamble.js';
import { createClientReceiver } from './client-receiver.js';
import { ClientSession } from './client-session.js';
import { type ClientStreams, createClientStreams } from './client-streams.js';
import type { EventSource } from './event-source.js';
import { type ChannelLimits, defaultChannelLimits } from './limits.js';
import { Liveness, type LivenessSettings } from './liveness.js';
import { failLost } from './lost-session.js';
import { aboutClient } from './observed-call.js';
import type { PendingCall } from './pending-call.js';
import { createPendingCalls, type PendingCalls } from './pending-calls.js';
import { createPromotion } from './promotion.js';
import type { RetryBudget } from './retry-budget.js';
import type { StreamWindow } from './stream-receiver.js';
import { StreamSchedule } from './streams.js';
import { createTransmission, type Transmission } from './transmission.js';

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

export interface CallerParts {
  readonly session: ClientSession;
  readonly pending: PendingCalls;
  readonly admission: Admission;
  readonly liveness: Liveness;
  readonly transmission: Transmission;
  readonly streams: ClientStreams;
  /** Sees to it that the call is looked at when it is due. */
  arm(call: PendingCall): void;
  close(): void;
}

export function createCallerParts(
  options: CallerOptions,
  counters: CallerCounters,
  events: EventSource<ClientEvents>,
): CallerParts {
  const limits = { ...defaultChannelLimits, ...options };
  const { platform, address, datagramBytes, clientId } = options;
  const { messageBytes } = limits;
  const { clock } = platform;
  const schedule = new StreamSchedule(clock);
  const admission: Admission = createAdmission({
    ...limits,
    clock,
    inFlight: () => pending.started,
    isFull: () => session.link?.full === true,
    start: call => transmission.start(call),
  });
  const pending: PendingCalls = createPendingCalls({
    admission,
    firstNumber: options.firstNumber ?? 1,
    onEnd(call) {
      const { number, procedure, copies } = call;
      if (procedure.semantics === 'at-most-once' && copies > 0) acknowledger.owe();
      if (procedure.semantics !== 'maybe') fragments.end(number);
    },
  });
  const acknowledger = createAcknowledger(clock, pending.open, pending.nextUnsent, () =>
    acknowledge(session.link),
  );
  const acknowledge = (link: Link | undefined): void =>
    sendAcknowledgement(session, acknowledger, clock, link);
  const timer = createCallTimer(clock, now => sweep(now));
  const arm = (call: PendingCall): void => timer.arm(Math.min(call.dueAt, call.deadlineAt));
  const liveness = new Liveness({
    ...options,
    clock,
    timer,
    session: () => session,
    waits: () => pending.size > 0,
  });
  const session: ClientSession = new ClientSession({
    ...options,
    counters,
    events,
    handlers: {
      onDamaged: (peer, reason) => events.emit?.('damaged', { ...aboutClient(clientId), peer, reason }),
      onFrames: (link, bytes, start, end) => receive(link, bytes, start, end),
      preamble: (_link, target, at, end) => writePreamble(session, acknowledger, target, at, end),
      onFlush: acknowledge,
      onDrain: link => {
        admission.admit();
        schedule.onDrain(link);
      },
    },
    firstNumber: pending.firstUnsent,
    wanted: () => pending.size > 0 || liveness.pinging,
    onAsk: () => liveness.asked(clock.now()),
    onLink: () => transmission.sendWithoutSession(),
    onReady: renewed => {
      liveness.onReady();
      if (!renewed) onLost();
      transmission.transmitAll();
      admission.admit();
    },
    onUnreachable: ({ code, message, cause }) => {
      events.emit?.('unreachable', { ...aboutClient(clientId), code, message });
      pending.each(call => {
        if (call.copies === 0) pending.giveUp(call, code, message, cause);
      });
      liveness.lost();
    },
  });
  const promotion = createPromotion({
    ...options,
    counters,
    session,
    handlers: {
      onFrames: (link, bytes, start, end) => receive(link, bytes, start, end),
      onFlush: acknowledge,
      onDrain: () => transmission.transmitPromoted(({ copies }) => copies === 0),
    },
    wanted: () => pending.some(({ promoted }) => promoted),
    onReady: () => transmission.transmitPromoted(() => true),
    onFailed: () => transmission.transmitPromoted(() => true),
  });
  const promotionBytes = address.scheme === 'udp' ? limits.promotionBytes : Number.POSITIVE_INFINITY;
  const paths = createCallPaths({ session, promotion, promotionBytes, arm });
  const fragments: ClientFragments = createClientFragments({
    clock,
    session,
    datagramBytes,
    onResent: (number, fragment, bytes) =>
      events.emit?.('fragment-resent', { ...aboutClient(clientId), call: number, fragment, bytes }),
    isPending: pending.has,
    onArrived: call => {
      call.held = true;
      if (session.link !== undefined) transmission.signOfLife(call, session.link);
    },
  });
  const onLost = (answering?: Link): void => {
    failLost({ session, pending, fragments }, clock.now(), answering);
    promotion.close();
  };
  const transmission: Transmission = createTransmission({
    platform,
    clientId,
    events,
    session,
    paths,
    pending,
    admission,
    fragments,
    streams: schedule,
    liveness,
    retryBudget: options.retryBudget,
    counters,
    arm,
  });
  const sweep = createCallTimeouts({ session, paths, pending, transmission, liveness });
  /** The call that something from the server is for. Where it has ended already, the server does not know so yet. */
  const answered = (number: number): PendingCall | undefined => {
    const call = pending.get(number);
    if (call === undefined) {
      counters.duplicateReplies++;
      events.emit?.('reply-unexpected', { ...aboutClient(clientId), call: number });
      acknowledger.owe();
    }
    return call;
  };
  const streams = createClientStreams({
    clock,
    clientId,
    events,
    session,
    pending,
    schedule,
    window: options.streamWindow,
    messageBytes,
    answered,
  });
  const receive = createClientReceiver({
    clock,
    clientId,
    events,
    session,
    paths,
    pending,
    transmission,
    fragments,
    streams,
    liveness,
    counters,
    messageBytes,
    metadataBytes: options.metadataBytes,
    answered,
    onLost: link => {
      liveness.trust();
      onLost(link);
    },
  });
  return {
    session,
    pending,
    admission,
    liveness,
    transmission,
    streams,
    arm,
    close() {
      acknowledge(session.link);
      timer.cancel();
      fragments.close();
      acknowledger.close();
      liveness.close();
      schedule.close();
      promotion.close();
      session.close();
    },
  };
}
