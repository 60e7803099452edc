/** What an endpoint sends and receives by: one socket over UDP; otherwise one that listens, and connections. */
import { type Address, parseAddress } from '../transport/address.js';
import { dial, listen } from '../transport/open.js';
import type { Link, TransportOptions } from '../transport/transport.js';
import { listenUdp } from '../transport/udp.js';
import { senderFrame } from './frames.js';

/** By which transports messages are carried. */
const schemes = ['udp', 'tcp', 'unix', 'memory'] as const;
type Scheme = (typeof schemes)[number];
type PortAddress = Address & { readonly scheme: Scheme };
type NetworkPort = PortAddress & { readonly scheme: 'udp' | 'tcp' };

export interface Port {
  /** With the port that was taken. */
  readonly address: string;
  readonly scheme: Scheme;
  /** Rejects with the system's error where nobody can be reached. */
  linkTo(address: PortAddress): Promise<Link>;
  close(): void;
}

/** @throws TypeError when it is no address of a transport that carries messages */
export function parsePortAddress(text: string): PortAddress {
  const address = parseAddress(text);
  if ((schemes as readonly string[]).includes(address.scheme)) return address as PortAddress;
  throw new TypeError(`messages are not carried over ${address.scheme}: use ${schemes.join(', ')}`);
}

/** Rejects with the system's error where the address is taken (`EADDRINUSE`) or is not this machine's. */
export async function openPort(text: string, options: TransportOptions): Promise<Port> {
  const address = parsePortAddress(text);
  if (address.scheme === 'udp') return openUdpPort(address as NetworkPort, options);
  return openStreamPort(address, options);
}

async function openUdpPort({ host, port }: NetworkPort, options: TransportOptions): Promise<Port> {
  const { datagrams } = options.platform;
  const { address, linkTo, close } = await listenUdp(host, port, options);
  return {
    address,
    scheme: 'udp',
    async linkTo(to) {
      const peer = to as NetworkPort;
      return linkTo({ host: await datagrams.resolve(peer.host), port: peer.port });
    },
    close,
  };
}

async function openStreamPort(at: PortAddress, options: TransportOptions): Promise<Port> {
  // None of its addresses is of sealed UDP.
  const { address, close } = await listen(at, { ...options, datagramKeys: 0 });
  const introduction = senderFrame(address);
  return {
    address,
    scheme: at.scheme,
    async linkTo(to) {
      const link = await dial(to, options);
      link.send(introduction, 0, introduction.length);
      return link;
    },
    close,
  };
}
