import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { codeOf, removeStaleSocket } from './node-socket-file.js';
import { connectTls, createTlsServer, explain } from './node-tls.js';
import type {
  SocketAddress,
  SocketPath,
  StreamConnectOptions,
  StreamListener,
  StreamListenOptions,
  StreamSocket,
  StreamSockets,
} from './platform.js';
import type { TlsSession } from './tls.js';

/** The mark: how many bytes may wait in a socket before `write` says that it is full. */
const socketOptions = { noDelay: true, highWaterMark: 64 * 1024 };

const noop = (): void => {};

function wrap(
  socket: Socket,
  remote: SocketAddress,
  local = localAddress(socket),
  tls?: TlsSession,
): StreamSocket {
  let failure: Error | null = null;
  const stream: StreamSocket = {
    local,
    remote,
    ...(tls === undefined ? {} : { tls }),
    onData: noop,
    onClose: noop,
    onDrain: noop,
    // A socket that can no longer be written to says so by onClose.
    write: chunk => socket.writable && socket.write(chunk),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => {
      stream.onData = noop;
      stream.onClose = noop;
      stream.onDrain = noop;
      socket.destroy();
    },
  };
  socket.on('data', chunk => stream.onData(chunk));
  socket.on('drain', () => stream.onDrain());
  socket.on('error', error => {
    failure = tls === undefined ? error : explain(error);
  });
  socket.on('close', () => stream.onClose(failure));
  return stream;
}

function localAddress({ localAddress: host = '', localPort: port = 0 }: Socket): SocketAddress {
  return { host, port };
}

/** Where the other end of a TCP connection is; undefined when it has hung up already. */
function remoteAddress({ remoteAddress: host, remotePort: port }: Socket): SocketAddress | undefined {
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** Either end of a Unix domain socket: clients have no path of their own. */
function pathAddress({ path }: SocketPath): SocketAddress {
  return { host: path, port: 0 };
}

function addressOf(address: SocketAddress | SocketPath): SocketAddress {
  return 'path' in address ? pathAddress(address) : address;
}

async function listen(options: StreamListenOptions): Promise<StreamListener> {
  try {
    return await bind(options);
  } catch (error) {
    const isStale =
      'path' in options && codeOf(error) === 'EADDRINUSE' && (await removeStaleSocket(options.path));
    if (!isStale) throw error;
    return bind(options);
  }
}

function bind(options: StreamListenOptions): Promise<StreamListener> {
  const shared = 'path' in options ? pathAddress(options) : undefined;
  const place =
    'path' in options ? { path: options.path } : { host: options.host ?? '0.0.0.0', port: options.port ?? 0 };
  const accept = (socket: Socket, tls?: TlsSession): void => {
    const remote = shared ?? remoteAddress(socket);
    if (remote) options.onConnection(wrap(socket, remote, shared, tls));
    else socket.destroy();
  };
  return new Promise((resolve, reject) => {
    const secured = options.tls && createTlsServer(options.tls, socketOptions, accept);
    const server = secured?.server ?? createServer(socketOptions, accept);
    // Once it listens, an error concerns one connection that could not be accepted: nothing is left to reject.
    server.on('error', reject);
    server.listen(place, () => {
      const bound = server.address() as AddressInfo;
      resolve({
        address: shared ?? { host: bound.address, port: bound.port },
        ...(secured && { renew: secured.renew }),
        // Node removes the file of a Unix domain socket with it.
        close: () => void server.close(),
      });
    });
  });
}

function connect(
  address: SocketAddress | SocketPath,
  { tls, signal }: StreamConnectOptions = {},
): Promise<StreamSocket> {
  if (tls === undefined) return connectPlain(address, signal);
  return connectTls(address, tls, (socket, session) =>
    wrap(socket, remoteAddress(socket) ?? addressOf(address), undefined, session),
  );
}

function connectPlain(
  address: SocketAddress | SocketPath,
  signal: AbortSignal | undefined,
): Promise<StreamSocket> {
  const shared = 'path' in address ? pathAddress(address) : undefined;
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ ...address, ...socketOptions });
    const abort = (): void => {
      socket.destroy();
      reject(signal?.reason);
    };
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', abort));
    socket.once('error', reject);
    socket.once('connect', () => {
      signal?.removeEventListener('abort', abort);
      socket.off('error', reject);
      resolve(wrap(socket, remoteAddress(socket) ?? addressOf(address), shared));
    });
  });
}

export const nodeStreams: StreamSockets = { listen, connect };
