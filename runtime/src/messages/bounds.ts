/** What an endpoint sends, takes and keeps at the most. */
import type { Platform } from '../platform/platform.js';
import { datagramBytes, packetHeaderBytes } from '../transport/packet.js';
import { rendezvousHeaderBytes } from './frames.js';

/** What an endpoint sends, takes and keeps at the most. */
export interface EndpointOptions {
  /** The longest message over a stream, in bytes; 32 MiB unless told otherwise. Datagrams bound it further. */
  readonly messageBytes?: number;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
  /** How many messages wait to be received; 10,000 unless told otherwise. */
  readonly queuedMessages?: number;
  /** How many bytes of them; 64 MiB unless told otherwise. */
  readonly queuedBytes?: number;
  /** Its clock, randomness and sockets; `nodePlatform` unless told otherwise. */
  readonly platform?: Platform;
}

export interface Bounds {
  readonly messageBytes: number;
  readonly datagramBytes: number;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
}

const mebibyte = 1 << 20;
/** The length of a frame is told in 32 bits, its header included. */
const longestMessage = 0xffff_0000;

/** @throws RangeError when a bound is none */
export function checkedBounds(options: EndpointOptions): Bounds {
  return {
    messageBytes: checked('messageBytes', options.messageBytes, 32 * mebibyte, longestMessage),
    datagramBytes: datagramBytes(options.datagramBytes),
    queuedMessages: checked('queuedMessages', options.queuedMessages, 10_000),
    queuedBytes: checked('queuedBytes', options.queuedBytes, 64 * mebibyte),
  };
}

function checked(
  name: string,
  given: number | undefined,
  otherwise: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const value = given ?? otherwise;
  if (Number.isInteger(value) && value > 0 && value <= most) return value;
  throw new RangeError(`${name} must be a whole number from 1 to ${most}, not ${value}`);
}

/** The longest message that fits into a datagram, synchronous or not: there are no fragments here. */
export function longestInDatagram(bounds: Bounds): number {
  return Math.min(bounds.messageBytes, bounds.datagramBytes - packetHeaderBytes - rendezvousHeaderBytes);
}
