/** Opens a channel to a server. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import { checkedMessageBytes } from '../request-reply/limits.js';
import { parseAddress } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import { type Channel, createChannel } from './channel.js';

export interface ConnectOptions {
  /** The longest request that is sent and the longest reply that is taken, in bytes; 32 MiB unless told otherwise. */
  readonly messageBytes?: number;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
  readonly platform?: Platform;
}

/**
 * Makes a channel to the server at `address`. Nothing is sent before the first call, so this does not fail when the
 * server is away: calls do.
 *
 * @throws TypeError when the address is none, RangeError when a limit is out of bounds
 */
export async function connect(address: string | readonly string[], options: ConnectOptions = {}): Promise<Channel> {
  const platform = options.platform ?? nodePlatform;
  const endpoint = new CallerEndpoint({
    platform,
    address: parseAddress(address),
    clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
    messageBytes: checkedMessageBytes(options.messageBytes),
    datagramBytes: datagramBytes(options.datagramBytes),
  });
  return createChannel(endpoint, platform);
}
