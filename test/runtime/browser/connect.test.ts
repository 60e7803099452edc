/** A page's way to a server, with the WebSocket of the package `ws` in the place of the browser's. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { implement, type Server, serve } from '@convoke/runtime';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Ledger, type LedgerClient } from '../../../generated/testing/ledger/index.js';
import { connect } from '../../../runtime/src/browser/connect.js';
import { browserPlatform } from '../../../runtime/src/platform/browser.js';
import { JudgedCalls } from '../../judge/judged-calls.js';

const localhost = '127.0.0.1';
const { webSockets, random, clock } = browserPlatform;

/** As in a browser: whether anybody listens for errors or not, and each event is a task of its own. */
class PageSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    this.on('error', () => {});
    this.once('open', () => {
      this.pause();
      setImmediate(() => this.resume());
    });
  }
}

beforeEach(() => {
  vi.stubGlobal('WebSocket', PageSocket);
  onTestFinished(() => void vi.unstubAllGlobals());
});

async function start(calls: JudgedCalls, listen = `ws://${localhost}:0/calls`): Promise<Server> {
  const sleep = (milliseconds: number) => new Promise<void>(resolve => clock.setTimer(milliseconds, resolve));
  const server = await serve({
    listen,
    services: [implement(Ledger, calls.oracle.service(sleep))],
    onError: () => {},
  });
  onTestFinished(() => server.close());
  return server;
}

async function open(address: string): Promise<LedgerClient> {
  const channel = await connect(address);
  onTestFinished(() => channel.close());
  return channel.client(Ledger);
}

/** A server that does to each connection what the test says. */
async function startBad(behave: (socket: WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ host: localhost, port: 0 });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on('connection', behave);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const connectTo = (port: number) => webSockets.connect({ host: localhost, port, path: '/' });

describe('a page', () => {
  it('calls a server, with messages of any size', async () => {
    const calls = new JudgedCalls();
    const server = await start(calls);
    const client = await open(server.addresses[0]!);
    await calls.succeed(client, 'once');
    await calls.succeed(client, 'once', { load: new Uint8Array(1_000_000), padding: 1_000_000 });
    await calls.succeed(client, 'atLeastOnce', {}, { metadata: { from: 'page', key: new Uint8Array(4) } });
    await calls.call(client, 'note');
    await vi.waitUntil(() => calls.oracle.executions.size === 4);
    calls.oracle.verify();
  });

  it('learns of a server that is away', async () => {
    const server = await start(new JudgedCalls());
    const [address] = server.addresses;
    await server.close();
    const told = await new JudgedCalls().fail(await open(address!), 'once');
    expect(told).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    expect(told.message).toContain('nobody listens there, or the server does not admit pages of this origin');
  });

  it.each(['udp://host:1', 'tcp://host:1', 'unix:/socket', 'memory:name'])(
    'does not reach %s',
    async address => {
      await expect(connect(address)).rejects.toThrow(`'${address}' is out of a page's reach`);
      await expect(connect('nonsense')).rejects.toThrow(TypeError);
    },
  );

  it.each([
    { what: 'of text', send: (socket: WebSocket) => socket.send('hello') },
    { what: 'that is too long', send: (socket: WebSocket) => socket.send(Buffer.alloc(64 * 1024 + 1)) },
  ])('closes the connection at a message $what', async ({ send }) => {
    const socket = await connectTo(await startBad(send));
    const received: Buffer[] = [];
    socket.onData = chunk => received.push(chunk);
    const error = await new Promise(resolve => {
      socket.onClose = resolve;
    });
    expect(error).toBeInstanceOf(Error);
    expect(received).toEqual([]);
  });

  it('waits while a connection is full, and goes on when it has room', async () => {
    const socket = await connectTo(await startBad(() => {}));
    let drained = 0;
    socket.onDrain = () => drained++;
    while (socket.write(Buffer.alloc(100_000)));
    expect(drained).toBe(0);
    await vi.waitUntil(() => drained > 0);
    expect(socket.write(Buffer.alloc(1))).toBe(true);
    socket.destroy();
  });

  it('has timers that are never early, random bytes, and work for the turn’s end', async () => {
    const begun = clock.now();
    await new Promise<void>(resolve => clock.setTimer(20.4, resolve));
    expect(clock.now() - begun).toBeGreaterThanOrEqual(20);
    clock.setTimer(0, () => expect.unreachable('a cancelled timer')).cancel();
    const order: string[] = [];
    clock.defer(() => order.push('deferred'));
    order.push('turn');
    await new Promise<void>(resolve => clock.afterInput(resolve));
    expect(order).toEqual(['turn', 'deferred']);
    expect(random.bytes(16)).toHaveLength(16);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
    expect(random.next()).toBeLessThan(1);
  });

  it('cannot serve, and has no other sockets', async () => {
    const options = { path: '/', admits: () => true, onConnection: () => {} };
    await expect(webSockets.listen({ host: localhost, port: 0 }, options)).rejects.toThrow('cannot listen');
    await expect(browserPlatform.datagrams.resolve('host')).rejects.toThrow('ws: and wss: addresses alone');
    await expect(browserPlatform.streams.connect({ host: localhost, port: 1 })).rejects.toThrow('alone');
  });
});
