/**
 * A server's sessions: opened by a handshake, found by client id and token, dropped when their lease runs out.
 */
import type { Reader } from '../marshalling/reader.js';
import type { Platform, Timer } from '../platform/platform.js';
import type { ServerEvents } from '../schema/events.js';
import { protocolVersion } from '../transport/packet.js';
import { isSamePrincipal } from '../transport/security.js';
import type { Link } from '../transport/transport.js';
import { clientIdText } from './client-id-text.js';
import { type CookieJar, createCookieJar } from './cookie.js';
import type { EventSource } from './event-source.js';
import { clientIdBytes, type Failure, idBytes, noId } from './frames.js';
import {
  type Hello,
  noCookie,
  ResetReason,
  readHello,
  sendCookie,
  sendRefused,
  sendWelcome,
} from './handshake-frames.js';
import type { ServerLimits } from './limits.js';
import type { ReceivedCall } from './received-call.js';
import { address, mayAnswer } from './send-reply.js';
import { createSendTimer, type SendTimer } from './send-timer.js';
import { ServerSession, type SharedUsage } from './server-session.js';

/** Milliseconds after which a request whose rest does not come is dropped. */
const halfOpenPatience = 30_000;

/** Bytes of a welcome and of a refusal at the most, when it is to be seen whether they may be sent. */
const answerBytes = 60;

/** Whose frames follow in a datagram or on a connection. */
export type Sender =
  | SessionSender
  /** Without a session only what needs no filter is executed. */
  | { readonly kind: 'anonymous'; readonly clientId: Buffer }
  | { readonly kind: 'rejected'; readonly clientId: Buffer; readonly token: Buffer; readonly reason: number };

export interface SessionSender {
  readonly kind: 'session';
  readonly session: ServerSession;
}

export interface SessionsOptions {
  readonly platform: Platform;
  readonly limits: ServerLimits;
  readonly events: EventSource<ServerEvents>;
  /** The longest datagram that is sent. */
  readonly datagramBytes: number;
  /** The server's TCP port, or 0. */
  tcpPort(): number;
}

export class Sessions {
  readonly epoch: Buffer;
  readonly usage: SharedUsage = { historyEntries: 0, historyBytes: 0, halfOpenBytes: 0 };
  private readonly options: SessionsOptions;
  private readonly cookies: CookieJar;
  private readonly sessions = new Map<string, ServerSession>();
  private readonly sendTimer: SendTimer;
  private timer: Timer | undefined;

  constructor(options: SessionsOptions) {
    this.options = options;
    const { random } = options.platform;
    this.sendTimer = createSendTimer(options.platform.clock);
    this.epoch = Buffer.from(random.bytes(idBytes));
    this.cookies = createCookieJar(random.bytes(32), this.epoch);
  }

  get size(): number {
    return this.sessions.size;
  }

  /** Reads a session frame. */
  identify(link: Link, reader: Reader, now: number): Sender {
    const clientId = reader.rawBytes(clientIdBytes);
    const token = reader.rawBytes(idBytes);
    const epoch = reader.rawBytes(idBytes);
    if (token.equals(noId) && epoch.equals(noId))
      return { kind: 'anonymous', clientId: Buffer.from(clientId) };
    const rejected = (reason: number): Sender => ({
      kind: 'rejected',
      clientId: Buffer.from(clientId),
      token: Buffer.from(token),
      reason,
    });
    if (!epoch.equals(this.epoch)) return rejected(ResetReason.otherEpoch);
    const session = this.sessions.get(keyOf(clientId));
    if (session === undefined || !session.token.equals(token) || this.hasExpired(session, now)) {
      return rejected(ResetReason.unknownSession);
    }
    // Whoever got hold of the token gets nothing by it.
    if (!isSamePrincipal(session.principal, link.principal)) return rejected(ResetReason.unknownSession);
    session.lastHeard = now;
    if (link.validated) session.link = link;
    else if (isSamePath(session.link, link)) {
      link.validated = true;
      session.link = link;
    }
    return { kind: 'session', session };
  }

  /** Renews the lease of a session by which a connection is known. False: it is over. */
  renew(session: ServerSession, now: number): boolean {
    if (this.sessions.get(session.key) !== session || this.hasExpired(session, now)) return false;
    session.lastHeard = now;
    return true;
  }

