/**
 * A client's side of a session: the path to the server, the handshake on it, and what both have agreed on.
 *
 *     idle ──open──▶ dialling ──link──▶ greeting ──welcome──▶ ready
 *       ▲               │                  │                    │
 *       └───── back-off ◀──────────────────┴── link down, reset ┘
 */
import type { Reader } from '../marshalling/reader.js';
import type { Platform, Timer } from '../platform/platform.js';
import { CallError } from '../schema/errors.js';
import type { ClientEvents } from '../schema/events.js';
import { type Address, formatAddress } from '../transport/address.js';
import type { ClientTls } from '../transport/security.js';
import type { Dial, Link, LinkHandlers, TransportCounters } from '../transport/transport.js';
import { type CongestionWindow, createCongestionWindow } from './congestion.js';
import type { EventSource } from './event-source.js';
import { clientIdBytes, idBytes, noId, readFailure } from './frames.js';
import {
  cookieBytes,
  noCookie,
  ResetReason,
  readWelcome,
  sendHello,
  sessionFrame,
} from './handshake-frames.js';
import { aboutClient } from './observed-call.js';
import { backOff, createRoundTripEstimate, type RoundTripEstimate } from './retransmission.js';

/** Milliseconds before a connection is tried anew, doubled with each failure. */
const reconnectDelay = 50;

/** A connection on which no welcome comes for so long is given up. */
const greetingPatience = 5000;

/** So is one that does not come about: the system would ask less and less often, for minutes. */
const dialPatience = 5000;

export interface ClientSessionOptions {
  readonly platform: Platform;
  readonly dial: Dial;
  readonly address: Address;
  readonly clientId: Buffer;
  readonly messageBytes: number;
  readonly datagramBytes: number;
  readonly tls?: ClientTls | undefined;
  readonly counters: TransportCounters;
  readonly events: EventSource<ClientEvents>;
  readonly handlers: Pick<LinkHandlers, 'onFrames' | 'onDamaged' | 'onDrain' | 'preamble' | 'onFlush'>;
  /** The number below which every call is finished, for a session that is opened anew. */
  firstNumber(): number;
  /** Whether any call waits for the session. */
  wanted(): boolean;
  /** There is a path, and no session yet. */
  onLink(): void;
  /** The session is there. `renewed`: it is the one that was there before. */
  onReady(renewed: boolean): void;
  /** Something leaves that the server answers at once. */
  onAsk(): void;
  /** Nobody is there, or the server refused: calls that were never sent need not wait any longer. */
  onUnreachable(error: CallError): void;
}

export class ClientSession {
  state: 'idle' | 'dialling' | 'greeting' | 'ready' | 'closed' = 'idle';
  link: Link | undefined;
  /** The longest request that the server takes. */
  messageBytes: number;
  /** Where the same server takes TCP connections; 0 when it does not. */
  tcpPort = 0;
  token: Buffer = noId;
  /** Precedes the frames of this session. */
  frame: Buffer;
  readonly roundTrip: RoundTripEstimate = createRoundTripEstimate();
  /** Of what goes to the server over datagrams. */
  readonly congestion: CongestionWindow;
  private readonly options: ClientSessionOptions;
  /** Milliseconds for which the server keeps the session of a client that is silent. */
  lease = Number.POSITIVE_INFINITY;
  private lastSent = 0;
  private nonce: Buffer = noId;
  private cookie: Buffer = noCookie;
  private firstNumber = 1;
  private timeouts = 0;
  private failures = 0;
  private dials = 0;
  private timer: Timer | undefined;

  constructor(options: ClientSessionOptions) {
    this.options = options;
    this.messageBytes = options.messageBytes;
    this.frame = sessionFrame(options.clientId);
    this.congestion = createCongestionWindow(options.datagramBytes);
  }

  /** Whether requests may be sent: the session is there, and its lease cannot have run out. */
  isFresh(now: number): boolean {
    return this.state === 'ready' && this.isWithinLease(this.lastSent, now);
  }

  /** Whether the lease that frames sent at `since` renewed cannot have run out, with what clocks differ by. */
  isWithinLease(since: number, now: number): boolean {
    return now - since <= this.lease / 2;
  }

  /** Whether the server has given a session that nothing has ended yet. */
  get established(): boolean {
    return this.token !== noId;
  }

  /** Frames of the session were sent: the server renews the lease. */
  touch(now: number): void {
    this.lastSent = now;
  }

  /** Sees to it that a session is there or on its way. */
  open(): void {
    if (this.state === 'ready' || (this.state === 'idle' && this.link !== undefined)) this.startGreeting();
    else if (this.state === 'idle' && this.timer === undefined) this.startDialling();
  }

  /**
   * The server does not know the session, or not the address. Returns whether the session is lost; a message about an
   * older one changes nothing.
   */
  onReset(reader: Reader): boolean {
    const token = reader.rawBytes(idBytes);
    const reason = reader.rawU8();
    if (this.state === 'closed' || !this.established || !token.equals(this.token)) return false;
    const isLost = reason !== ResetReason.validate;
    if (isLost) this.forget();
    if (this.options.wanted()) this.startGreeting();
    else this.state = 'idle';
    return isLost;
  }

  onCookie(reader: Reader): void {
    const nonce = reader.rawBytes(idBytes);
    const cookie = reader.rawBytes(cookieBytes);
    if (this.state !== 'greeting' || !nonce.equals(this.nonce)) return;
    this.cookie = Buffer.from(cookie);
    this.timeouts = 0;
    this.greet();
  }

