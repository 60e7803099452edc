/** Makes a channel, wherever the program runs. */
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import { clientIdBytes } from '../request-reply/frames.js';
import { checkedMessageBytes, streamWindow } from '../request-reply/limits.js';
import type { Address } from '../transport/address.js';
import { datagramBytes } from '../transport/packet.js';
import type { ClientTls } from '../transport/security.js';
import type { Dial } from '../transport/transport.js';
import { type Channel, createChannel } from './channel.js';

/** What a channel may be told. */
export interface ChannelOptions {
  /** The longest request that is sent and the longest reply that is taken, in bytes; 32 MiB unless told otherwise. */
  readonly messageBytes?: number;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
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
  const endpoint = new CallerEndpoint({
    platform,
    dial,
    address,
    clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
    messageBytes: checkedMessageBytes(options.messageBytes),
    datagramBytes: datagramBytes(options.datagramBytes),
    tls,
    streamWindow: streamWindow(options),
  });
  return createChannel(endpoint, platform);
}
