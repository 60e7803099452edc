/** Opens a channel to a server. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import { checkedMessageBytes, checkedMetadataBytes, streamWindow } from '../request-reply/limits.js';
import { createRetryBudget, type RetryBudgetOptions } from '../request-reply/retry-budget.js';
import { parseAddress } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import { type Channel, createChannel } from './channel.js';
import type { ClientInterceptor } from './interceptors.js';

export interface ConnectOptions {
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
  const metadataBytes = checkedMetadataBytes(options.metadataBytes);
  const endpoint = new CallerEndpoint({
    platform,
    address: parseAddress(address),
    clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
    messageBytes: checkedMessageBytes(options.messageBytes),
    datagramBytes: datagramBytes(options.datagramBytes),
    metadataBytes,
    retryBudget: options.retryBudget && createRetryBudget(options.retryBudget),
    streamWindow: streamWindow(options),
  });
  return createChannel(endpoint, platform, { interceptors: options.interceptors, metadataBytes });
}
