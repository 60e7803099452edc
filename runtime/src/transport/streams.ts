/** Dialling and listening over a kind of stream sockets, whichever they are. */
import type { Clock, SocketAddress, StreamSocket, StreamSockets } from '../platform/platform.js';
import { createStreamLink } from './stream.js';
import type { Link, LinkHandlers, Listener, TransportCounters } from './transport.js';

export interface StreamOptions {
  readonly clock: Clock;
  readonly handlers: LinkHandlers;
  readonly counters: TransportCounters;
  /** The longest frame that is accepted. */
  readonly maxFrame: number;
}

/** Rejects with the system's error where nobody listens (`ECONNREFUSED`, …). */
export async function dialStream(
  sockets: StreamSockets,
  address: { readonly host: string; readonly port: number },
  peer: string,
  options: StreamOptions,
): Promise<Link> {
  const socket = await sockets.connect(address);
  return createStreamLink(socket, { ...options, peer });
}

/** Accepts connections. Rejects with the system's error where the address is taken. */
export async function listenStream(
  sockets: StreamSockets,
  address: { readonly host: string; readonly port: number },
  format: (address: SocketAddress) => string,
  options: StreamOptions,
): Promise<Listener> {
  const links = new Set<Link>();
  const listener = await sockets.listen({
    ...address,
    onConnection(socket: StreamSocket) {
      const onEnd = (link: Link) => links.delete(link);
      links.add(createStreamLink(socket, { ...options, onEnd, peer: format(socket.remote) }));
    },
  });
  return {
    address: format(listener.address),
    close() {
      listener.close();
      for (const link of links) link.close();
      links.clear();
    },
  };
}
