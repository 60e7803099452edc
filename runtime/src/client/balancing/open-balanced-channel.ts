/** Makes a channel to several servers. */
import { createEventSource } from '../../request-reply/event-source.js';
import type { ClientEvents } from '../../schema/events.js';
import { assembleChannel, type Channel, createCaller } from '../channel.js';
import { type ChannelOptions, callerSettings, createEndpoint, type Surroundings } from '../open-channel.js';
import { createBalancedCaller } from './balanced-caller.js';
import { type BalancingOptions, checkBalancing } from './options.js';
import { Pool } from './pool.js';
import type { Target } from './target.js';

/** @throws RangeError when an option is out of bounds */
export async function openBalancedChannel(
  targets: readonly Target[],
  surroundings: Surroundings,
  options: ChannelOptions & BalancingOptions,
): Promise<Channel> {
  const { platform } = surroundings;
  // Servers come and go; whoever listens to the channel is told of all of them.
  const events = createEventSource<ClientEvents>(platform.clock);
  const settings = { ...callerSettings(options), events };
  const { hedge, ...poolOptions } = checkBalancing(options);
  const { metadataBytes, retryBudget } = settings;
  const pool = new Pool({
    ...poolOptions,
    platform,
    targets,
    connect(address, reachability) {
      const endpoint = createEndpoint(address, surroundings, settings, reachability);
      return { endpoint, caller: createCaller(endpoint, platform, metadataBytes) };
    },
  });
  if (targets.every(({ kind }) => kind === 'address')) await pool.resolver.resolve();
  return assembleChannel({
    caller: createBalancedCaller({ pool, clock: platform.clock, hedge, retryBudget }),
    interceptors: options.interceptors,
    stats: () => pool.stats(),
    subscribe: events.subscribe,
    servers: () => pool.servers(),
    close: () => pool.close(),
  });
}
