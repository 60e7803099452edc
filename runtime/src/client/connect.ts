/** Opens a channel to a server, or to several. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint, type CallerOptions } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import { checkedMessageBytes, checkedMetadataBytes, streamWindow } from '../request-reply/limits.js';
import type { ReachabilityListener } from '../request-reply/liveness.js';
import { createRetryBudget, type RetryBudgetOptions } from '../request-reply/retry-budget.js';
import type { Address } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import { createBalancedCaller } from './balancing/balanced-caller.js';
import { type BalancingOptions, checkBalancing } from './balancing/options.js';
import { Pool } from './balancing/pool.js';
import { parseTarget } from './balancing/target.js';
import { assembleChannel, type Channel, createCaller, createChannel } from './channel.js';
import type { ClientInterceptor } from './interceptors.js';

export interface ConnectOptions extends BalancingOptions {
  /** The longest request that is sent and the longest reply that is taken, in bytes; 32 MiB unless told otherwise. */
  readonly messageBytes?: number;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
  /** The longest metadata that is sent with a request and taken with a reply, in bytes; 8,192 unless told otherwise. */
  readonly metadataBytes?: number;
  /** Stand around every call, the first one outermost. */
  readonly interceptors?: readonly ClientInterceptor[];
  /** Bounds how many requests the channel sends again, in all. Default: only the deadlines bound them. */
  readonly retryBudget?: RetryBudgetOptions;
  /**
   * A server from which nothing has come for so many milliseconds is asked for a sign of life, which keeps its session
   * and finds out early whether it is gone. Without it a silent channel costs nothing.
   */
  readonly keepalive?: number;
  /** How far the sender of a stream may be ahead of its consumer, in items; 1,024 unless told otherwise, 64 at least. */
  readonly streamItems?: number;
  /** The same in bytes; 256 KiB unless told otherwise, 64 KiB at least. */
  readonly streamBytes?: number;
  readonly platform?: Platform;
}

/**
 * Makes a channel to the server at `address`, or to all those at the addresses, of the names and in the SRV records that are
 * given. Nothing is sent before the first call, so this does not fail when the servers are away: calls do.
 *
 * @throws TypeError when an address is none, RangeError when an option is out of bounds
 */
export async function connect(
  address: string | readonly string[],
  options: ConnectOptions = {},
): Promise<Channel> {
  const platform = options.platform ?? nodePlatform;
  const targets = [address].flat().map(parseTarget);
  const [target] = targets;
  if (target === undefined) throw new TypeError('a channel needs the address of a server');
  const settings = callerSettings(options);
  const balancing = checkBalancing(options);
  const makeEndpoint = endpointMaker(platform, settings);
  const channelOptions = { interceptors: options.interceptors, metadataBytes: settings.metadataBytes };
  if (targets.length === 1 && target.kind === 'address')
    return createChannel(makeEndpoint(target.address), platform, channelOptions);

  const { hedge, ...poolOptions } = balancing;
  const pool = new Pool({
    ...poolOptions,
    platform,
    targets,
    connect(serverAddress, reachability) {
      const endpoint = makeEndpoint(serverAddress, reachability);
      return { endpoint, caller: createCaller(endpoint, platform, settings.metadataBytes) };
    },
  });
  if (targets.every(({ kind }) => kind === 'address')) await pool.resolver.resolve();
  const { retryBudget } = settings;
  return assembleChannel({
    caller: createBalancedCaller({ pool, clock: platform.clock, hedge, retryBudget }),
    interceptors: options.interceptors,
    stats: () => pool.counters(),
    servers: () => pool.servers(),
    close: () => pool.close(),
  });
}

type CallerSettings = Omit<CallerOptions, 'platform' | 'address' | 'clientId' | 'reachability'>;

/** @throws RangeError when one is out of bounds */
function callerSettings(options: ConnectOptions): CallerSettings {
  const { keepalive, patience } = options;
  return {
    messageBytes: checkedMessageBytes(options.messageBytes),
    datagramBytes: datagramBytes(options.datagramBytes),
    metadataBytes: checkedMetadataBytes(options.metadataBytes),
    retryBudget: options.retryBudget && createRetryBudget(options.retryBudget),
    streamWindow: streamWindow(options),
    ...(keepalive === undefined ? {} : { keepalive: checkedDuration('keepalive', keepalive) }),
    ...(patience === undefined ? {} : { patience: checkedDuration('patience', patience) }),
  };
}

/** A session belongs to one server: each endpoint has a client id and numbers of its own. */
function endpointMaker(platform: Platform, settings: CallerSettings) {
  return (address: Address, reachability?: ReachabilityListener) =>
    new CallerEndpoint({
      platform,
      address,
      clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
      ...settings,
      ...(reachability === undefined ? {} : { reachability }),
    });
}

function checkedDuration(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`'${name}' must be above 0 milliseconds, not ${value}`);
}
