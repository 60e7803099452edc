import { Buffer } from 'node:buffer';
import type {
  DatagramOptions,
  DatagramSocket,
  SocketAddress,
  StreamSocket,
} from '../../../runtime/src/platform/platform.js';
import type { Host } from '../../../runtime/src/testing/index.js';

export interface Received {
  readonly text: string;
  readonly from: SocketAddress;
}

/** A UDP socket of a host, and what it received. */
export async function udp(host: Host, options: Partial<DatagramOptions> = {}) {
  const received: Received[] = [];
  const socket = await host.platform.datagrams.open({
    onMessage: (message, from) => received.push({ text: message.toString(), from }),
    ...options,
  });
  return { socket, received, texts: () => received.map(({ text }) => text) };
}

export function send(socket: DatagramSocket, text: string, host: string, port: number): void {
  socket.send(Buffer.from(text), { host, port });
}

/** A server that keeps what each connection brings, and answers with the same bytes if asked to. */
export async function tcpServer(host: Host, port: number, echoes = false) {
  const sockets: StreamSocket[] = [];
  const log: string[] = [];
  let text = '';
  const listener = await host.platform.streams.listen({
    port,
    onConnection: socket => {
      sockets.push(socket);
      socket.onData = chunk => {
        text += chunk;
        if (echoes) socket.write(chunk);
      };
      socket.onClose = error => log.push(codeOf(error));
    },
  });
  return { listener, sockets, log, text: () => text };
}

/** Keeps what happens to a connection. */
export function watch(socket: StreamSocket) {
  const log: string[] = [];
  let text = '';
  socket.onData = chunk => {
    text += chunk;
  };
  socket.onClose = error => log.push(codeOf(error));
  return { log, text: () => text };
}

export const codeOf = (error: unknown): string =>
  error instanceof Error ? String((error as NodeJS.ErrnoException).code) : 'end';
