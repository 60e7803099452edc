/** What a channel is told about its several servers. */
import type { Hedge } from '../../schema/description.js';
import type { HealthOptions, HealthProbe } from './health.js';
import { checkedHedge } from './hedge.js';
import { defaultOutlierOptions, type OutlierOptions } from './outliers.js';
import { type Balance, pickers } from './pick.js';

/** They matter only where a channel has more than one server. */
export interface BalancingOptions {
  /**
   * `pick-first`: the first one that can be reached, in the order given. `round-robin`: each in turn. `least-loaded`: the less
   * loaded one of two that are drawn. `pick-first` unless told otherwise.
   */
  readonly balance?: Balance;
  /** Hedges all at-least-once calls that say nothing else. */
  readonly hedge?: Hedge;
  /** How old the answer of the name system may become, in milliseconds; 30,000 unless told otherwise. */
  readonly resolveInterval?: number;
  /** When servers whose calls fail are let alone; `false`: never. */
  readonly outliers?: Partial<OutlierOptions> | false;
  /** How servers are asked for their health; without it they are not. */
  readonly health?: {
    /** Milliseconds between two questions; 5,000 unless told otherwise. */
    readonly interval?: number;
    /** Asks one server. */
    readonly probe: HealthProbe;
  };
}

export interface Balancing {
  readonly balance: Balance;
  readonly hedge: Hedge | undefined;
  readonly resolveInterval: number;
  readonly outliers: OutlierOptions | undefined;
  readonly health: HealthOptions | undefined;
}

const defaultResolveInterval = 30_000;
const defaultHealthInterval = 5000;

/** @throws RangeError when an option is out of bounds */
export function checkBalancing(options: BalancingOptions): Balancing {
  const { balance = 'pick-first', hedge, outliers, health } = options;
  if (!(balance in pickers))
    throw new RangeError(`'balance' must be one of ${Object.keys(pickers).join(', ')}`);
  const resolveInterval = options.resolveInterval ?? defaultResolveInterval;
  const healthInterval = health?.interval ?? defaultHealthInterval;
  for (const [name, value] of Object.entries({ resolveInterval, interval: healthInterval })) {
    if (!(value > 0)) throw new RangeError(`'${name}' must be above 0 milliseconds, not ${value}`);
  }
  return {
    balance,
    hedge: hedge === undefined ? undefined : checkedHedge(hedge),
    resolveInterval,
    outliers: outliers === false ? undefined : checkOutliers(outliers),
    health: health === undefined ? undefined : { interval: healthInterval, probe: health.probe },
  };
}

function checkOutliers(given: Partial<OutlierOptions> = {}): OutlierOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaultOutlierOptions)) throw new RangeError(`'${name}' is not an option of outliers`);
    if (!(value > 0)) throw new RangeError(`'${name}' of outliers must be above 0, not ${value}`);
  }
  return { ...defaultOutlierOptions, ...given };
}
