/**
 * Frames over sealed UDP: the datagrams of `udp.ts`, each encrypted and authenticated with a key that came of a TLS
 * connection to the same port. That port takes frames over TLS as well.
 */
import type { SocketAddress } from '../platform/platform.js';
import { formatAddress } from './address.js';
import { createGrantedKeys, type GrantedKey } from './granted-keys.js';
import { grantKey, obtainKey } from './key-agreement.js';
import { createKeyRing } from './key-ring.js';
import { type Envelope, kindOf, PacketKind } from './packet.js';
import { keyIdBytes, keyIdOf, sealedHeaderBytes, tagBytes, unknownKey, unknownKeyBytes } from './seal.js';
import { type AgreeOnKeys, listenTls, type SecuredDialOptions, type SecuredListenOptions } from './tls.js';
import type { Link, Listener } from './transport.js';
import { dropDatagram, isLoopback, UdpEndpoint, UdpLink, type UdpOptions } from './udp.js';

const scheme = 'udps';

const leastSealed = sealedHeaderBytes + tagBytes;

function envelopeOf(complete: Envelope['complete']): Envelope {
  return { headerBytes: sealedHeaderBytes, trailerBytes: tagBytes, complete };
}

/** Opens a socket of its own for the path to one server. Rejects where that gives no key. */
export async function dialUdps(
  host: string,
  port: number,
  options: UdpOptions & Omit<SecuredDialOptions, 'serverName'>,
): Promise<Link> {
  const { platform, handlers } = options;
  const { datagrams, clock } = platform;
  const address = { host: await datagrams.resolve(host), port };
  const ring = await createKeyRing(clock, () => obtainKey(address, { ...options, serverName: host }));

  const onMessage = (message: Buffer, from: SocketAddress): void => {
    if (from.port !== address.port || from.host !== address.host) return;
    const kind = kindOf(message);
    if (kind === PacketKind.unknownKey && message.length === unknownKeyBytes) {
      ring.onUnknown(keyIdOf(message));
      return;
    }
    if (kind !== PacketKind.sealed || message.length < leastSealed) {
      dropDatagram(options, scheme, from, 'damaged');
      return;
    }
    const frames = ring.find(keyIdOf(message))?.open(message) ?? 'forged';
    if (typeof frames === 'string') dropDatagram(options, scheme, from, frames);
    else handlers.onFrames(link, frames, 0, frames.length);
  };

  const socket = await datagrams.open({
    ...(isLoopback(address.host) ? { host: address.host } : {}),
    onMessage,
  });
  const envelope = envelopeOf(datagram => ring.current().seal(datagram));
  const endpoint = new UdpEndpoint(socket, options, () => [link]);
  const link: UdpLink = new UdpLink(endpoint, address, { scheme, envelope, principal: undefined }, () => {
    ring.close();
    socket.close();
  });
  return link;
}

export interface UdpsListenOptions extends UdpOptions, SecuredListenOptions {
  /** How many keys there may be at a time. */
  readonly datagramKeys: number;
}

/** Where a port is free for UDP, another server may have it for TCP. */
const mostTries = 16;

/** Receives from clients that have a key. Rejects with the system's error where the port is taken for UDP or TCP. */
export async function listenUdps(host: string, port: number, options: UdpsListenOptions): Promise<Listener> {
  for (let tries = 1; ; tries++) {
    try {
      return await listenTwice(host, port, options);
    } catch (error) {
      const isTaken = (error as { readonly code?: unknown }).code === 'EADDRINUSE';
      if (port !== 0 || !isTaken || tries === mostTries) throw error;
    }
  }
}

/** Listens for datagrams, and at the same port for those who want a key. */
async function listenTwice(host: string, port: number, options: UdpsListenOptions): Promise<Listener> {
  const { platform } = options;
  const keys = createGrantedKeys(platform.clock, options.datagramKeys);
  let isClosed = false;

  const grant: AgreeOnKeys = (socket, principal) => {
    if (keys.isFull) socket.destroy();
    else keys.add(grantKey(socket, platform.random.bytes(keyIdBytes), platform.clock), principal);
  };

  /** Each key has a link of its own, so that nothing is ever sealed for one client that was meant for another. */
  const linkOf = (key: GrantedKey, from: SocketAddress): UdpLink => {
    const known = key.link?.address;
    if (key.link === undefined || known?.port !== from.port || known.host !== from.host) {
      const envelope = envelopeOf(datagram => key.seal.seal(datagram));
      key.link = new UdpLink(endpoint, from, { scheme, envelope, principal: key.principal });
    }
    return key.link;
  };

  const onMessage = (message: Buffer, from: SocketAddress): void => {
    if (isClosed) return;
    if (kindOf(message) !== PacketKind.sealed || message.length < leastSealed) {
      dropDatagram(options, scheme, from, 'damaged');
      return;
    }
    const key = keys.find(keyIdOf(message));
    const frames = key?.seal.open(message);
    if (key === undefined || frames === undefined) socket.send(unknownKey(message), from);
    else if (typeof frames === 'string') dropDatagram(options, scheme, from, frames);
    else {
      key.lastHeard = platform.clock.now();
      const link = linkOf(key, from);
      link.received += message.length;
      options.handlers.onFrames(link, frames, 0, frames.length);
    }
  };

  const socket = await platform.datagrams.open({
    host: await platform.datagrams.resolve(host),
    port,
    onMessage,
  });
  const endpoint = new UdpEndpoint(socket, options, keys.links);
  const secured = await listenTls(host, socket.address.port, options, grant).catch(error => {
    socket.close();
    throw error;
  });
  return {
    address: formatAddress({ scheme, ...socket.address }),
    ...(secured.renew && { renew: secured.renew }),
    close() {
      isClosed = true;
      endpoint.flush();
      keys.close();
      socket.close();
      secured.close();
    },
  };
}
