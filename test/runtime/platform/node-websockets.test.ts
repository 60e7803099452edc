import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { nodeWebSockets } from '../../../runtime/src/platform/node-websockets.js';
import type {
  StreamListener,
  StreamSocket,
  WebSocketListenOptions,
} from '../../../runtime/src/platform/platform.js';

const localhost = '127.0.0.1';
const longest = 64 * 1024;

/** What the owner of a socket saw of it. */
function observe(socket: StreamSocket) {
  const received: Buffer[] = [];
  let told: (error: Error | null) => void;
  const closed = new Promise<Error | null>(resolve => {
    told = resolve;
  });
  let wake = (): void => {};
  socket.onData = chunk => {
    received.push(chunk);
    wake();
  };
  socket.onClose = error => told(error);
  return {
    closed,
    received,
    /** Waits until so many bytes have come. */
    async bytes(length: number): Promise<Buffer> {
      while (received.reduce((sum, chunk) => sum + chunk.length, 0) < length) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      return Buffer.concat(received);
    },
  };
}

async function listen(options: Partial<WebSocketListenOptions> = {}) {
  const accepted: { socket: StreamSocket; seen: ReturnType<typeof observe> }[] = [];
  const listener: StreamListener = await nodeWebSockets.listen(
    { host: localhost, port: 0 },
    {
      path: '/',
      admits: () => true,
      onConnection: socket => accepted.push({ socket, seen: observe(socket) }),
      ...options,
    },
  );
  onTestFinished(() => {
    listener.close();
    for (const { socket } of accepted) socket.destroy();
  });
  const { port } = listener.address;
  return { accepted, listener, port, url: `ws://${localhost}:${port}` };
}

async function connect(port: number, path = '/'): Promise<StreamSocket> {
  const socket = await nodeWebSockets.connect({ host: localhost, port, path });
  onTestFinished(() => socket.destroy());
  return socket;
}

/** A WebSocket that does as the test says. */
async function open(url: string, options = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

describe('a WebSocket', () => {
  it('carries bytes in both directions, in messages of 64 KiB at the most', async () => {
    const server = await listen();
    const client = await connect(server.port);
    const seen = observe(client);
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7) % 256));
    client.write(bytes);
    await vi.waitUntil(() => server.accepted.length === 1);
    const [{ socket, seen: atServer }] = server.accepted as [(typeof server.accepted)[number]];
    expect(bytes.equals(await atServer.bytes(bytes.length))).toBe(true);
    expect(atServer.received.map(chunk => chunk.length)).toEqual([longest, longest, longest, 3392]);
    socket.write(bytes);
    expect(bytes.equals(await seen.bytes(bytes.length))).toBe(true);
    expect(client.remote).toEqual({ host: localhost, port: server.port });
    expect(socket.remote).toEqual(client.local);
    expect(socket.local).toEqual(client.remote);
  });

  it('loses nothing of what the server sends right behind its answer', async () => {
    const server = await listen({ onConnection: socket => socket.write(Buffer.from('first words')) });
    const seen = observe(await connect(server.port));
    expect(String(await seen.bytes(11))).toBe('first words');
  });

  it('ends when what was written is sent, and the other end is told without an error', async () => {
    const server = await listen();
    const client = await connect(server.port);
    client.write(Buffer.from('last words'));
    client.end();
    await vi.waitUntil(() => server.accepted.length === 1);
    const { seen } = server.accepted[0]!;
    expect(await seen.closed).toBeNull();
    expect(String(Buffer.concat(seen.received))).toBe('last words');
  });

  it('tells the other end when it is dropped', async () => {
    const server = await listen();
    const client = await connect(server.port);
    const seen = observe(client);
    await vi.waitUntil(() => server.accepted.length === 1);
    server.accepted[0]!.socket.destroy();
    expect((await seen.closed)?.message).toBe('the WebSocket was closed with code 1006');
    expect(client.write(Buffer.from('late'))).toBe(false);
  });

  it('says when it is full, and when it has room again', async () => {
    const server = await listen();
    const client = await connect(server.port);
    let drained = 0;
    client.onDrain = () => drained++;
    expect(client.write(Buffer.alloc(1000))).toBe(true);
    let written = 1000;
    while (client.write(Buffer.alloc(longest))) written += longest;
    written += longest;
    expect(client.write(Buffer.alloc(1))).toBe(false);
    expect(drained).toBe(0);
    await vi.waitUntil(() => drained > 0);
    expect(drained).toBe(1);
    expect(client.write(Buffer.alloc(1))).toBe(true);
    await server.accepted[0]!.seen.bytes(written + 2);
  });

  it.each([
    { what: 'a message of text', send: (socket: WebSocket) => socket.send('hello'), code: 1003 },
    {
      what: 'a message that is too long',
      send: (socket: WebSocket) => socket.send(Buffer.alloc(longest + 1)),
      code: 1009,
    },
  ])('is closed at $what, in either direction', async ({ send, code }) => {
    const server = await listen();
    const bad = await open(server.url);
    send(bad);
    const [closed] = await once(bad, 'close');
    expect(closed).toBe(code);
    expect(await server.accepted[0]!.seen.closed).toBeInstanceOf(Error);
    expect(server.accepted[0]!.seen.received).toEqual([]);

    const badServer = new WebSocketServer({ host: localhost, port: 0 });
    onTestFinished(() => badServer.close());
    await once(badServer, 'listening');
    badServer.on('connection', send);
    const seen = observe(await connect((badServer.address() as AddressInfo).port));
    expect(await seen.closed).toBeInstanceOf(Error);
    expect(seen.received).toEqual([]);
  });

  it('does not agree on compression', async () => {
    const { url } = await listen();
    expect((await open(url, { perMessageDeflate: true })).extensions).toBe('');
  });
});

