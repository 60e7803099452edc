/** Frames over Unix domain sockets: the stream of TCP, between processes of one machine. */
import type { Platform } from '../platform/platform.js';
import { formatAddress } from './address.js';
import { dialStream, listenStream, type StreamOptions } from './stream.js';
import type { Link, Listener } from './transport.js';

/** Rejects with the system's error where nobody listens (`ECONNREFUSED`), or there is no such file (`ENOENT`). */
export function dialUnix(path: string, { streams }: Platform, options: StreamOptions): Promise<Link> {
  return dialStream(() => streams.connect({ path }), formatAddress({ scheme: 'unix', path }), options);
}

/** Rejects with the system's error where another server listens, or another file is in the way (`EADDRINUSE`). */
export function listenUnix(path: string, { streams }: Platform, options: StreamOptions): Promise<Listener> {
  // Clients have no address of their own.
  const address = formatAddress({ scheme: 'unix', path });
  return listenStream(
    onConnection => streams.listen({ path, onConnection }),
    () => address,
    options,
  );
}
