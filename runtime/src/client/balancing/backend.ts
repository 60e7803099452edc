/** One server of a channel: its endpoint, and what the channel knows of it. */
import type { Random } from '../../platform/platform.js';
import type { CallerEndpoint } from '../../request-reply/caller.js';
import type { EndpointState } from '../../request-reply/liveness.js';
import type { Caller } from '../../schema/description.js';
import { formatAddress } from '../../transport/address.js';
import { createOutlierRecord, isEjected, type OutlierRecord } from './outliers.js';
import type { Candidate } from './pick.js';
import { weightedRank } from './pick.js';
import type { ServerAddress } from './target.js';

/** Milliseconds after which a server that was lost, or refused a call, is asked again at first; doubled each time. */
const firstRest = 1000;
const longestRest = 30_000;

/** The least weight: a server of weight 0 gets next to nothing while others have some (RFC 2782). */
const leastWeight = 0.001;

/**
 * What is known of a server: the state of the path to it, unless it is not called because its health is bad, its calls
 * failed, or it is among the servers no more.
 */
export type ServerState = EndpointState | 'unhealthy' | 'ejected' | 'leaving';

/** A server of a channel, as `channel.servers()` lists it. */
export interface ServerInfo {
  /** As the channel calls it, with an IP address. */
  readonly address: string;
  /** Whether it is called, and why not. */
  readonly state: ServerState;
  /** Calls that have no answer yet. */
  readonly inFlight: number;
}

export interface Backend extends Candidate {
  readonly key: string;
  readonly endpoint: CallerEndpoint;
  readonly caller: Caller;
  readonly outlier: OutlierRecord;
  priority: number;
  weight: number;
  /** Its place among those of its priority. */
  rank: number;
  /** It is not among the servers any more: what is pending ends, and nothing new begins. */
  leaving: boolean;
  healthy: boolean;
  /** When its health is asked for next, on the clock's scale. */
  checkAt: number;
  /** Until when one that was lost, or refused a call, is not asked whether it takes calls again. */
  restsUntil: number;
  /** How often in a row it was lost or refused. */
  setbacks: number;
}

export interface Connection {
  readonly endpoint: CallerEndpoint;
  readonly caller: Caller;
}

export function createBackend(
  found: ServerAddress,
  connection: Connection,
  position: number,
  random: Random,
): Backend {
  const { endpoint, caller } = connection;
  const weight = Math.max(found.weight, leastWeight);
  return {
    key: formatAddress(found.address),
    endpoint,
    caller,
    outlier: createOutlierRecord(),
    priority: found.priority,
    weight,
    rank: found.anyOrder ? weightedRank(weight, random) : position,
    leaving: false,
    healthy: true,
    checkAt: 0,
    restsUntil: 0,
    setbacks: 0,
    get inFlight() {
      return endpoint.inFlight;
    },
  };
}

/** Takes over what is told anew of a server that is known. */
export function update(backend: Backend, found: ServerAddress, position: number): void {
  backend.leaving = false;
  backend.priority = found.priority;
  backend.weight = Math.max(found.weight, leastWeight);
  if (!found.anyOrder) backend.rank = position;
}

/** Lets a server alone for a while, a longer one each time; up to a quarter more at random. */
export function rest(backend: Backend, now: number, random: Random): void {
  const duration = Math.min(longestRest, firstRest * 2 ** Math.min(backend.setbacks++, 16));
  backend.restsUntil = now + duration * (1 + random.next() / 4);
}

/** It answered, or was heard of again. */
export function recover(backend: Backend): void {
  backend.setbacks = 0;
  backend.restsUntil = 0;
}

/** Why a server is not called, if it is not; otherwise how far its session is. */
export function stateOf(backend: Backend, now: number): ServerState {
  const { endpoint } = backend;
  if (backend.leaving) return 'leaving';
  if (endpoint.state === 'unreachable') return 'unreachable';
  if (isEjected(backend.outlier, now)) return 'ejected';
  return backend.healthy ? endpoint.state : 'unhealthy';
}

const notCalled: readonly ServerState[] = ['leaving', 'unreachable', 'ejected', 'unhealthy', 'refusing'];

export function isEligible(backend: Backend, now: number): boolean {
  return !notCalled.includes(stateOf(backend, now));
}

export function infoOf(backend: Backend, now: number): ServerInfo {
  return { address: backend.key, state: stateOf(backend, now), inFlight: backend.inFlight };
}
