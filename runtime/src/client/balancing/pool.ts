/**
 * The servers of a channel, and which of them a call goes to. Nothing in here runs by a timer of its own, but that servers
 * which left are waited for: names are asked for anew, lost servers are tried again and health is asked for when calls are
 * made and the time has come.
 */

import type { Platform, Timer } from '../../platform/platform.js';
import { type CallerCounters, createCallerCounters } from '../../request-reply/caller-counters.js';
import type { ReachabilityListener } from '../../request-reply/liveness.js';
import { CallError } from '../../schema/errors.js';
import { type Address, formatAddress } from '../../transport/address.js';
import type { ChannelStats } from '../channel.js';
import {
  type Backend,
  type Connection,
  createBackend,
  infoOf,
  isEligible,
  recover,
  rest,
  type ServerInfo,
  update,
} from './backend.js';
import { askHealth, type HealthOptions } from './health.js';
import { isServerFailure } from './moving.js';
import { endInterval, noteFailure, noteSuccess, type OutlierOptions } from './outliers.js';
import { type Balance, type Picker, pickers } from './pick.js';
import { createResolver, type Resolver } from './resolver.js';
import type { ServerAddress, Target } from './target.js';

/** How often it is looked whether a server that left has answered its last call, in milliseconds. */
const leaveInterval = 1000;

export interface PoolOptions {
  readonly platform: Platform;
  readonly targets: readonly Target[];
  readonly balance: Balance;
  /** In milliseconds. */
  readonly resolveInterval: number;
  readonly outliers: OutlierOptions | undefined;
  readonly health: HealthOptions | undefined;
  /** Makes the endpoint of one server. */
  connect(address: Address, reachability: ReachabilityListener): Connection;
}

export class Pool {
  closed = false;
  readonly resolver: Resolver;
  private readonly options: PoolOptions;
  private readonly picker: Picker<Backend>;
  /** In the order in which they are to be tried, those that leave at the end. */
  private backends: Backend[] = [];
  /** Those that calls go to now; made anew when something has changed, or at `eligibleUntil`. */
  private eligible: readonly Backend[] | undefined;
  private eligibleUntil = 0;
  private ratesAt = 0;
  private leaveTimer: Timer | undefined;
  /** What servers counted that are gone. */
  private readonly past = createCallerCounters();

  constructor(options: PoolOptions) {
    const { platform, targets, resolveInterval, balance } = options;
    this.options = options;
    this.picker = pickers[balance](platform.random);
    this.resolver = createResolver({
      targets,
      names: platform.names,
      clock: platform.clock,
      interval: resolveInterval,
      onServers: servers => this.setServers(servers),
    });
  }

  /** How many servers there are. */
  get size(): number {
    return this.backends.length;
  }

  /** A server for a new call. @throws CallError when there is none */
  pick(): Backend {
    if (this.closed) throw unavailable('the channel is closed');
    const now = this.options.platform.clock.now();
    const candidates = this.refresh(now);
    if (candidates.length > 0) return this.picker(candidates);
    // All are out of reach or out of favour. Somebody has to be asked, or nobody would ever learn of a recovery.
    const present = this.backends.filter(({ leaving }) => !leaving);
    if (present.length === 0) throw unavailable('the channel has no server');
    return this.picker(present);
  }

  /** A server for a call that was tried elsewhere; undefined when there is no other. */
  pickOther(tried: ReadonlySet<Backend>): Backend | undefined {
    if (this.closed) return undefined;
    const isNew = (backend: Backend) => !tried.has(backend);
    const candidates = this.refresh(this.options.platform.clock.now()).filter(isNew);
    if (candidates.length > 0) return this.picker(candidates);
    const present = this.backends.filter(backend => isNew(backend) && !backend.leaving);
    return present.length > 0 ? this.picker(present) : undefined;
  }

  /** A call was answered by that server. */
  succeeded(backend: Backend): void {
    noteSuccess(backend.outlier);
  }

  /** A call at that server ended with an error. */
  failed(backend: Backend, error: unknown): void {
    const { outliers, platform } = this.options;
    if (isServerFailure(error)) {
      if (outliers === undefined) return;
      const records = this.backends.map(({ outlier }) => outlier);
      if (noteFailure(backend.outlier, records, outliers, platform.clock.now())) this.eligible = undefined;
    } else if (!(error instanceof CallError) || error.outcome === 'executed') {
      this.succeeded(backend);
    }
  }

  servers(): ServerInfo[] {
    const now = this.options.platform.clock.now();
    return this.backends.map(backend => infoOf(backend, now));
  }

  /** Sums over all servers, also those that have left. */
  stats(): ChannelStats {
    const sum = { ...this.past };
    let pending = 0;
    let streams = 0;
    for (const { endpoint } of this.backends) {
      add(sum, endpoint.counters);
      pending += endpoint.inFlight;
      streams += endpoint.openStreamCalls;
    }
    return { ...sum, pending, streams };
  }

  close(): void {
    this.closed = true;
    this.leaveTimer?.cancel();
    for (const { endpoint } of this.backends) endpoint.close();
  }

