/**
 * A client's second path to its server: a connection beside the datagrams, for messages that would be many of these. It
 * is opened when the first such message is there and closed when none was for a while; the session stays the same one.
 *
 *     none ──open──▶ dialling ──link──▶ greeting ──welcome──▶ ready
 *      ▲                │                  │                 │   │
 *      ├──── back-off ◀─┴──── failed ──────┴──── broken ─────┘   │
 *      └───────────────────────── idle ──────────────────────────┘
 */
import { Reader } from '../marshalling/reader.js';
import type { Platform, Timer } from '../platform/platform.js';
import { parseAddress } from '../transport/address.js';
import { forEachFrame } from '../transport/frame-loop.js';
import type { Dial, Link, LinkHandlers, TransportCounters } from '../transport/transport.js';
import type { ClientSession } from './client-session.js';
import { FrameType, idBytes, noId } from './frames.js';
import { noCookie, readWelcome, sendHello, sessionFrame } from './handshake-frames.js';
import type { PendingCall } from './pending-call.js';

/** For so many retransmission time-outs, but no more milliseconds than these, calls wait for the connection. */
const patience = { timeouts: 4, longest: 1000 };

/** Milliseconds after which a connection that is not ready is given up. */
const openingPatience = 5000;

/** Milliseconds in which no connection is tried after one failed, doubled with each failure in a row. */
const bar = { first: 2000, longest: 300_000 };

/** Milliseconds without use after which the connection is closed, and up to twice as many. */
const idleTime = 10_000;

export interface PromotionOptions {
  readonly platform: Platform;
  readonly dial: Dial;
  readonly clientId: Buffer;
  readonly messageBytes: number;
  readonly datagramBytes: number;
  readonly counters: TransportCounters;
  readonly session: Pick<ClientSession, 'token' | 'frame' | 'tcpPort' | 'roundTrip'>;
  readonly handlers: Pick<LinkHandlers, 'onFrames' | 'onFlush' | 'onDrain'>;
  /** Whether any call goes over the connection. */
  wanted(): boolean;
  /** The connection is there. */
  onReady(): void;
  /** The connection did not come, or broke: the datagrams have to do. */
  onFailed(): void;
}

export interface Promotion {
  /** The connection, when it is ready. */
  readonly link: Link | undefined;
  /**
   * The path of a call whose messages are large: the connection, or the datagrams where there is none. `undefined`: the
   * call waits until it is due, for the connection to be opened or to have room.
   */
  pathOf(call: PendingCall, datagrams: Link, now: number): Link | undefined;
  /** The connection is dead, or broke the rules. */
  abandon(): void;
  /** Lets the connection go: the session that it belongs to is over, or the channel. */
  close(): void;
}

export function createPromotion(options: PromotionOptions): Promotion {
  const { platform, session, clientId, messageBytes } = options;
  const { clock } = platform;
  const reader = new Reader();
  let dialling: AbortController | undefined;
  let link: Link | undefined;
  let isReady = false;
  let nonce = noId;
  let waitUntil = Number.NEGATIVE_INFINITY;
  let barredUntil = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let timer: Timer | undefined;

  const close = (): void => {
    timer?.cancel();
    dialling?.abort();
    dialling = undefined;
    const closing = link;
    link = undefined;
    isReady = false;
    closing?.close();
  };

  const fail = (): void => {
    close();
    barredUntil = clock.now() + Math.min(bar.longest, bar.first * 2 ** failures++);
    options.onFailed();
  };

  const closeWhenIdle = (heard: number): void => {
    timer = clock.setTimer(idleTime, () => {
      if (link === undefined) return;
      if (link.received === heard && !options.wanted()) close();
      else closeWhenIdle(link.received);
    });
    timer.unref();
  };

  const greet = (connected: Link): void => {
    dialling = undefined;
    link = connected;
    nonce = Buffer.from(platform.random.bytes(idBytes));
    const { token } = session;
    sendHello(connected, {
      clientId,
      nonce,
      firstNumber: 1,
      messageBytes,
      token,
      cookie: noCookie,
      renewsOnly: true,
    });
  };

  /** Only the server that has the session knows its epoch: it was not sent over this connection. */
  const onWelcome = (connected: Link): void => {
    const welcome = readWelcome(reader);
    if (!welcome.nonce.equals(nonce)) return;
    if (!sessionFrame(clientId, welcome.token, welcome.epoch).equals(session.frame)) {
      fail();
      return;
    }
    timer?.cancel();
    isReady = true;
    connected.send(session.frame, 0, session.frame.length);
    closeWhenIdle(connected.received);
    options.onReady();
  };

  const onGreeting = (connected: Link, bytes: Buffer, start: number, end: number): void => {
    const sound = forEachFrame(reader, bytes, start, end, type => {
      if (type === FrameType.welcome) onWelcome(connected);
      else if (type === FrameType.refused) fail();
      return link === connected && !isReady;
    });
    if (!sound) fail();
  };

  const handlers: LinkHandlers = {
    ...options.handlers,
    onFrames(each, bytes, start, end) {
      if (each !== link) return;
      if (isReady) {
        failures = 0;
        options.handlers.onFrames(each, bytes, start, end);
      } else onGreeting(each, bytes, start, end);
    },
    onFlush(each) {
      // Before the session's frame stands there, nothing else may.
      if (isReady) options.handlers.onFlush?.(each);
    },
    onDown(each) {
      if (each === link) fail();
    },
  };

  const startDialling = (host: string, now: number): void => {
    const attempt = new AbortController();
    dialling = attempt;
    waitUntil = now + Math.min(patience.longest, patience.timeouts * session.roundTrip.timeout);
    timer = clock.setTimer(openingPatience, fail);
    options
      .dial(
        { scheme: 'tcp', host, port: session.tcpPort },
        {
          platform,
          handlers,
          counters: options.counters,
          maxFrame: messageBytes + 1024,
          datagramBytes: options.datagramBytes,
          signal: attempt.signal,
        },
      )
      .then(
        connected => {
          if (dialling === attempt) greet(connected);
          else connected.close();
        },
        () => {
          if (dialling === attempt) fail();
        },
      );
  };

  /** Opens the connection unless it failed of late. Returns until when it is worth waiting for. */
  const open = (datagrams: Link, now: number): number => {
    if (link !== undefined || dialling !== undefined) return waitUntil;
    // Where the datagrams go: a name may stand for another machine by now.
    const address = parseAddress(datagrams.peer);
    const isBarred = now < barredUntil || session.tcpPort === 0;
    if (isBarred || address.scheme !== 'udp') return Number.NEGATIVE_INFINITY;
    startDialling(address.host, now);
    return waitUntil;
  };

  return {
    get link() {
      return isReady ? link : undefined;
    },
    pathOf(call, datagrams, now) {
      if (isReady && link !== undefined) {
        if (!link.full || call.copies > 0) return link;
        call.dueAt = call.deadlineAt;
      } else {
        const until = open(datagrams, now);
        if (until <= now) return datagrams;
        call.dueAt = until;
      }
      return undefined;
    },
    abandon: fail,
    close,
  };
}
