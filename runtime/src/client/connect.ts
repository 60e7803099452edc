/** Opens a channel to a server, or to several. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { dial } from '../transport/open.js';
import { type ClientTls, checkedClientTls } from '../transport/security.js';
import { openBalancedChannel } from './balancing/open-balanced-channel.js';
import { type BalancingOptions, checkBalancing } from './balancing/options.js';
import { parseTarget } from './balancing/target.js';
import type { Channel } from './channel.js';
import { isGroupAddress, parseGroupTarget } from './groups/address.js';
import { openGroupChannel } from './groups/open-group-channel.js';
import { type ChannelOptions, openChannel } from './open-channel.js';

/** How a channel is to be; all of it may be left out. */
export interface ConnectOptions extends ChannelOptions, BalancingOptions {
  /** For addresses that are secured: whom to trust, and who this client is. */
  readonly tls?: ClientTls;
  /** Its clock, randomness and sockets; `nodePlatform` unless told otherwise. */
  readonly platform?: Platform;
}

/**
 * Makes a channel to the server at `address`, to an open group (`group://HOST:PORT,HOST:PORT/NAME`), or to all those at the addresses, of the names and in the SRV records that are
 * given. Nothing is sent before the first call, so this does not fail when the servers are away: calls do.
 *
 * @throws TypeError when an address is none or `tls` is incomplete, RangeError when an option is out of bounds
 */
export async function connect(
  address: string | readonly string[],
  options: ConnectOptions = {},
): Promise<Channel> {
  const { platform = nodePlatform, tls } = options;
  const addresses = [address].flat();
  if (addresses.some(isGroupAddress)) return connectGroup(addresses, platform, options);
  const targets = addresses.map(parseTarget);
  const [target] = targets;
  if (target === undefined) throw new TypeError('a channel needs the address of a server');
  checkBalancing(options);
  const surroundings = { platform, dial, tls: checkedClientTls(tls) };
  if (targets.length === 1 && target.kind === 'address')
    return openChannel(target.address, surroundings, options);
  return openBalancedChannel(targets, surroundings, options);
}

/** Any member relays calls to the group: a channel to all of them, which goes on with the next when one fails. */
async function connectGroup(
  addresses: readonly string[],
  platform: Platform,
  options: ConnectOptions,
): Promise<Channel> {
  const [address] = addresses;
  if (addresses.length !== 1) throw new TypeError('write all places of an open group into one address');
  const { name, targets } = parseGroupTarget(address!);
  checkBalancing(options);
  const surroundings = { platform, dial, tls: checkedClientTls(options.tls) };
  const channel = await openBalancedChannel(targets, surroundings, options);
  return openGroupChannel(name, channel, platform);
}
