/** Frames over TCP. */
import type { Platform, SocketAddress, StreamListenOptions } from '../platform/platform.js';
import { formatAddress } from './address.js';
import { dialStream, listenStream, type StreamOptions } from './stream.js';
import type { Link, Listener } from './transport.js';

const format = (address: SocketAddress): string => formatAddress({ scheme: 'tcp', ...address });

/** Rejects with the system's error where nobody listens (`ECONNREFUSED`, …), and when its signal is aborted. */
export async function dialTcp(
  host: string,
  port: number,
  { streams, datagrams }: Platform,
  options: StreamOptions,
): Promise<Link> {
  const address = { host: await datagrams.resolve(host), port };
  return dialStream(() => streams.connect(address, { signal: options.signal }), format(address), options);
}

/** Rejects with the system's error where the port is taken. */
export async function listenTcp(
  host: string,
  port: number,
  { streams, datagrams }: Platform,
  options: StreamOptions,
): Promise<Listener> {
  const address = { host: await datagrams.resolve(host), port };
  const listen = (onConnection: StreamListenOptions['onConnection']) =>
    streams.listen({ ...address, onConnection });
  return listenStream(listen, format, options);
}
