/** Opens a channel to a server. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import { checkedMessageBytes, streamWindow } from '../request-reply/limits.js';
import { parseAddress } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import { type Channel, createChannel } from './channel.js';

export interface ConnectOptions {
  /** The longest request that is sent and the longest reply that is taken, in bytes; 32 MiB unless told otherwise. */
  readonly messageBytes?: number;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
  /** How far the sender of a stream may be ahead of its consumer, in items; 1,024 unless told otherwise, 64 at least. */
  readonly streamItems?: number;
  /** The same in bytes; 256 KiB unless told otherwise, 64 KiB at least. */
  readonly streamBytes?: number;
  readonly platform?: Platform;
}

/**
 * Makes a channel to the server at `address`. Nothing is sent before the first call, so this does not fail when the
 * server is away: calls do.
 *
 * @throws TypeError when the address is none, RangeError when a limit is out of bounds
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Channel> {
  const platform = options.platform ?? nodePlatform;
  const endpoint = new CallerEndpoint({
    platform,
    address: parseAddress(address),
    clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
    messageBytes: checkedMessageBytes(options.messageBytes),
    datagramBytes: datagramBytes(options.datagramBytes),
    streamWindow: streamWindow(options),
  });
  return createChannel(endpoint, platform);
}
