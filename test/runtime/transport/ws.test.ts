/** Calls over real WebSockets, between two Node programs. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, implement, type ServeOptions, type Server, serve } from '@convoke/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Ledger, type LedgerClient } from '../../../generated/testing/ledger/index.js';
import { JudgedCalls } from '../../judge/judged-calls.js';

const localhost = '127.0.0.1';

async function start(options: Partial<ServeOptions>) {
  const calls = new JudgedCalls();
  const peers: string[] = [];
  calls.oracle.onEffect = (_job, { peer }) => peers.push(peer.address);
  const server: Server = await serve({
    listen: `ws://${localhost}:0`,
    services: [
      implement(
        Ledger,
        calls.oracle.service(async () => {}),
      ),
    ],
    ...options,
  });
  onTestFinished(() => server.close());
  return { calls, server, peers };
}

async function open(address: string): Promise<LedgerClient> {
  const channel = await connect(address);
  onTestFinished(() => channel.close());
  return channel.client(Ledger);
}

/** How the server answers a page of this origin. */
async function knock(address: string, origin: string): Promise<string> {
  const socket = new WebSocket(address, { origin });
  onTestFinished(() => socket.terminate());
  try {
    await once(socket, 'open');
    return 'open';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('ws:', () => {
  it('carries calls of any size', async () => {
    const { calls, server, peers } = await start({ listen: `ws://${localhost}:0/calls` });
    const [address] = server.addresses;
    expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/calls$/);
    const client = await open(address!);
    await calls.succeed(client, 'once');
    await calls.succeed(client, 'atLeastOnce', { load: new Uint8Array(5_000_000), padding: 5_000_000 });
    calls.oracle.verify();
    expect(peers[0]).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
  });

  it('tells why the server refused', async () => {
    const { calls, server } = await start({ listen: `ws://${localhost}:0/calls` });
    const error = await calls.fail(await open(server.addresses[0]!.replace('calls', 'other')), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    expect(error.message).toContain('there are no WebSockets at this path');
  });

  it('refuses pages of other origins, unless it was told to admit them', async () => {
    const byDefault = (await start({})).server.addresses[0]!;
    expect(await knock(byDefault, byDefault.replace('ws:', 'http:'))).toBe('open');
    expect(await knock(byDefault, 'https://app.example.org')).toBe('Unexpected server response: 403');
    const told = await start({ web: { origins: ['https://app.example.org'] } });
    const address = told.server.addresses[0]!;
    expect(await knock(address, 'https://app.example.org')).toBe('open');
    expect(await knock(address, 'https://evil.example.com')).toBe('Unexpected server response: 403');
    await expect(start({ web: { origins: ['*'] } })).rejects.toThrow("'*' is not an origin");
  });

  it('is taken at an HTTP server beside its pages, which goes on when the server is closed', async () => {
    const http = createServer((_request, response) => response.end('a page'));
    http.listen(0, localhost);
    await once(http, 'listening');
    onTestFinished(() => void http.close());
    const { port } = http.address() as AddressInfo;
    const { calls, server } = await start({ listen: [], web: { server: http, path: '/calls' } });
    expect(server.addresses).toEqual([]);
    await calls.succeed(await open(`ws://${localhost}:${port}/calls`), 'once');
    await server.close();
    const late = await calls.fail(await open(`ws://${localhost}:${port}/calls`), 'once');
    expect(late).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    const page = await fetch(`http://${localhost}:${port}/`, { headers: { connection: 'close' } });
    expect(await page.text()).toBe('a page');
    await expect(start({ web: { server: http, path: 'calls' } })).rejects.toThrow('begins with a slash');
  });

  it('counts what does not speak the protocol, and hangs up', async () => {
    const { server } = await start({});
    const socket = new WebSocket(server.addresses[0]!);
    await once(socket, 'open');
    socket.send(Buffer.from('GET / HTTP/1.1'));
    await once(socket, 'close');
    expect(server.stats().damaged).toBe(1);
  });
});
