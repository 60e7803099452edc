/** The wire as a process of its own. */
import { offer } from '../processes.js';
import {
  type DatagramFaults,
  type DatagramRelay,
  type DatagramTraffic,
  randomFaults,
  relayDatagrams,
} from './datagram-relay.js';
import { createChance } from './random.js';
import {
  proxyStreams,
  randomCuts,
  type StreamFaults,
  type StreamProxy,
  type StreamTraffic,
} from './stream-proxy.js';

export interface RelayRequest {
  readonly serverPort: number;
  readonly seed: number;
  readonly faults: DatagramFaults;
}

export interface ProxyRequest {
  readonly serverPort: number;
  readonly seed: number;
  readonly faults: StreamFaults;
}

const relays = new Map<number, DatagramRelay>();
const proxies = new Map<number, StreamProxy>();

const duties = {
  /** Puts a wire before a UDP server, and returns the port that clients are to send to. */
  async relay({ serverPort, seed, faults }: RelayRequest): Promise<number> {
    const relay = await relayDatagrams(serverPort, randomFaults(faults, createChance(seed)));
    relays.set(relay.port, relay);
    return relay.port;
  },
  /** Puts a wire before a TCP server, and returns the port that clients are to connect to. */
  async proxy({ serverPort, seed, faults }: ProxyRequest): Promise<number> {
    const proxy = await proxyStreams(serverPort, randomCuts(faults, createChance(seed)));
    proxies.set(proxy.port, proxy);
    return proxy.port;
  },
  /** What has passed a wire: that with this port. */
  relayed: (port: number): DatagramTraffic => found(relays, port).traffic,
  proxied: (port: number): StreamTraffic => found(proxies, port).traffic,
};

function found<Wire>(wires: ReadonlyMap<number, Wire>, port: number): Wire {
  const wire = wires.get(port);
  if (wire === undefined) throw new Error(`there is no wire with port ${port}`);
  return wire;
}

export type WireDuties = typeof duties;

offer(duties);
