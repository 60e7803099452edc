import type { StreamSocket, WebSocketAddress, WebSockets } from './platform.js';
import {
  CloseCode,
  closeError,
  eachMessage,
  handshakePatience,
  highWaterMark,
  longestMessage,
} from './websocket-messages.js';

/** What is used of a page's `WebSocket`; Node 20 has none, and so no type of it. */
interface PageSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(message: Uint8Array): void;
  close(code?: number): void;
}

declare const WebSocket: new (url: string) => PageSocket;

const isOpen = ({ readyState }: PageSocket): boolean => readyState === 1;

/** Milliseconds after which a full socket is looked at again: no event tells that it has room. */
const drainInterval = 10;

const noop = (): void => {};

function connect({ host, port, path, tls }: WebSocketAddress): Promise<StreamSocket> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${tls === undefined ? 'ws' : 'wss'}://${authority}${path}`);
    socket.binaryType = 'arraybuffer';
    const patience = setTimeout(() => socket.close(), handshakePatience);
    socket.onopen = () => {
      clearTimeout(patience);
      resolve(wrap(socket, { host, port }));
    };
    socket.onclose = () => {
      clearTimeout(patience);
      // A page is told no more, so that it cannot explore the network that it is in.
      reject(new Error('nobody listens there, or the server does not admit pages of this origin'));
    };
  });
}

function wrap(socket: PageSocket, remote: StreamSocket['remote']): StreamSocket {
  let isFull = false;
  let failure: Error | null = null;
  const watchDrain = (): void => {
    if (!isOpen(socket)) return;
    if (socket.bufferedAmount > highWaterMark / 2) {
      setTimeout(watchDrain, drainInterval);
      return;
    }
    isFull = false;
    stream.onDrain();
  };
  const stream: StreamSocket = {
    local: { host: '', port: 0 },
    remote,
    onData: noop,
    onClose: noop,
    onDrain: noop,
    write: chunk => {
      // A socket that can no longer be written to says so by onClose.
      if (!isOpen(socket)) return false;
      eachMessage(chunk, message => socket.send(message));
      if (!isFull && socket.bufferedAmount > highWaterMark) {
        isFull = true;
        setTimeout(watchDrain, drainInterval);
      }
      return !isFull;
    },
    // A page has no means to hold a server back below its streams' own.
    pause: noop,
    resume: noop,
    end: () => socket.close(CloseCode.normal),
    destroy: () => {
      stream.onData = noop;
      stream.onClose = noop;
      stream.onDrain = noop;
      socket.close();
    },
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer && data.byteLength <= longestMessage) {
      stream.onData(Buffer.from(data));
    } else {
      failure = new Error('a message arrived that is of text, or longer than is allowed');
      socket.onmessage = null;
      socket.close();
    }
  };
  socket.onclose = ({ code }) => stream.onClose(failure ?? closeError(code));
  return stream;
}

export const browserWebSockets: WebSockets = {
  connect,
  listen: () => Promise.reject(new Error('a page cannot listen for WebSockets')),
  attach: () => Promise.reject(new Error('a page has no HTTP server')),
};
