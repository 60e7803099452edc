/** A page in a browser calls the server that others call over UDP and TCP. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { implement, type Metadata, serve } from '@convoke/runtime';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { Feed, type FeedService, Ledger } from '../../generated/testing/ledger/index.js';
import { Oracle } from '../judge/oracle.js';
import { findChromium, withPage } from './browser/chromium.js';
import type { Report } from './browser/report.js';
import { localhost, until } from './stage.js';

const html = '<!doctype html><title>Ledger</title><script type="module" src="/page.js"></script>';

/** Bundles the page as its author would, with the package as it is built. */
async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('browser/page.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]!.text;
}

/** The web server of the page, which does what the page asks for. */
async function startWebServer(script: string, duties: Readonly<Record<string, (word: string) => unknown>>) {
  const sockets: Socket[] = [];
  let reported: (report: Report) => void;
  const report = new Promise<Report>(resolve => {
    reported = resolve;
  });
  const read = async (request: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const chunk of request) text += chunk;
    return text;
  };
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url!, 'http://page');
    const files: Record<string, readonly [type: string, text: string]> = {
      '/': ['text/html', html],
      '/page.js': ['text/javascript', script],
    };
    if (pathname === '/report') reported(JSON.parse(await read(request)));
    await duties[pathname.slice(1)]?.(search.slice(1));
    const [type, text] = files[pathname] ?? ['text/plain', ''];
    response.writeHead(200, { 'Content-Type': type }).end(text);
  });
  server.on('upgrade', (_request, socket: Socket) => sockets.push(socket));
  server.listen(0, localhost);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  /** Those of WebSockets, in the order in which they came. */
  return { server, report, address: `http://${localhost}:${port}`, sockets };
}

/** Streams as many items as are asked for, counts those that it gets, and sends them back. */
function createFeed(left: (key: string) => void): FeedService {
  return {
    async *watch({ key, count, padding }) {
      try {
        for (let sequence = 0; sequence < count; sequence++)
          yield { sequence, padding: Buffer.alloc(padding) };
      } finally {
        left(key);
      }
    },
    async load({ key }, items) {
      let count = 0;
      let bytes = 0n;
      for await (const { padding } of items) {
        count++;
        bytes += BigInt(padding.length);
      }
      return { key, execution: 1, count, bytes };
    },
    async *talk(_job, items) {
      yield* items;
    },
  };
}

const unused = (): never => {
  throw new Error('no job of the page takes any time');
};

test('a page calls the server, and its at-most-once calls survive a broken connection', async ({ skip }) => {
  const chromium = findChromium();
  if (chromium === undefined) {
    skip('no Chromium is on the path, and CHROMIUM names none');
    return;
  }
  const oracle = new Oracle();
  const aborted: string[] = [];
  const left: string[] = [];
  const web = await startWebServer(await bundlePage(), {
    executed: key => until(() => oracle.executionsOf(key).length > 0),
    drop: () => {
      for (const socket of web.sockets) socket.destroy();
    },
  });
  const server = await serve({
    listen: [`udp://${localhost}:0`, `tcp://${localhost}:0`, `ws://${localhost}:0`],
    web: { server: web.server, path: '/calls' },
    services: [
      implement(Ledger, oracle.service(unused)),
      implement(
        Feed,
        createFeed(key => left.push(key)),
      ),
    ],
    onError: () => {},
  });
  onTestFinished(() => server.close());
  let metadata: Metadata = {};
  oracle.onEffect = async ({ key }, ctx) => {
    if (key === 'metadata') metadata = ctx.metadata;
    if (key === 'dropped') await until(() => web.sockets.length > 1);
    if (key !== 'cancelled' && key !== 'late') return;
    await once(ctx.signal, 'abort');
    aborted.push(key);
  };

  const page = `${web.address}/?elsewhere=${encodeURIComponent(server.addresses[2]!)}`;
  const { told, streams, unreachable, retransmitted, thrown } = await withPage(chromium, page, web.report);
  expect(thrown).toBeUndefined();
  expect(told).toEqual({
    receipt: { kind: 'receipt', key: 'receipt', padding: 0 },
    metadata: { kind: 'receipt', key: 'metadata', padding: 0 },
    refused: { kind: 'refused', key: 'refused' },
    surprise: { kind: 'failed', code: 'internal', outcome: 'executed' },
    large: { kind: 'receipt', key: 'large', padding: 2_000_000 },
    cancelled: { kind: 'failed', code: 'cancelled', outcome: 'unknown' },
    late: { kind: 'failed', code: 'deadline-exceeded', outcome: 'unknown' },
    dropped: { kind: 'receipt', key: 'dropped', padding: 0 },
    // A page of another origin.
    elsewhere: { kind: 'failed', code: 'unavailable', outcome: 'not-executed' },
  });
  const all = Array.from({ length: 1000 }, (_, sequence) => sequence);
  expect(streams).toEqual({ watched: all, loaded: 1000, talked: all });
  expect(left).toEqual(['watch', 'left']);
  expect(unreachable).toContain("out of a page's reach");
  expect(metadata).toEqual({ from: 'page', bytes: Buffer.alloc(3) });
  expect(web.sockets).toHaveLength(3);
  expect(retransmitted).toBeGreaterThan(0);
  expect(aborted.sort()).toEqual(['cancelled', 'late']);
  const executed = [...oracle.executions].map(([key, executions]) => [key, executions.length]);
  expect(Object.fromEntries(executed)).toEqual({
    ...Object.fromEntries(Object.keys(told).map(key => [key, 1])),
    note: 1,
    elsewhere: undefined,
  });
});
