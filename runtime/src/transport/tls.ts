/** Frames over TLS 1.3 (RFC 8446): the stream of TCP, encrypted, between ends that prove who they are. */
import type { Clock, Platform, SocketAddress, StreamSocket } from '../platform/platform.js';
import type { TlsSession } from '../platform/tls.js';
import type { Principal } from '../schema/description.js';
import { formatAddress } from './address.js';
import { type ClientTls, diallingTls, listeningTls, principalOf, type ServerTls } from './security.js';
import { listenStream, type OnConnection, type StreamOptions } from './stream.js';
import { createStreamLink } from './stream-link.js';
import type { Link, Listener, TransportCounters } from './transport.js';

/** What both ends agree to speak inside (ALPN, RFC 7301). */
export const SecuredProtocol = {
  frames: 'convoke/1',
  /** Keys for sealed UDP. */
  keys: 'convoke-udps/1',
} as const;

/** Milliseconds for which a server may say nothing once the connection is secured. */
const patience = 10_000;

const scheme = 'tls';

export interface SecuredDialOptions {
  readonly platform: Platform;
  /** Whom the server's certificate must be for, unless the application says otherwise. */
  readonly serverName: string;
  readonly tls?: ClientTls | undefined;
}

/**
 * Opens a secured connection and waits until something comes of it: a server that refuses this client's certificate, or
 * the lack of one, says so after the handshake only (RFC 8446, section 4.4.2.4).
 *
 * @param take gets what the server sends, until it returns something
 */
export async function dialSecured<T>(
  address: SocketAddress,
  protocol: string,
  { platform, serverName, tls }: SecuredDialOptions,
  take: (chunk: Buffer, socket: StreamSocket) => T | undefined,
): Promise<T> {
  const dialling = diallingTls(tls, serverName, protocol);
  const socket = await platform.streams.connect(address, { tls: dialling });
  return firstHeard(socket, platform.clock, take);
}

function firstHeard<T>(
  socket: StreamSocket,
  clock: Clock,
  take: (chunk: Buffer, socket: StreamSocket) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (error: Error): void => {
      timer.cancel();
      socket.destroy();
      reject(error);
    };
    const timer = clock.setTimer(patience, () =>
      giveUp(new Error(`the server said nothing for ${patience} ms`)),
    );
    socket.onClose = error => giveUp(refusalBehind(error));
    socket.onData = chunk => {
      try {
        const taken = take(chunk, socket);
        if (taken === undefined) return;
        timer.cancel();
        resolve(taken);
      } catch (error) {
        giveUp(error as Error);
      }
    };
  });
}

/** Servers on Node.js hang up on a client whose certificate they do not trust, and say nothing. */
export function refusalBehind(error: Error | null): Error {
  if (error !== null && (error as { readonly code?: unknown }).code !== 'ECONNRESET') return error;
  const message = "the server hung up without a word; it may not take this client's certificate";
  return new Error(message, { cause: error });
}

/** Rejects where nobody listens, or server and client do not trust each other. */
export async function dialTls(
  host: string,
  port: number,
  options: Omit<SecuredDialOptions, 'serverName'> & StreamOptions,
): Promise<Link> {
  const address = { host: await options.platform.datagrams.resolve(host), port };
  const peer = formatAddress({ scheme, ...address });
  return dialSecured(address, SecuredProtocol.frames, { ...options, serverName: host }, (chunk, socket) => {
    const link = createStreamLink(socket, { ...options, peer });
    socket.onData(chunk);
    return link;
  });
}

export interface SecuredListenOptions extends StreamOptions {
  readonly platform: Platform;
  readonly tls?: ServerTls | undefined;
}

/** Takes a connection that speaks no frames, and whose client is known. */
export type AgreeOnKeys = (socket: StreamSocket, principal: Principal | undefined) => void;

/** Rejects with the system's error where the port is taken, with a TypeError where the options do not do. */
export async function listenTls(
  host: string,
  port: number,
  options: SecuredListenOptions,
  agreeOnKeys?: AgreeOnKeys,
): Promise<Listener> {
  const { platform, counters, tls: serverTls } = options;
  const { frames, keys } = SecuredProtocol;
  const protocols = agreeOnKeys === undefined ? [frames] : [frames, keys];
  const tls = listeningTls(serverTls, formatAddress({ scheme, host, port }), protocols);
  const address = { host: await platform.datagrams.resolve(host), port };
  const listen = (onConnection: OnConnection) =>
    platform.streams.listen({
      ...address,
      tls,
      onConnection(socket) {
        const peer = identified(socket.tls, serverTls, counters);
        if (peer === undefined) socket.destroy();
        else if (socket.tls?.protocol === keys) agreeOnKeys?.(socket, peer.principal);
        else onConnection(socket, peer.principal);
      },
    });
  return listenStream(listen, bound => formatAddress({ scheme, ...bound }), options);
}

/** Undefined: its certificate names nobody whom the application takes. */
export function identified(
  session: TlsSession | undefined,
  tls: ServerTls | undefined,
  counters: TransportCounters,
): { readonly principal: Principal | undefined } | undefined {
  try {
    return { principal: principalOf(session?.certificate, tls?.principal) };
  } catch {
    counters.unauthenticated++;
    return undefined;
  }
}
