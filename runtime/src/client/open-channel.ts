/** Makes a channel, wherever the program runs. */
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import {
  type ChannelLimits,
  channelLimits,
  checkedMetadataBytes,
  streamWindow,
} from '../request-reply/limits.js';
import { createRetryBudget, type RetryBudgetOptions } from '../request-reply/retry-budget.js';
import type { Address } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import type { ClientTls } from '../transport/security.js';
import type { Dial } from '../transport/transport.js';
import { type Channel, createChannel } from './channel.js';
import type { ClientInterceptor } from './interceptors.js';

/** What a channel may be told. */
export interface ChannelOptions extends Partial<ChannelLimits> {
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
}

/** The world that the program runs in, and the transports that it has there. */
export interface Surroundings {
  readonly platform: Platform;
  readonly dial: Dial;
  readonly tls?: ClientTls | undefined;
}

/** @throws RangeError when a limit is out of bounds */
export function openChannel(
  address: Address,
  { platform, dial, tls }: Surroundings,
  options: ChannelOptions,
): Channel {
  const metadataBytes = checkedMetadataBytes(options.metadataBytes);
  const endpoint = new CallerEndpoint({
    platform,
    dial,
    address,
    clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
    ...channelLimits(options),
    datagramBytes: datagramBytes(options.datagramBytes),
    tls,
    metadataBytes,
    retryBudget: options.retryBudget && createRetryBudget(options.retryBudget),
    streamWindow: streamWindow(options),
  });
  return createChannel(endpoint, platform, { interceptors: options.interceptors, metadataBytes });
}
