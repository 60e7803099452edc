import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';
import { codeOf } from './node-socket-file.js';
import { connectionOptions, createTlsServer, explain, sessionOf } from './node-tls.js';
import type {
  HttpServer,
  SocketAddress,
  StreamListener,
  StreamSocket,
  WebSocketAddress,
  WebSocketListenOptions,
  WebSockets,
} from './platform.js';
import {
  CloseCode,
  closeError,
  eachMessage,
  handshakePatience,
  highWaterMark,
  longestMessage,
} from './websocket-messages.js';

/** Compression costs memory for each connection, and what marshalling leaves gives it little to do. */
const protocolOptions = { maxPayload: longestMessage, perMessageDeflate: false };

/** What a server means that answers so instead of opening a WebSocket. */
const refusals: Readonly<Record<number, string>> = {
  403: "the server answered 403: it may not take this client's certificate, or this origin",
  404: 'the server answered 404: there are no WebSockets at this path',
};

const noop = (): void => {};

/** Whoever has no `ws:` address needs no package for it. */
async function load(): Promise<typeof import('ws')> {
  try {
    return await import('ws');
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error("ws: and wss: addresses need the package 'ws': npm install ws", { cause: error });
  }
}

type Ends = Pick<StreamSocket, 'local' | 'remote' | 'tls'>;

function wrap(socket: WebSocket, ends: Ends): StreamSocket {
  let failure: Error | null = null;
  let isFull = false;
  const sent = (): void => {
    if (!isFull || socket.bufferedAmount > highWaterMark / 2) return;
    isFull = false;
    stream.onDrain();
  };
  const stream: StreamSocket = {
    ...ends,
    onData: noop,
    onClose: noop,
    onDrain: noop,
    write: chunk => {
      // A socket that can no longer be written to says so by onClose.
      if (socket.readyState !== socket.OPEN) return false;
      eachMessage(chunk, message => socket.send(message, sent));
      isFull ||= socket.bufferedAmount > highWaterMark;
      return !isFull;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.close(CloseCode.normal),
    destroy: () => {
      stream.onData = noop;
      stream.onClose = noop;
      stream.onDrain = noop;
      socket.terminate();
    },
  };
  socket.on('message', (message, isBinary) => {
    if (isBinary) {
      // Not an array of fragments or an ArrayBuffer: `ws` gives what its `binaryType` says.
      stream.onData(message as Buffer);
    } else {
      failure ??= new Error('a message of text arrived where only binary ones are allowed');
      socket.removeAllListeners('message');
      socket.close(CloseCode.unsupportedData);
    }
  });
  socket.on('error', error => {
    failure ??= explain(error);
  });
  socket.on('close', code => stream.onClose(failure ?? closeError(code)));
  return stream;
}

async function connect({ host, port, path, tls }: WebSocketAddress): Promise<StreamSocket> {
  const { WebSocket } = await load();
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const socket = new WebSocket(`${tls === undefined ? 'ws' : 'wss'}://${authority}${path}`, {
    ...protocolOptions,
    ...(tls && connectionOptions(tls)),
    handshakeTimeout: handshakePatience,
  });
  return new Promise((resolve, reject) => {
    let ends: Ends | undefined;
    socket.once('upgrade', response => {
      ends = endsOf(response);
    });
    const fail = (error: Error): void => reject(explain(error));
    socket.on('error', fail);
    socket.once('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy();
      reject(new Error(refusals[statusCode] ?? `the server answered ${statusCode}, and no WebSocket`));
    });
    socket.once('open', () => {
      socket.off('error', fail);
      // What the server sent right behind its answer waits until the owner has set its handlers.
      socket.pause();
      setImmediate(() => socket.resume());
      resolve(wrap(socket, ends ?? { local: { host: '', port: 0 }, remote: { host, port } }));
    });
  });
}

/** Both ends of the connection that an HTTP message came by; undefined when the other has hung up already. */
function endsOf({ socket }: IncomingMessage): Ends | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return {
    local: { host: localAddress, port: localPort },
    remote: { host: remoteAddress, port: remotePort },
    ...(socket instanceof TLSSocket && { tls: sessionOf(socket) }),
  };
}

async function listen(address: SocketAddress, options: WebSocketListenOptions): Promise<StreamListener> {
  const server = createServer((_request, response) => {
    response.writeHead(426, { Connection: 'Upgrade', Upgrade: 'websocket' }).end();
  });
  server.on('upgrade', await createUpgrade(options, () => true));
  const secured =
    options.tls &&
    createTlsServer(options.tls, { noDelay: true }, socket => void server.emit('connection', socket));
  const front = secured?.server ?? server;
  return new Promise((resolve, reject) => {
    // Once it listens, an error concerns one connection that could not be accepted: nothing is left to reject.
    front.on('error', reject);
    front.listen(address, () => {
      const bound = front.address() as AddressInfo;
      resolve({
        address: { host: bound.address, port: bound.port },
        ...(secured && { renew: secured.renew }),
        close: () => {
          front.close();
          // Those that have not asked for a WebSocket yet.
          server.closeAllConnections();
        },
      });
    });
  });
}

async function attach(
  to: HttpServer,
  options: WebSocketListenOptions,
): Promise<Pick<StreamListener, 'close'>> {
  const server = to as Server;
  const onUpgrade = await createUpgrade(options, () => server.listenerCount('upgrade') === 1);
  server.on('upgrade', onUpgrade);
  return { close: () => void server.off('upgrade', onUpgrade) };
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Makes connections of the upgrade requests that are for these WebSockets.
 *
 * @param isAlone whether nobody else will answer a request for another path
 */
async function createUpgrade(
  { path, admits, onConnection }: WebSocketListenOptions,
  isAlone: () => boolean,
): Promise<UpgradeListener> {
  const { WebSocketServer } = await load();
  const server = new WebSocketServer({ ...protocolOptions, noServer: true, clientTracking: false });
  return (request, socket, head) => {
    if (request.url?.split('?', 1)[0] !== path) {
      if (isAlone()) refuse(socket, '404 Not Found');
      return;
    }
    const ends = endsOf(request);
    const { origin, host } = request.headers;
    if (ends === undefined) socket.destroy();
    else if (!admits({ origin, host, tls: ends.tls })) refuse(socket, '403 Forbidden');
    else server.handleUpgrade(request, socket, head, accepted => onConnection(wrap(accepted, ends)));
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', noop);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

export const nodeWebSockets: WebSockets = { connect, listen, attach };
