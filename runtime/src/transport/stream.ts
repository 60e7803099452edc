/** Dialling and listening for frames over a kind of stream sockets, whichever they are. */
import type { Clock, SocketAddress, StreamListener, StreamSocket } from '../platform/platform.js';
import type { Principal } from '../schema/description.js';
import { createStreamLink } from './stream-link.js';
import type { Link, LinkHandlers, Listener, TransportCounters } from './transport.js';

export interface StreamOptions {
  readonly clock: Clock;
  readonly handlers: LinkHandlers;
  readonly counters: TransportCounters;
  /** The longest frame that is accepted. */
  readonly maxFrame: number;
  /** Gives up to dial. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes an accepted connection, and who is at its other end where that was proved. */
export type OnConnection = (socket: StreamSocket, principal?: Principal) => void;

/** @param peer the address that is dialled */
export async function dialStream(
  connect: () => Promise<StreamSocket>,
  peer: string,
  options: StreamOptions,
): Promise<Link> {
  return createStreamLink(await connect(), { ...options, peer });
}

/** @param format how an address of these sockets is written */
export async function listenStream(
  listen: (onConnection: OnConnection) => Promise<StreamListener>,
  format: (address: SocketAddress) => string,
  options: StreamOptions,
): Promise<Listener> {
  const links = new Set<Link>();
  const onEnd = (link: Link) => links.delete(link);
  const listener = await listen((socket, principal) => {
    const peer = format(socket.remote);
    links.add(createStreamLink(socket, { ...options, onEnd, holdsBack: true, peer, principal }));
  });
  return {
    address: format(listener.address),
    ...(listener.renew && { renew: listener.renew }),
    close() {
      listener.close();
      for (const link of links) link.close();
    },
  };
}
