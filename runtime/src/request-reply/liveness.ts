/**
 * Whether a server still gives signs of life. What it answers at once (a handshake, a probe, a request that was sent
 * again) begins a silence, and whatever comes from it ends that.
 */
import type { Clock, Timer } from '../platform/platform.js';
import type { CallTimer } from './call-timer.js';
import type { ClientSession } from './client-session.js';
import { defaultServerLimits } from './limits.js';
import { sendPing } from './send-request.js';

/** Milliseconds of silence after which a server counts as unreachable. */
const defaultPatience = 1000;

export interface LivenessSettings {
  /** Milliseconds of silence after which the server counts as unreachable; 1,000 unless told otherwise. */
  readonly patience?: number;
  /** Milliseconds after which a silent session is asked for a sign of life; absent: its lease may run out. */
  readonly keepalive?: number;
  readonly reachability?: ReachabilityListener;
}

/** What the owner of an endpoint is told of its server. */
export interface ReachabilityListener {
  /** The server gave a sign of life after `onUnreachable`, or takes calls again. */
  onReachable(): void;
  /** Nobody listens there, the server refused a session, or a silence lasts: then again and again while it does. */
  onUnreachable(): void;
  /** The server refused a call because it takes none. */
  onRefused(): void;
}

export interface LivenessOptions extends LivenessSettings {
  readonly clock: Clock;
  readonly session: () => ClientSession;
  /** Its sweep calls this one's. */
  readonly timer: CallTimer;
  /** Whether any call is pending. */
  readonly waits: () => boolean;
}

/** What a client knows of a server that it has not lost. */
const sessionStates = {
  idle: 'idle',
  dialling: 'connecting',
  greeting: 'connecting',
  ready: 'ready',
  closed: 'idle',
} as const satisfies Record<ClientSession['state'], EndpointState>;

/** `refusing`: it takes no new calls, or has not said yet that it does so again. */
export type EndpointState = 'idle' | 'connecting' | 'ready' | 'unreachable' | 'refusing';

export class Liveness {
  /** Whether a ping waits for its answer. */
  pinging = false;
  private readonly options: LivenessOptions;
  private readonly patience: number;
  /** The server was lost, and has not been heard since. */
  private unreachable = false;
  /** The server refused a call because it takes none, and has not said since that it does. */
  private doubtful = false;
  /** When the server was first asked for something that it has not answered; below 0: it owes nothing. */
  private askedAt = -1;
  /** When the listener was last told of this silence. */
  private toldAt = -1;
  /** Something came since the keepalive's timer last fired. */
  private heardLately = false;
  private keepaliveTimer: Timer | undefined;

  constructor(options: LivenessOptions) {
    this.options = options;
    this.patience = options.patience ?? defaultPatience;
  }

  get state(): EndpointState {
    if (this.unreachable) return 'unreachable';
    return this.doubtful ? 'refusing' : sessionStates[this.options.session().state];
  }

  /** Something leaves that the server answers at once. */
  asked(now: number): void {
    if (this.askedAt < 0) this.askedAt = now;
    this.options.timer.arm(this.looksAt);
  }

  heard(): void {
    this.forget();
    this.heardLately = true;
    if (!this.doubtful) this.pinging = false;
    if (!this.unreachable) return;
    this.unreachable = false;
    if (!this.doubtful) this.options.reachability?.onReachable();
  }

  /** The server refused a call because it takes none. That it is there does not mean that it does again: a ping asks. */
  refused(): void {
    const { reachability } = this.options;
    if (reachability === undefined) return;
    this.doubtful = true;
    reachability.onRefused();
  }

  /** The server said that it takes calls, or that it begins anew. */
  trust(): void {
    this.pinging = false;
    if (!this.doubtful) return;
    this.doubtful = false;
    this.options.reachability?.onReachable();
  }

  /** The answer to a ping. */
  answered(takesCalls: boolean): void {
    if (takesCalls) this.trust();
    else this.pinging = false;
  }

  /** Nobody has waited for anything: the next silence is counted anew. */
  forget(): void {
    this.askedAt = -1;
    this.toldAt = -1;
  }

  /** Nobody is there: the system says so, the server does, or a silence. */
  lost(): void {
    this.pinging = false;
    this.unreachable = true;
    this.options.reachability?.onUnreachable();
  }

  /** Whether the silence is so long that the server knows nothing any more of a client that is as silent. */
  isGone(now: number): boolean {
    if (this.askedAt < 0) return false;
    const { established, lease } = this.options.session();
    return now - this.askedAt > (established ? lease : defaultServerLimits.lease);
  }

  /** Asks the server for a sign of life. */
  ping(): void {
    this.pinging = true;
    const session = this.options.session();
    if (session.state === 'ready') this.sendPing(this.options.clock.now());
    else session.open();
  }

  /** Takes notice of a silence that has lasted too long; returns when to look next. */
  sweep(now: number): number {
    const { waits, session } = this.options;
    if (!this.pinging && !waits()) return Number.POSITIVE_INFINITY;
    const { state, link, roundTrip } = session();
    const isPing = this.pinging && state === 'ready';
    if (now >= this.looksAt) {
      this.toldAt = now;
      this.lost();
      // A connection on which a ping gets no answer is dead.
      if (isPing && link?.reliable) session().abandonLink();
    } else if (isPing) {
      this.sendPing(now);
      return Math.min(this.looksAt, now + roundTrip.timeout);
    }
    return this.looksAt;
  }

  /** There is a session. */
  onReady(): void {
    if (this.pinging) this.sendPing(this.options.clock.now());
    this.keepAlive();
  }

  private keepAlive(): void {
    const { clock, keepalive } = this.options;
    if (keepalive === undefined || this.keepaliveTimer !== undefined) return;
    this.keepaliveTimer = clock.setTimer(keepalive, () => {
      this.keepaliveTimer = undefined;
      if (!this.heardLately) this.ping();
      this.heardLately = false;
      this.keepAlive();
    });
    this.keepaliveTimer.unref();
  }

  close(): void {
    this.keepaliveTimer?.cancel();
    this.pinging = false;
  }

  private get looksAt(): number {
    if (this.askedAt < 0) return Number.POSITIVE_INFINITY;
    return Math.max(this.askedAt, this.toldAt) + this.patience;
  }

  private sendPing(now: number): void {
    const session = this.options.session();
    if (session.link === undefined) return;
    session.touch(now);
    this.asked(now);
    this.options.timer.arm(now + session.roundTrip.timeout);
    sendPing(session.link);
  }
}