describe('a server of WebSockets', () => {
  it('admits a page by its origin and the host that it asked', async () => {
    const asked: unknown[] = [];
    const server = await listen({
      admits: ({ origin, host }) => {
        asked.push([origin, host]);
        return origin !== 'https://evil.example.com';
      },
    });
    await open(server.url, { origin: 'https://app.example.org' });
    await open(server.url);
    await expect(open(server.url, { origin: 'https://evil.example.com' })).rejects.toThrow('403');
    const host = `${localhost}:${server.port}`;
    expect(asked).toEqual([
      ['https://app.example.org', host],
      [undefined, host],
      ['https://evil.example.com', host],
    ]);
    expect(server.accepted).toHaveLength(2);
  });

  it('answers 404 for another path, and 426 to who asks for no WebSocket', async () => {
    const { port } = await listen({ path: '/calls' });
    await connect(port, '/calls');
    await open(`ws://${localhost}:${port}/calls?at=once`);
    await expect(connect(port, '/other')).rejects.toThrow('404');
    expect((await fetch(`http://${localhost}:${port}/calls`)).status).toBe(426);
  });

  it('stops to accept, and lets those that it accepted live on', async () => {
    const server = await listen();
    const client = await connect(server.port);
    await vi.waitUntil(() => server.accepted.length === 1);
    server.listener.close();
    await expect(connect(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.write(Buffer.from('still here'));
    expect(String(await server.accepted[0]!.seen.bytes(10))).toBe('still here');
  });

  it('rejects with the error of the system where the port is taken', async () => {
    const { port } = await listen();
    const options = { path: '/', admits: () => true, onConnection: () => {} };
    await expect(nodeWebSockets.listen({ host: localhost, port }, options)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('an HTTP server', () => {
  async function attach(path: string) {
    const http = createServer((_request, response) => response.end('a page'));
    http.listen(0, localhost);
    await once(http, 'listening');
    onTestFinished(() => {
      http.close();
      http.closeAllConnections();
    });
    const accepted: StreamSocket[] = [];
    const attached = await nodeWebSockets.attach(http, {
      path,
      admits: ({ origin }) => origin === undefined,
      onConnection: socket => accepted.push(socket),
    });
    return { http, attached, accepted, port: (http.address() as AddressInfo).port };
  }

  it('takes WebSockets beside what else it does, until they are detached', async () => {
    const { port, accepted, attached } = await attach('/calls');
    await connect(port, '/calls');
    expect(accepted).toHaveLength(1);
    expect(await (await fetch(`http://${localhost}:${port}/`)).text()).toBe('a page');
    await expect(connect(port, '/other')).rejects.toThrow('404');
    attached.close();
    await expect(connect(port, '/calls')).rejects.toThrow();
    expect(accepted).toHaveLength(1);
  });

  it('leaves other paths to its other listeners', async () => {
    const { http, port, accepted } = await attach('/calls');
    const others = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      if (request.url === '/reload')
        others.handleUpgrade(request, socket, head, other => other.send('theirs'));
    });
    const other = new WebSocket(`ws://${localhost}:${port}/reload`);
    onTestFinished(() => other.terminate());
    expect(String((await once(other, 'message'))[0])).toBe('theirs');
    await connect(port, '/calls');
    expect(accepted).toHaveLength(1);
  });
});
