import type { SocketAddress } from '../platform/platform.js';
import { crc32c } from '../transport/crc32c.js';

/** `unix`: a Unix domain socket, whose packets have its path as the host, and port 0. */
export type Protocol = 'udp' | StreamProtocol;
/** The protocols whose packets are segments of a stream. */
export type StreamProtocol = 'tcp' | 'unix';

/** A datagram, or a segment of a stream. */
export interface Packet {
  /** By what kind of socket it was sent. */
  readonly protocol: Protocol;
  /** When it was sent: virtual time in milliseconds. */
  readonly time: number;
  /** Where its sender's socket is bound, as the network sees it. */
  readonly from: SocketAddress;
  /** For which socket it is. */
  readonly to: SocketAddress;
  /** The name of the host that sent it; empty when it was injected. */
  readonly sender: string;
  /** The name of the host that it is for; empty when there is none. */
  readonly receiver: string;
  /** The CRC-32C of `data`. */
  readonly checksum: number;
  /** What was sent. A connection's first and last segments, and its resets, are empty. */
  readonly data: Buffer;
}

/** All of a packet but its checksum, which is worked out when it is first asked for: only traces have use for it. */
export type PacketFields = Omit<Packet, 'checksum'>;

class CheckedPacket implements Packet {
  readonly protocol: Protocol;
  readonly time: number;
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly sender: string;
  readonly receiver: string;
  readonly data: Buffer;
  #checksum = -1;

  constructor(fields: PacketFields) {
    this.protocol = fields.protocol;
    this.time = fields.time;
    this.from = fields.from;
    this.to = fields.to;
    this.sender = fields.sender;
    this.receiver = fields.receiver;
    this.data = fields.data;
  }

  get checksum(): number {
    if (this.#checksum < 0) this.#checksum = crc32c(this.data, 0, this.data.length);
    return this.#checksum;
  }
}

export const createPacket = (fields: PacketFields): Packet => new CheckedPacket(fields);

/** What becomes of a packet, or of a copy of it. */
export type Fate =
  | 'sent'
  | 'injected'
  | 'delivered'
  /** By the link's `loss`, or because it is a damaged segment of a stream. */
  | 'lost'
  /** By an interceptor. */
  | 'dropped'
  /** By a partition, or a link that is cut. */
  | 'cut'
  /** Nobody has the address, or no router leads there. */
  | 'unreachable'
  | 'duplicated'
  | 'corrupted'
  | 'reordered'
  /** Nothing is bound to the port. */
  | 'unbound'
  /** The receiver's socket buffer, or the queue of a link of bounded bandwidth, was full. */
  | 'overflow'
  /** The receiving host is down. */
  | 'down';

/** A copy of an intercepted packet that is to arrive. */
export interface Copy {
  /** After so many milliseconds, instead of the link's latency. */
  readonly delay?: number;
  /** Other bytes than those that were sent. */
  readonly data?: Uint8Array;
}

/**
 * What an interceptor wants: one copy or two after the link's latency, none, one after so many milliseconds, or any
 * copies. No faults are added. Of a stream's segment, only whether and when its first copy arrives counts.
 *
 * @prop delay - milliseconds until the only copy arrives
 * @prop copies - those that arrive, each with its own delay; none is a loss
 */
export type Verdict =
  | 'deliver'
  | 'drop'
  | 'duplicate'
  | { readonly delay: number }
  | { readonly copies: readonly Copy[] };

export function copiesOf(verdict: Verdict): readonly Copy[] {
  if (verdict === 'deliver') return [{}];
  if (verdict === 'drop') return [];
  if (verdict === 'duplicate') return [{}, {}];
  return 'copies' in verdict ? verdict.copies : [verdict];
}

/** Sees each packet that is sent and each thing that becomes of it. */
export type PacketListener = (packet: Packet, fate: Fate) => void;

/** Decides on a packet that is sent; undefined leaves it to the next interceptor, or to the link's faults. */
export type Interceptor = (packet: Packet) => Verdict | undefined;

/** Takes a listener or an interceptor away again. */
export type Remove = () => void;

export interface Recorder {
  /** A line for each fate of each packet: time, protocol, from, to, length, CRC-32C, fate. */
  readonly trace: string;
  record(time: number, packet: Packet, fate: Fate): void;
  listen(listener: PacketListener): Remove;
}

/** What a trace keeps of a packet's fate: not the packet, whose bytes would be kept with it. */
interface TraceEvent {
  readonly at: number;
  readonly protocol: string;
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly length: number;
  readonly checksum: number;
  readonly fate: Fate;
}

const format = ({ at, protocol, from, to, length, checksum, fate }: TraceEvent): string =>
  `${at.toFixed(3)} ${protocol} ${from.host}:${from.port} > ${to.host}:${to.port} ${length} ` +
  `${checksum.toString(16).padStart(8, '0')} ${fate}`;

/** @param keepsTrace - false saves the memory of one line for each packet */
export function createRecorder(keepsTrace: boolean): Recorder {
  // The lines are written when they are asked for, which few runs do.
  const events: TraceEvent[] = [];
  const listeners = new Set<PacketListener>();

  return {
    get trace() {
      return events.map(format).join('\n');
    },
    record: (time, packet, fate) => {
      if (keepsTrace) {
        const { protocol, from, to, data, checksum } = packet;
        events.push({ at: time, protocol, from, to, length: data.length, checksum, fate });
      }
      for (const listener of listeners) listener(packet, fate);
    },
    listen: listener => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
