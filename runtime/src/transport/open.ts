/** From an address to the transport that serves it. */
import type { Platform, StreamSockets } from '../platform/platform.js';
import { type Address, formatAddress } from './address.js';
import { connectInMemory, listenInMemory } from './memory.js';
import { dialStream, listenStream } from './streams.js';
import type { Link, LinkHandlers, Listener, TransportCounters } from './transport.js';
import { dialUdp, listenUdp } from './udp.js';

export interface TransportOptions {
  readonly platform: Platform;
  readonly handlers: LinkHandlers;
  readonly counters: TransportCounters;
  /** The longest frame that a stream accepts. */
  readonly maxFrame: number;
  /** The longest datagram that is sent. */
  readonly datagramBytes?: number;
}

/** Opens a path to a server. Rejects with the system's error where there is none. */
export async function dial(address: Address, options: TransportOptions): Promise<Link> {
  const { platform } = options;
  switch (address.scheme) {
    case 'udp':
      return dialUdp(address.host, address.port, options);
    case 'tcp': {
      const target = { host: await platform.datagrams.resolve(address.host), port: address.port };
      const peer = formatAddress('tcp', target.host, target.port);
      return dialStream(platform.streams, target, peer, { ...options, clock: platform.clock });
    }
    case 'memory':
      return dialStream(memorySockets(platform), { host: address.name, port: 0 }, `memory:${address.name}`, {
        ...options,
        clock: platform.clock,
      });
  }
}

/** Takes frames that are sent to the address. Rejects with the system's error where it is taken. */
export async function listen(address: Address, options: TransportOptions): Promise<Listener> {
  const { platform } = options;
  switch (address.scheme) {
    case 'udp':
      return listenUdp(address.host, address.port, options);
    case 'tcp':
      return listenStream(
        platform.streams,
        { host: await platform.datagrams.resolve(address.host), port: address.port },
        ({ host, port }) => formatAddress('tcp', host, port),
        { ...options, clock: platform.clock },
      );
    case 'memory':
      return listenStream(
        memorySockets(platform),
        { host: address.name, port: 0 },
        ({ host }) => `memory:${host}`,
        { ...options, clock: platform.clock },
      );
  }
}

function memorySockets({ clock }: Platform): StreamSockets {
  return {
    listen: async options => listenInMemory(options.host ?? '', clock, options),
    connect: async ({ host }) => connectInMemory(host, clock),
  };
}