  onWelcome(reader: Reader): void {
    const welcome = readWelcome(reader);
    if (this.state !== 'greeting' || !welcome.nonce.equals(this.nonce)) return;
    const renewed = welcome.token.equals(this.token);
    if (!renewed && this.established)
      this.options.events.emit?.('session-lost', aboutClient(this.options.clientId));
    this.nonce = noId;
    this.stopTimer();
    this.state = 'ready';
    this.failures = 0;
    this.token = welcome.token;
    this.lease = welcome.lease;
    this.tcpPort = welcome.tcpPort;
    this.messageBytes = Math.min(this.options.messageBytes, welcome.messageBytes);
    this.frame = sessionFrame(this.options.clientId, welcome.token, welcome.epoch);
    this.lastSent = this.options.platform.clock.now();
    if (this.link?.reliable) this.link.send(this.frame, 0, this.frame.length);
    this.tell(renewed ? 'session-renewed' : 'session-opened', this.link);
    this.options.onReady(renewed);
  }

  onRefused(reader: Reader): void {
    const nonce = reader.rawBytes(idBytes);
    const { code, message } = readFailure(reader);
    if (this.state !== 'greeting' || !nonce.equals(this.nonce)) return;
    this.options.onUnreachable(new CallError(code, message, { outcome: 'not-executed' }));
    this.retryLater();
  }

  /** Gives up a connection that is dead or broke the rules, and takes another. */
  abandonLink(): void {
    if (this.link === undefined || this.state === 'closed') return;
    this.drop(this.link);
    this.stopTimer();
    this.state = 'idle';
    if (this.options.wanted()) this.startDialling();
  }

  close(): void {
    this.state = 'closed';
    this.stopTimer();
    if (this.link !== undefined) this.drop(this.link);
  }

  private forget(): void {
    this.options.events.emit?.('session-lost', aboutClient(this.options.clientId));
    this.token = noId;
    this.frame = sessionFrame(this.options.clientId);
  }

  private startDialling(): void {
    this.state = 'dialling';
    this.options.onAsk();
    const { platform, dial, address, counters, messageBytes, handlers, datagramBytes, tls } = this.options;
    const attempt = ++this.dials;
    const isOver = () => this.state !== 'dialling' || attempt !== this.dials;
    this.timer = platform.clock.setTimer(dialPatience, () => this.retryLater());
    dial(address, {
      platform,
      counters,
      maxFrame: messageBytes + 1024,
      datagramBytes,
      tls,
      handlers: { ...handlers, onDown: link => this.onDown(link) },
    }).then(
      link => {
        if (isOver()) {
          link.close();
          return;
        }
        this.link = link;
        this.tell('link-up', link);
        this.startGreeting();
        this.options.onLink();
      },
      error => {
        if (isOver()) return;
        this.options.onUnreachable(unreachable(address, error));
        this.retryLater();
      },
    );
  }

  private startGreeting(): void {
    this.stopTimer();
    this.state = 'greeting';
    // The nonce stays until a welcome: a server that opened a session whose token got lost knows the client by it.
    if (this.nonce === noId) this.nonce = Buffer.from(this.options.platform.random.bytes(idBytes));
    this.cookie = noCookie;
    this.firstNumber = this.options.firstNumber();
    this.timeouts = 0;
    this.greet();
  }

  private greet(): void {
    const link = this.link;
    if (link === undefined) return;
    const { platform, clientId } = this.options;
    this.options.onAsk();
    sendHello(link, {
      clientId,
      nonce: this.nonce,
      firstNumber: this.firstNumber,
      messageBytes: Math.min(this.options.messageBytes, 0xffff_ffff),
      token: this.token,
      cookie: this.cookie,
    });
    this.stopTimer();
    const delay = link.reliable
      ? greetingPatience
      : backOff(this.roundTrip.timeout, this.timeouts, platform.random);
    this.timer = platform.clock.setTimer(delay, () => this.onSilence(link));
  }

  /** No answer to the hello. */
  private onSilence(link: Link): void {
    this.timer = undefined;
    if (!this.options.wanted()) {
      // The next call goes on.
      this.state = 'idle';
      return;
    }
    if (link.reliable) {
      this.retryLater();
      return;
    }
    this.timeouts++;
    this.greet();
  }

  private onDown(link: Link): void {
    if (link !== this.link || this.state === 'closed') return;
    const wasReady = this.state === 'ready';
    this.link = undefined;
    this.tell('link-down', link);
    this.stopTimer();
    this.state = 'idle';
    if (wasReady && this.options.wanted()) this.startDialling();
    else if (!wasReady) this.retryLater();
  }

  private retryLater(): void {
    const { platform } = this.options;
    if (this.link !== undefined) this.drop(this.link);
    this.stopTimer();
    this.state = 'idle';
    if (!this.options.wanted()) return;
    const delay = backOff(reconnectDelay, this.failures++, platform.random);
    this.timer = platform.clock.setTimer(delay, () => {
      this.timer = undefined;
      if (this.options.wanted()) this.startDialling();
    });
  }

  private drop(link: Link): void {
    this.link = undefined;
    link.close();
    this.tell('link-down', link);
  }

  private tell(
    kind: 'link-up' | 'link-down' | 'session-opened' | 'session-renewed',
    link: Link | undefined,
  ): void {
    const { events, clientId, address } = this.options;
    events.emit?.(kind, { ...aboutClient(clientId), peer: link?.peer ?? formatAddress(address) });
  }

  private stopTimer(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

/** Reads whose datagram this is. */
export function isFor(clientId: Buffer, reader: Reader): boolean {
  return reader.rawBytes(clientIdBytes).equals(clientId);
}

function unreachable(address: Address, cause: unknown): CallError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CallError('unavailable', `${formatAddress(address)} cannot be reached: ${why}`, {
    outcome: 'not-executed',
    cause,
  });
}
