/** Frames over WebSockets: the stream of TCP, in binary messages. */
import type { HttpServer, Platform, SocketAddress } from '../platform/platform.js';
import { formatAddress, type WebAddress } from './address.js';
import { createOriginCheck, type Origins } from './origins.js';
import { dialStream, listenStream, type StreamOptions } from './stream.js';
import type { Link, Listener, TransportOptions } from './transport.js';

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

/** Rejects with the system's error where nobody listens, or one that tells why the server refused. */
export function dialWebSocket(
  { scheme, ...place }: WebAddress,
  { webSockets }: Platform,
  options: StreamOptions,
): Promise<Link> {
  const connect = () => webSockets.connect({ ...place, secure: scheme === 'wss' });
  return dialStream(connect, formatAddress({ scheme, ...place }), options);
}

/** Rejects with the system's error where the port is taken, with a TypeError when an origin is none. */
export async function listenWebSocket(
  { scheme, host, port, path }: WebAddress,
  { webSockets, datagrams }: Platform,
  options: StreamOptions,
  web: WebOptions,
): Promise<Listener> {
  const admits = createOriginCheck(web.origins);
  const address = { host: await datagrams.resolve(host), port };
  const listener = await listenStream(
    onConnection => webSockets.listen(address, { path, admits, onConnection }),
    formatEnd(scheme),
    options,
  );
  return { ...listener, address: `${listener.address}${path === '/' ? '' : path}` };
}

/** Takes WebSockets at an HTTP server, which listens where it does. Rejects with a TypeError when an option is wrong. */
export async function attachWebSockets(
  server: HttpServer,
  { origins, path = '/' }: WebOptions,
  options: TransportOptions,
): Promise<Pick<Listener, 'close'>> {
  const { webSockets, clock } = options.platform;
  if (!path.startsWith('/'))
    throw new TypeError(`the path of WebSockets begins with a slash, unlike '${path}'`);
  const admits = createOriginCheck(origins);
  return listenStream(
    async onConnection => {
      const attached = await webSockets.attach(server, { path, admits, onConnection });
      return { ...attached, address: { host: '', port: 0 } };
    },
    formatEnd('ws'),
    { ...options, clock },
  );
}

/** How one end of a connection is written: clients have no path. */
function formatEnd(scheme: WebAddress['scheme']): (address: SocketAddress) => string {
  return address => formatAddress({ scheme, ...address, path: '/' });
}
