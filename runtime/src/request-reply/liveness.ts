/**
 * Whether a server still gives signs of life. What it answers at once (a handshake, a probe, a request that was sent
 * again) starts the count of a silence, and whatever comes from it ends that.
 *
 * A ping is a probe of number 0, which no call has: the server answers that it has no such request, or no such session.
 */
import type { Clock, Timer } from '../platform/platform.js';

/** What a channel is told of a server. */
export interface ReachabilityListener {
  /** The server gave a sign of life after `onUnreachable`. */
  onReachable(): void;
  /** Nobody listens at the address, or nothing came from it for the time of its patience. */
  onUnreachable(): void;
}

export interface LivenessOptions {
  readonly clock: Clock;
  /** Milliseconds of silence after which the server counts as unreachable. */
  readonly patience: number;
  readonly listener: ReachabilityListener | undefined;
  /** Milliseconds after which a silent session is asked for a sign of life; none without it. */
  readonly keepalive: number | undefined;
  /** Asks the server for a sign of life. */
  ping(): void;
}

export class Liveness {
  /** Whether a ping waits for its answer. */
  pinging = false;
  unreachable = false;
  private readonly options: LivenessOptions;
  /** When the server was first asked for something that it has not answered; below 0: it owes nothing. */
  private askedAt = -1;
  /** Something came since the keepalive's timer last fired. */
  private heardLately = false;
  private timer: Timer | undefined;

  constructor(options: LivenessOptions) {
    this.options = options;
  }

  /** Something is about to leave that the server answers at once. */
  asked(now: number): void {
    if (this.askedAt < 0) this.askedAt = now;
  }

  heard(): void {
    this.askedAt = -1;
    this.pinging = false;
    this.heardLately = true;
    if (!this.unreachable) return;
    this.unreachable = false;
    this.options.listener?.onReachable();
  }

  /** Nobody is there: the system says so, or the silence. */
  lost(): void {
    this.pinging = false;
    this.unreachable = true;
    this.options.listener?.onUnreachable();
  }

  /** For how many milliseconds the server has owed an answer. */
  silence(now: number): number {
    return this.askedAt < 0 ? 0 : now - this.askedAt;
  }

  /** Takes notice of a silence that has lasted too long; returns when to look next. */
  check(now: number): number {
    if (this.askedAt < 0 || this.unreachable) return Number.POSITIVE_INFINITY;
    const endsAt = this.askedAt + this.options.patience;
    if (now < endsAt) return endsAt;
    this.lost();
    return Number.POSITIVE_INFINITY;
  }

  /** There is a session, which is to be kept. */
  keepAlive(): void {
    const { clock, keepalive } = this.options;
    if (keepalive === undefined || this.timer !== undefined) return;
    this.timer = clock.setTimer(keepalive, () => {
      this.timer = undefined;
      if (!this.heardLately) this.options.ping();
      this.heardLately = false;
      this.keepAlive();
    });
    this.timer.unref();
  }

  close(): void {
    this.timer?.cancel();
  }
}
