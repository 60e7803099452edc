/** Frames over UDP: several in a datagram, none split. What does not fit is the fragmentation layer's matter. */
import type { DatagramSocket, Platform, SocketAddress } from '../platform/platform.js';
import type { Principal } from '../schema/description.js';
import type { DamageReason } from '../schema/events.js';
import { formatAddress } from './address.js';
import { type Envelope, isSoundPacket, packetHeaderBytes, plainEnvelope } from './packet.js';
import {
  type Link,
  type LinkHandlers,
  type Listener,
  preambleBytes,
  type TransportCounters,
} from './transport.js';

/** Bytes that may wait in a socket before it counts as full, and those beyond which datagrams are dropped. */
const fullAt = 256 * 1024;
const dropAt = 4 * fullAt;

/** How many peers' links a listening socket keeps, besides those that were asked for; sessions keep theirs beyond that. */
const maxCachedLinks = 65_536;

export interface UdpOptions {
  readonly platform: Platform;
  readonly handlers: LinkHandlers;
  readonly counters: TransportCounters;
  /** The longest datagram that is sent. */
  readonly datagramBytes: number;
}

/** One socket, and the datagrams that its links are filling. */
export class UdpEndpoint {
  readonly socket: DatagramSocket;
  readonly options: UdpOptions;
  readonly datagramBytes: number;
  full = false;
  private readonly links: () => Iterable<Link>;
  /** Datagrams are built in chunks that are never written twice, for the system may still read them. */
  private chunk: Buffer;
  private used = 0;
  private readonly filling: UdpLink[] = [];
  private scheduled = false;
  private readonly flushAll = () => this.flush();

  constructor(socket: DatagramSocket, options: UdpOptions, links: () => Iterable<Link>) {
    this.socket = socket;
    this.links = links;
    this.options = options;
    this.datagramBytes = options.datagramBytes;
    this.chunk = Buffer.allocUnsafeSlow(this.datagramBytes * 16);
  }

  /** Room for one datagram. Two links may fill at the same time, so it is given away for good. */
  claim(): Buffer {
    if (this.used + this.datagramBytes > this.chunk.length) {
      this.chunk = Buffer.allocUnsafeSlow(this.datagramBytes * 16);
      this.used = 0;
    }
    const room = this.chunk.subarray(this.used, this.used + this.datagramBytes);
    this.used += this.datagramBytes;
    return room;
  }

  emit(datagram: Buffer, envelope: Envelope, to: SocketAddress): void {
    if (!envelope.complete(datagram)) return;
    const { unsent } = this.socket;
    if (unsent < fullAt || (this.full && unsent < dropAt)) this.socket.send(datagram, to);
    else if (!this.full) {
      this.full = true;
      // Datagrams leave in order: when this one has, so have those before it.
      this.socket.send(datagram, to, this.drained);
    }
  }

  private readonly drained = (): void => {
    this.full = false;
    const { onDrain } = this.options.handlers;
    if (onDrain !== undefined) for (const link of this.links()) onDrain(link);
  };

  schedule(link: UdpLink): void {
    this.filling.push(link);
    if (this.scheduled) return;
    this.scheduled = true;
    this.options.platform.clock.afterInput(this.flushAll);
  }

  flush(): void {
    this.scheduled = false;
    for (const link of this.filling) link.flush();
    this.filling.length = 0;
  }
}

/** What makes a path secure. */
export interface UdpSecurity {
  readonly scheme: 'udp' | 'udps';
  readonly envelope: Envelope;
  readonly principal: Principal | undefined;
}

const plain: UdpSecurity = { scheme: 'udp', envelope: plainEnvelope, principal: undefined };

export class UdpLink implements Link {
  readonly reliable = false;
  readonly maxFrame: number;
  readonly address: SocketAddress;
  readonly principal: Principal | undefined;
  validated = false;
  received = 0;
  sent: number;
  addressee: Buffer | undefined = undefined;
  /** Its owner sends by it of its own accord, so that it stays when others are forgotten. */
  isHeld = false;
  private readonly endpoint: UdpEndpoint;
  private readonly security: UdpSecurity;
  /** Where the frames of a datagram end at the latest. */
  private readonly room: number;
  private readonly onClose: (() => void) | undefined;
  private datagram: Buffer | undefined;
  private filled = 0;
  private listed = false;
  private waiting: (() => void)[] = [];

  constructor(
    endpoint: UdpEndpoint,
    address: SocketAddress,
    security: UdpSecurity = plain,
    onClose?: () => void,
  ) {
    const { headerBytes, trailerBytes } = security.envelope;
    this.endpoint = endpoint;
    this.address = address;
    this.security = security;
    this.principal = security.principal;
    this.onClose = onClose;
    this.room = endpoint.datagramBytes - trailerBytes;
    this.maxFrame = this.room - headerBytes - preambleBytes;
    // What may be sent to an address that was not validated is reckoned with the plain envelope's length.
    this.sent = headerBytes + trailerBytes - packetHeaderBytes;
  }