  /** Answers a hello: with a cookie, with a session, or with why there is none. */
  greet(link: Link, reader: Reader, now: number): void {
    const hello = readHello(reader);
    const key = keyOf(hello.clientId);
    const known = this.sessions.get(key);
    // First of all, for with it go the cookies by which it could be opened anew.
    if (known !== undefined && this.hasExpired(known, now)) this.drop(known, now);
    const session = this.sessions.get(key);
    address(link, Buffer.from(hello.clientId));
    if (!mayAnswer(link, answerBytes)) return;
    const refuse = (failure: Failure) => sendRefused(link, hello.nonce, failure);

    if (hello.version !== protocolVersion) {
      refuse(
        refusal('failed-precondition', `this server speaks version ${protocolVersion}, not ${hello.version}`),
      );
    } else if (!this.isValidated(link, hello, session, now)) {
      sendCookie(link, hello.nonce, this.cookies.issue(hello, link.peer, now));
    } else if (session !== undefined) {
      // Who holds neither the token nor the nonce of the handshake that opened the session is somebody else.
      const isKnown = session.token.equals(hello.token) || session.nonce.equals(hello.nonce);
      if (!isKnown || !isSamePrincipal(session.principal, link.principal)) {
        refuse(refusal('permission-denied', 'the client id is in use by another client'));
        return;
      }
      session.link = link;
      session.lastHeard = now;
      this.welcome(session, hello);
    } else if (hello.renewsOnly) {
      refuse(refusal('failed-precondition', 'the session that the hello names is not known here'));
    } else if (this.sessions.size >= this.options.limits.sessions) {
      refuse(
        refusal('resource-exhausted', `the server has ${this.sessions.size} sessions and takes no more`),
      );
    } else {
      this.welcome(this.open(key, link, hello, now), hello);
    }
  }

  /** Calls that have no answer yet. */
  *unanswered(): Iterable<ReceivedCall> {
    for (const session of this.sessions.values()) yield* session.unanswered();
  }

  /** Makes a test of whether all replies and refusals that the histories hold now have gone. */
  watchHistory(): () => boolean {
    const left = [...this.sessions.values()].flatMap(({ history }) => history.calls());
    return () => {
      for (let call = left.at(-1); call !== undefined; call = left.at(-1)) {
        if (call.session?.remembers(call)) return false;
        left.pop();
      }
      return true;
    };
  }

  /** Ends all sessions. */
  close(): void {
    this.timer?.cancel();
    this.sendTimer.close();
    for (const session of this.sessions.values()) {
      session.end();
      this.tellEnded(session, 'closed');
    }
    this.sessions.clear();
  }

  private isValidated(link: Link, hello: Hello, session: ServerSession | undefined, now: number): boolean {
    if (link.validated && (link.reliable || session?.token.equals(hello.token))) return true;
    if (hello.cookie.equals(noCookie) || !this.cookies.accepts(hello, link.peer, now)) return false;
    link.validated = true;
    return true;
  }

  private open(key: string, link: Link, hello: Hello, now: number): ServerSession {
    const { platform, limits, datagramBytes } = this.options;
    const session = new ServerSession(
      {
        clientId: Buffer.from(hello.clientId),
        key,
        token: Buffer.from(platform.random.bytes(idBytes)),
        nonce: Buffer.from(hello.nonce),
        replyBytes: hello.messageBytes,
        principal: link.principal,
        link,
        lastHeard: now,
      },
      hello.firstNumber,
      datagramBytes,
      this.sendTimer,
      limits.historyBytesPerClient,
      this.usage,
      (number, fragment, bytes) => {
        const clientId = clientIdText(session.clientId);
        this.options.events.emit?.('fragment-resent', { clientId, call: number, fragment, bytes });
      },
    );
    this.sessions.set(key, session);
    this.options.events.emit?.('session-opened', {
      clientId: clientIdText(session.clientId),
      peer: link.peer,
    });
    this.timer ??= this.scheduleSweep();
    return session;
  }

  private welcome(session: ServerSession, hello: Hello): void {
    const { limits, tcpPort } = this.options;
    sendWelcome(session.link, {
      nonce: hello.nonce,
      epoch: this.epoch,
      token: session.token,
      lease: limits.lease,
      tcpPort: tcpPort(),
      messageBytes: limits.messageBytes,
    });
  }

  private hasExpired(session: ServerSession, now: number): boolean {
    return now - session.lastHeard > this.options.limits.lease;
  }

  private drop(session: ServerSession, now: number): void {
    this.sessions.delete(session.key);
    this.cookies.refuseOlder(now);
    session.end();
    this.tellEnded(session, 'lease-over');
  }

  private tellEnded({ clientId }: ServerSession, reason: 'lease-over' | 'closed'): void {
    this.options.events.emit?.('session-ended', { clientId: clientIdText(clientId), reason });
  }

  private scheduleSweep(): Timer {
    const { platform, limits } = this.options;
    const timer = platform.clock.setTimer(Math.min(limits.lease / 4, halfOpenPatience), () => {
      this.sweep(platform.clock.now());
      this.timer = this.sessions.size > 0 ? this.scheduleSweep() : undefined;
    });
    timer.unref();
    return timer;
  }

  private sweep(now: number): void {
    for (const session of this.sessions.values()) {
      if (this.hasExpired(session, now)) {
        this.drop(session, now);
        continue;
      }
      session.repairs.dropOld(now);
      for (const [number, request] of session.halfOpen) {
        if (now - request.lastHeard > halfOpenPatience) session.dropHalfOpen(number);
      }
    }
  }
}

const keyOf = (clientId: Buffer): string => clientId.toString('latin1', 0, clientIdBytes);

const refusal = (code: Failure['code'], message: string): Failure => ({
  code,
  outcome: 'not-executed',
  message,
});

/** A listener may have forgotten a path that it knew. */
function isSamePath(known: Link, link: Link): boolean {
  return known === link || (known.validated && !known.reliable && known.peer === link.peer);
}
