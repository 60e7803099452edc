/** Makes a channel, wherever the program runs. */
import type { Platform } from '../platform/platform.js';
import { CallerEndpoint } from '../request-reply/caller.js';
import type { CallerOptions } from '../request-reply/caller-parts.js';
import { clientIdBytes } from '../request-reply/frames.js';
import {
  type ChannelLimits,
  channelLimits,
  checkedMetadataBytes,
  streamWindow,
} from '../request-reply/limits.js';
import type { ReachabilityListener } from '../request-reply/liveness.js';
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
  /**
   * A server from which nothing has come for so many milliseconds is asked for a sign of life, which keeps its session
   * and finds out early whether it is gone. Without it a silent channel costs nothing.
   */
  readonly keepalive?: number;
  /** Milliseconds of silence after which a server counts as unreachable; 1,000 unless told otherwise. */
  readonly patience?: number;
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

/** @throws RangeError when an option is out of bounds */
export function openChannel(address: Address, surroundings: Surroundings, options: ChannelOptions): Channel {
  const settings = callerSettings(options);
  const { metadataBytes } = settings;
  const endpoint = createEndpoint(address, surroundings, settings);
  return createChannel(endpoint, surroundings.platform, {
    interceptors: options.interceptors,
    metadataBytes,
  });
}

type CallerSettings = Omit<
  CallerOptions,
  'platform' | 'dial' | 'tls' | 'address' | 'clientId' | 'reachability'
>;

/** @throws RangeError when an option is out of bounds */
export function callerSettings(options: ChannelOptions): CallerSettings {
  const { keepalive, patience } = options;
  return {
    ...channelLimits(options),
    datagramBytes: datagramBytes(options.datagramBytes),
    metadataBytes: checkedMetadataBytes(options.metadataBytes),
    retryBudget: options.retryBudget && createRetryBudget(options.retryBudget),
    streamWindow: streamWindow(options),
    ...(keepalive === undefined ? {} : { keepalive: checkedDuration('keepalive', keepalive) }),
    ...(patience === undefined ? {} : { patience: checkedDuration('patience', patience) }),
  };
}

function checkedDuration(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`'${name}' must be above 0 milliseconds, not ${value}`);
}

/** A session belongs to one server: each endpoint has a client id and numbers of its own. */
export function createEndpoint(
  address: Address,
  { platform, dial, tls }: Surroundings,
  settings: CallerSettings,
  reachability?: ReachabilityListener,
): CallerEndpoint {
  return new CallerEndpoint({
    platform,
    dial,
    tls,
    address,
    clientId: Buffer.from(platform.random.bytes(clientIdBytes)),
    ...settings,
    ...(reachability === undefined ? {} : { reachability }),
  });
}
