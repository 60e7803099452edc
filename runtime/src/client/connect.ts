/** Opens a channel to a server. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { parseAddress } from '../transport/address.js';
import { dial } from '../transport/open.js';
import { type ClientTls, checkedClientTls } from '../transport/security.js';
import type { Channel } from './channel.js';
import { type ChannelOptions, openChannel } from './open-channel.js';

export interface ConnectOptions extends ChannelOptions {
  /** For addresses that are secured: whom to trust, and who this client is. */
  readonly tls?: ClientTls;
  readonly platform?: Platform;
}

/**
 * Makes a channel to the server at `address`. Nothing is sent before the first call, so this does not fail when the
 * server is away: calls do.
 *
 * @throws TypeError when the address is none or `tls` is incomplete, RangeError when a limit is out of bounds
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Channel> {
  const { platform = nodePlatform, tls } = options;
  return openChannel(parseAddress(address), { platform, dial, tls: checkedClientTls(tls) }, options);
}
