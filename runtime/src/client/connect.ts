/** Opens a channel to a server, or to several. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { dial } from '../transport/open.js';
import { type ClientTls, checkedClientTls } from '../transport/security.js';
import { openBalancedChannel } from './balancing/open-balanced-channel.js';
import { type BalancingOptions, checkBalancing } from './balancing/options.js';
import { parseTarget } from './balancing/target.js';
import type { Channel } from './channel.js';
import { type ChannelOptions, openChannel } from './open-channel.js';

/** How a channel is to be; all of it may be left out. */
export interface ConnectOptions extends ChannelOptions, BalancingOptions {
  /** For addresses that are secured: whom to trust, and who this client is. */
  readonly tls?: ClientTls;
  /** Its clock, randomness and sockets; `nodePlatform` unless told otherwise. */
  readonly platform?: Platform;
}

/**
 * Makes a channel to the server at `address`, or to all those at the addresses, of the names and in the SRV records that are
 * given. Nothing is sent before the first call, so this does not fail when the servers are away: calls do.
 *
 * @throws TypeError when an address is none or `tls` is incomplete, RangeError when an option is out of bounds
 */
export async function connect(
  address: string | readonly string[],
  options: ConnectOptions = {},
): Promise<Channel> {
  const { platform = nodePlatform, tls } = options;
  const targets = [address].flat().map(parseTarget);
  const [target] = targets;
  if (target === undefined) throw new TypeError('a channel needs the address of a server');
  checkBalancing(options);
  const surroundings = { platform, dial, tls: checkedClientTls(tls) };
  if (targets.length === 1 && target.kind === 'address')
    return openChannel(target.address, surroundings, options);
  return openBalancedChannel(targets, surroundings, options);
}
