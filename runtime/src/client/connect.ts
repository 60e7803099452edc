/** Opens a channel to a server, or to several. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import { checkedMessageBytes, streamWindow } from '../request-reply/limits.js';
import type { ReachabilityListener } from '../request-reply/liveness.js';
import type { Address } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import { createBalancedCaller } from './balancing/balanced-caller.js';
import { type BalancingOptions, checkBalancing } from './balancing/options.js';
import { Pool } from './balancing/pool.js';
import { parseTarget, type Target } from './balancing/target.js';
import { assembleChannel, type Channel, createCaller, createChannel } from './channel.js';

export interface ConnectOptions extends BalancingOptions {
  /** The longest request that is sent and the longest reply that is taken, in bytes; 32 MiB unless told otherwise. */
  readonly messageBytes?: number;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
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

type MakeEndpoint = (address: Address, reachability?: ReachabilityListener) => CallerEndpoint;

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
  const makeEndpoint = endpointMaker(platform, options);
  const balancing = checkBalancing(options);
  const isOneServer = targets.length === 1 && target.kind === 'address';
  if (isOneServer) return createChannel(makeEndpoint(target.address), platform);
  return connectMany(targets, makeEndpoint, platform, balancing);
}

/** @throws RangeError */
function endpointMaker(platform: Platform, options: ConnectOptions): MakeEndpoint {
  const { keepalive, patience } = options;
  const settings = {
    messageBytes: checkedMessageBytes(options.messageBytes),
    datagramBytes: datagramBytes(options.datagramBytes),
    streamWindow: streamWindow(options),
    ...(keepalive === undefined ? {} : { keepalive: checkedDuration('keepalive', keepalive) }),
    ...(patience === undefined ? {} : { patience: checkedDuration('patience', patience) }),
  };
  // A session belongs to one server: each has a client id and numbers of its own.
  return (address, reachability) =>
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

async function connectMany(
  targets: readonly Target[],
  makeEndpoint: MakeEndpoint,
  platform: Platform,
  { hedge, ...balancing }: ReturnType<typeof checkBalancing>,
): Promise<Channel> {
  const pool = new Pool({
    ...balancing,
    platform,
    targets,
    connect(address, reachability) {
      const endpoint = makeEndpoint(address, reachability);
      return { endpoint, caller: createCaller(endpoint, platform) };
    },
  });
  if (targets.every(({ kind }) => kind === 'address')) await pool.resolver.resolve();
  return assembleChannel({
    caller: createBalancedCaller(pool, platform.clock, hedge),
    stats: () => pool.counters(),
    servers: () => pool.servers(),
    close: () => pool.close(),
  });
}
