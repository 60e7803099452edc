/** From an address to the transport that serves it. */
import type { Address } from './address.js';
import { dialMemory, listenMemory } from './memory.js';
import type { ServerTls } from './security.js';
import { dialTcp, listenTcp } from './tcp.js';
import { dialTls, listenTls } from './tls.js';
import type { DialOptions, Link, Listener, TransportOptions } from './transport.js';
import { dialUdp, listenUdp } from './udp.js';
import { dialUdps, listenUdps } from './udps.js';
import { dialUnix, listenUnix } from './unix.js';
import { dialWebSocket, listenWebSocket, type WebOptions } from './ws.js';

export interface ListenOptions extends TransportOptions {
  /** How many keys of sealed UDP there may be at a time. */
  readonly datagramKeys: number;
  readonly tls?: ServerTls | undefined;
  /** How web pages reach the server. */
  readonly web?: WebOptions;
}

/** Opens a path to a server. Rejects with the system's error where there is none. */
export function dial(address: Address, options: DialOptions): Promise<Link> {
  const { platform } = options;
  const streamOptions = { ...options, clock: platform.clock };
  switch (address.scheme) {
    case 'udp':
      return dialUdp(address.host, address.port, options);
    case 'udps':
      return dialUdps(address.host, address.port, options);
    case 'tcp':
      return dialTcp(address.host, address.port, platform, streamOptions);
    case 'tls':
      return dialTls(address.host, address.port, streamOptions);
    case 'unix':
      return dialUnix(address.path, platform, streamOptions);
    case 'ws':
    case 'wss':
      return dialWebSocket(address, options);
    case 'memory':
      return dialMemory(address.name, streamOptions);
  }
}

/** Takes frames that are sent to the address. Rejects with the system's error where it is taken. */
export function listen(address: Address, options: ListenOptions): Promise<Listener> {
  const { platform } = options;
  const streamOptions = { ...options, clock: platform.clock };
  switch (address.scheme) {
    case 'udp':
      return listenUdp(address.host, address.port, options);
    case 'udps':
      return listenUdps(address.host, address.port, streamOptions);
    case 'tcp':
      return listenTcp(address.host, address.port, platform, streamOptions);
    case 'tls':
      return listenTls(address.host, address.port, streamOptions);
    case 'unix':
      return listenUnix(address.path, platform, streamOptions);
    case 'ws':
    case 'wss':
      return listenWebSocket(address, options);
    case 'memory':
      return listenMemory(address.name, streamOptions);
  }
}