  get full(): boolean {
    return this.endpoint.full;
  }

  get peer(): string {
    return formatAddress({ scheme: this.security.scheme, ...this.address });
  }

  send(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.datagram !== undefined && this.filled + length > this.room) this.flush();
    if (this.datagram === undefined) {
      this.datagram = this.endpoint.claim();
      const { handlers } = this.endpoint.options;
      const { headerBytes, trailerBytes } = this.security.envelope;
      this.filled = handlers.preamble?.(this, this.datagram, headerBytes, this.room - length) ?? headerBytes;
      this.sent += this.filled + trailerBytes;
      if (!this.listed) {
        this.listed = true;
        this.endpoint.schedule(this);
      }
    }
    bytes.copy(this.datagram, this.filled, start, end);
    this.filled += length;
    this.sent += length;
  }

  /** Hands the datagram that is being filled to the socket. */
  flush(): void {
    if (this.datagram !== undefined) {
      const { envelope } = this.security;
      const length = this.filled + envelope.trailerBytes;
      this.endpoint.emit(this.datagram.subarray(0, length), envelope, this.address);
      this.datagram = undefined;
    }
    this.listed = false;
    if (this.waiting.length > 0) {
      const waiting = this.waiting;
      this.waiting = [];
      for (const callback of waiting) callback();
    }
  }

  whenFlushed(callback: () => void): void {
    if (this.datagram === undefined) callback();
    else this.waiting.push(callback);
  }

  close(): void {
    this.flush();
    this.isHeld = false;
    this.onClose?.();
  }
}

/** Opens a socket of its own for the path to one server. Rejects where the name is not known or no port is free. */
export async function dialUdp(host: string, port: number, options: UdpOptions): Promise<Link> {
  const { datagrams } = options.platform;
  const address = { host: await datagrams.resolve(host), port };
  const socket = await datagrams.open({
    ...(isLoopback(address.host) ? { host: address.host } : {}),
    onMessage(message, from) {
      // As a connected socket would: another server's answers must not pass for this one's.
      if (from.port !== address.port || from.host !== address.host) return;
      if (isSoundPacket(message)) options.handlers.onFrames(link, message, packetHeaderBytes, message.length);
      else dropDatagram(options, 'udp', from, 'damaged');
    },
  });
  const endpoint = new UdpEndpoint(socket, options, () => [link]);
  const link: UdpLink = new UdpLink(endpoint, address, plain, () => socket.close());
  return link;
}

/** Counts a datagram that is not taken, and tells of it. */
export function dropDatagram(
  { counters, handlers }: Pick<UdpOptions, 'counters' | 'handlers'>,
  scheme: 'udp' | 'udps',
  from: SocketAddress,
  reason: DamageReason,
): void {
  counters[reason]++;
  handlers.onDamaged?.(formatAddress({ scheme, ...from }), reason);
}

/** A socket that talks to this machine alone is reachable from this machine alone. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

export interface UdpListener extends Listener {
  /**
   * The path from the listening socket to a peer, the same one until it is closed: what the peer sends comes by it too.
   */
  linkTo(peer: SocketAddress): Link;
}

/** Receives datagrams from any peer. Rejects with the system's error where the port is taken. */
export async function listenUdp(host: string, port: number, options: UdpOptions): Promise<UdpListener> {
  const { datagrams } = options.platform;
  let links = new Map<number, UdpLink[]>();
  let cached = 0;
  let closed = false;

  const keep = (link: UdpLink): void => {
    const { port } = link.address;
    links.set(port, [...(links.get(port) ?? []), link]);
    cached++;
  };

  const linkTo = (from: SocketAddress): UdpLink => {
    const samePort = links.get(from.port);
    const known = samePort?.find(link => link.address.host === from.host);
    if (known !== undefined) return known;
    if (cached >= maxCachedLinks) {
      const held = [...links.values()].flat().filter(link => link.isHeld);
      links = new Map();
      held.forEach(keep);
      cached = 0;
    }
    const link = new UdpLink(endpoint, from);
    keep(link);
    return link;
  };

  const socket = await datagrams.open({
    host: await datagrams.resolve(host),
    port,
    onMessage(message, from) {
      if (closed) return;
      if (!isSoundPacket(message)) {
        dropDatagram(options, 'udp', from, 'damaged');
        return;
      }
      const link = linkTo(from);
      link.received += message.length;
      options.handlers.onFrames(link, message, packetHeaderBytes, message.length);
    },
  });
  const endpoint = new UdpEndpoint(socket, options, () => [...links.values()].flat());
  return {
    address: formatAddress({ scheme: 'udp', ...socket.address }),
    linkTo(peer) {
      const link = linkTo(peer);
      link.isHeld = true;
      return link;
    },
    close() {
      closed = true;
      endpoint.flush();
      socket.close();
    },
  };
}
