/** Frames over WebSockets: the stream of TCP, in binary messages; `wss:` has them over TLS. */
import type { HttpServer, SocketAddress, StreamSocket, WebSocketRequest } from '../platform/platform.js';
import { formatAddress, type WebAddress } from './address.js';
import { createOriginCheck, type Origins } from './origins.js';
import { diallingTls, listeningTls, type ServerTls } from './security.js';
import { dialStream, listenStream, type OnConnection } from './stream.js';
import { identified, refusalBehind } from './tls.js';
import type { DialOptions, Link, Listener, TransportOptions } from './transport.js';

/** How web pages reach a server. */
export interface WebOptions {
  /**
   * The pages that may open a WebSocket: their origins, such as `https://app.example.org`, or a function that tells.
   * Default: those that the same host and port serves.
   */
  readonly origins?: Origins;
  /** An `http.Server` or `https.Server` that takes WebSockets too, beside what else it does. */
  readonly server?: HttpServer;
  /** Their path at `server`; `/` unless told otherwise. Those of `listen` have it in the address. */
  readonly path?: string;
}

export interface WebListenOptions extends TransportOptions {
  readonly tls?: ServerTls | undefined;
  readonly web?: WebOptions;
}

/** What is spoken inside TLS (ALPN, RFC 7301) before the connection becomes a WebSocket. */
const httpProtocol = 'http/1.1';

/** Rejects with the system's error where nobody listens, or one that tells why the server refused. */
export function dialWebSocket({ scheme, ...place }: WebAddress, options: DialOptions): Promise<Link> {
  const { platform, tls } = options;
  const connect = (): Promise<StreamSocket> => {
    if (scheme === 'ws') return platform.webSockets.connect(place);
    const secured = { ...place, tls: diallingTls(tls, place.host, httpProtocol) };
    return platform.webSockets.connect(secured).catch(error => Promise.reject(refusalBehind(error)));
  };
  return dialStream(connect, formatAddress({ scheme, ...place }), { ...options, clock: platform.clock });
}

/** Rejects with the system's error where the port is taken, with a TypeError where the options do not do. */
export async function listenWebSocket(
  { scheme, host, port, path }: WebAddress,
  options: WebListenOptions,
): Promise<Listener> {
  const { platform } = options;
  const shown = formatAddress({ scheme, host, port, path });
  const tls = scheme === 'wss' ? listeningTls(options.tls, shown, [httpProtocol]) : undefined;
  const admits = createAdmission(options);
  const address = { host: await platform.datagrams.resolve(host), port };
  const listener = await listenStream(
    onConnection =>
      platform.webSockets.listen(address, { path, admits, tls, onConnection: known(onConnection, options) }),
    formatEnd(scheme),
    { ...options, clock: platform.clock },
  );
  return { ...listener, address: `${listener.address}${path === '/' ? '' : path}` };
}

/** Takes WebSockets at an HTTP server, which listens where it does. Rejects with a TypeError when an option is wrong. */
export async function attachWebSockets(
  server: HttpServer,
  options: WebListenOptions,
): Promise<Pick<Listener, 'close'>> {
  const { platform, web = {} } = options;
  const { path = '/' } = web;
  if (!path.startsWith('/'))
    throw new TypeError(`the path of WebSockets begins with a slash, unlike '${path}'`);
  const admits = createAdmission(options);
  return listenStream(
    async onConnection => {
      const handlers = { path, admits, onConnection: known(onConnection, options) };
      const attached = await platform.webSockets.attach(server, handlers);
      return { ...attached, address: { host: '', port: 0 } };
    },
    // Only servers of TLS can be given another certificate.
    formatEnd('setSecureContext' in server ? 'wss' : 'ws'),
    { ...options, clock: platform.clock },
  );
}

/** Admits who shows no certificate, or one of somebody whom the application takes, from a page of the right origin. */
function createAdmission({ web, tls, counters }: WebListenOptions): (request: WebSocketRequest) => boolean {
  const isRightOrigin = createOriginCheck(web?.origins);
  return request => isRightOrigin(request) && identified(request.tls, tls, counters) !== undefined;
}

/** Takes connections whose certificate, where one was shown, names somebody whom the application takes. */
function known(
  onConnection: OnConnection,
  { tls, counters }: WebListenOptions,
): (socket: StreamSocket) => void {
  return socket => {
    const peer = identified(socket.tls, tls, counters);
    if (peer === undefined) socket.destroy();
    else onConnection(socket, peer.principal);
  };
}

/** How one end of a connection is written: clients have no path. */
function formatEnd(scheme: WebAddress['scheme']): (address: SocketAddress) => string {
  return address => formatAddress({ scheme, ...address, path: '/' });
}
