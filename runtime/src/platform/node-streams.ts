import { connect as connectSocket, createServer, type Socket } from 'node:net';
import type {
  SocketAddress,
  StreamListener,
  StreamListenOptions,
  StreamSocket,
  StreamSockets,
} from './platform.js';

/** The mark: how many bytes may wait in a socket before `write` says that it is full. */
const socketOptions = { noDelay: true, highWaterMark: 64 * 1024 };

const noop = (): void => {};

function wrap(socket: Socket, remote: SocketAddress): StreamSocket {
  let failure: Error | null = null;
  const stream: StreamSocket = {
    local: { host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    remote,
    onData: noop,
    onClose: noop,
    onDrain: noop,
    // A socket that can no longer be written to says so by onClose.
    write: chunk => socket.writable && socket.write(chunk),
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
    failure = error;
  });
  socket.on('close', () => stream.onClose(failure));
  return stream;
}

/** Where the other end is; undefined when it has hung up already. */
function remoteAddress(socket: Socket): SocketAddress | undefined {
  const { remoteAddress: host, remotePort: port } = socket;
  return host === undefined || port === undefined ? undefined : { host, port };
}

function listen(options: StreamListenOptions): Promise<StreamListener> {
  return new Promise((resolve, reject) => {
    const server = createServer(socketOptions, socket => {
      const remote = remoteAddress(socket);
      if (remote) options.onConnection(wrap(socket, remote));
      else socket.destroy();
    });
    // Once it listens, an error concerns one connection that could not be accepted: nothing is left to reject.
    server.on('error', reject);
    server.listen({ host: options.host ?? '0.0.0.0', port: options.port ?? 0 }, () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new TypeError(`not a TCP address: ${bound}`);
      resolve({
        address: { host: bound.address, port: bound.port },
        close: () => void server.close(),
      });
    });
  });
}

function connect(address: SocketAddress): Promise<StreamSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ ...address, ...socketOptions });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(wrap(socket, remoteAddress(socket) ?? address));
    });
  });
}

export const nodeStreams: StreamSockets = { listen, connect };