  /** Does what is due, and returns those that a call may go to. */
  private refresh(now: number): readonly Backend[] {
    if (this.eligible !== undefined && now < this.eligibleUntil) return this.eligible;
    this.resolver.refresh(now);
    if (this.backends.length > 1) {
      this.lookAtRates(now);
      this.askForHealth(now);
    }
    this.tryLostAgain(now);
    const able = this.backends.filter(backend => isEligible(backend, now));
    const first = able.reduce((least, { priority }) => Math.min(least, priority), Number.POSITIVE_INFINITY);
    this.eligible = able.filter(({ priority }) => priority === first);
    this.eligibleUntil = this.nextChange(now);
    return this.eligible;
  }

  private nextChange(now: number): number {
    let next = this.resolver.nextAt;
    if (this.backends.length > 1) next = Math.min(next, this.ratesAt);
    for (const { restsUntil, checkAt, outlier } of this.backends) {
      for (const at of [restsUntil, checkAt, outlier.ejectedUntil]) if (at > now) next = Math.min(next, at);
    }
    return next;
  }

  private lookAtRates(now: number): void {
    const { outliers } = this.options;
    if (outliers === undefined) this.ratesAt = Number.POSITIVE_INFINITY;
    if (outliers === undefined || now < this.ratesAt) return;
    const records = this.backends.map(({ outlier }) => outlier);
    if (this.ratesAt > 0) endInterval(records, outliers, now);
    this.ratesAt = now + outliers.interval;
  }

  private askForHealth(now: number): void {
    const { health } = this.options;
    for (const backend of this.backends) {
      if (health === undefined || backend.leaving || now < backend.checkAt) continue;
      backend.checkAt = now + health.interval;
      if (backend.endpoint.state === 'unreachable') continue;
      void askHealth(health.probe, backend.caller).then(healthy => {
        if (healthy === undefined) backend.checkAt = Number.POSITIVE_INFINITY;
        if (backend.healthy === (healthy ?? true)) return;
        backend.healthy = healthy ?? true;
        this.eligible = undefined;
      });
    }
  }

  private tryLostAgain(now: number): void {
    for (const backend of this.backends) {
      const { state } = backend.endpoint;
      const isLost = state === 'unreachable' || state === 'refusing';
      if (!isLost || backend.leaving || now < backend.restsUntil) continue;
      rest(backend, now, this.options.platform.random);
      backend.endpoint.ping();
    }
  }

  /** It is not called any more until it was asked. */
  private letRest(backend: Backend): void {
    const now = this.options.platform.clock.now();
    if (now >= backend.restsUntil) rest(backend, now, this.options.platform.random);
    this.eligible = undefined;
  }

  private onUnreachable(backend: Backend): void {
    if (this.closed) return;
    const now = this.options.platform.clock.now();
    this.letRest(backend);
    this.resolver.hurry();
    // Where nobody else is well, the calls that wait here may as well go on to wait.
    if (this.backends.some(other => other !== backend && isEligible(other, now)))
      backend.endpoint.release(`${backend.key} gives no sign of life`);
  }

  private setServers(servers: readonly ServerAddress[]): void {
    if (this.closed) return;
    const known = new Map(this.backends.map(backend => [backend.key, backend]));
    const present = new Map<string, Backend>();
    servers.forEach((found, position) => {
      const key = formatAddress(found.address);
      const backend = known.get(key);
      if (present.has(key)) return;
      if (backend !== undefined) update(backend, found, position);
      present.set(key, backend ?? this.add(found, position));
    });
    const gone = this.backends.filter(({ key }) => !present.has(key));
    for (const backend of gone) backend.leaving = true;
    const inOrder = [...present.values()].sort(
      (one, other) => one.priority - other.priority || one.rank - other.rank,
    );
    this.backends = [...inOrder, ...gone];
    this.eligible = undefined;
    this.letGo();
  }

  private add(found: ServerAddress, position: number): Backend {
    const { connect, platform } = this.options;
    const connection = connect(found.address, {
      onReachable: () => {
        recover(backend);
        this.eligible = undefined;
      },
      onUnreachable: () => this.onUnreachable(backend),
      onRefused: () => this.letRest(backend),
    });
    const backend = createBackend(found, connection, position, platform.random);
    return backend;
  }

  /** Closes servers that left and have answered their last call. */
  private letGo(): void {
    this.leaveTimer?.cancel();
    this.leaveTimer = undefined;
    if (this.closed) return;
    const isDone = ({ leaving, inFlight }: Backend) => leaving && inFlight === 0;
    const done = this.backends.filter(isDone);
    for (const { endpoint } of done) {
      endpoint.close();
      add(this.past, endpoint.counters);
    }
    if (done.length > 0) this.backends = this.backends.filter(backend => !isDone(backend));
    if (!this.backends.some(({ leaving }) => leaving)) return;
    this.leaveTimer = this.options.platform.clock.setTimer(leaveInterval, () => this.letGo());
    this.leaveTimer.unref();
  }
}

function add(sum: CallerCounters, counters: CallerCounters): void {
  for (const name of Object.keys(counters) as (keyof CallerCounters)[]) sum[name] += counters[name];
}

function unavailable(message: string): CallError {
  return new CallError('unavailable', message, { outcome: 'not-executed' });
}
