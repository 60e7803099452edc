/**
 * @connectrpc/connect-node: its own protocol over HTTP/2 with binary bodies, which is the faster of the two that it
 * speaks; compression off.
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport } from '@connectrpc/connect-node';
import { Bench, SampleSchema } from '../generated/protobuf/bench_pb.js';

export function toNative(plain) {
  return create(SampleSchema, { ...plain, id: BigInt(plain.id) });
}

export function toPlain(native) {
  const { id, name, tags, score, active } = native;
  return { id: Number(id), name, tags, score, active };
}

export async function startServer() {
  const giveBack = request => request;
  const routes = router => router.service(Bench, { echo: giveBack, bytes: giveBack });
  const server = http2.createServer(connectNodeAdapter({ routes, acceptCompression: [] }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: server.address().port };
}

export async function connect(port) {
  const client = createClient(
    Bench,
    createConnectTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      httpVersion: '2',
      useBinaryFormat: true,
      acceptCompression: [],
    }),
  );
  return {
    echo: sample => client.echo(sample),
    bytes: async data => (await client.bytes({ data })).data,
  };
}
