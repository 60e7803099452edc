/** @grpc/grpc-js with @grpc/proto-loader, its usual configuration; 64-bit integers as numbers. */

import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const schema = fileURLToPath(new URL('../bench.proto', import.meta.url));
const { Bench } = grpc.loadPackageDefinition(loadSync(schema, { longs: Number, defaults: true })).bench;

export async function startServer() {
  const server = new grpc.Server();
  const giveBack = (call, respond) => respond(null, call.request);
  server.addService(Bench.service, { Echo: giveBack, Bytes: giveBack });
  const bind = promisify(server.bindAsync.bind(server));
  return { address: await bind('127.0.0.1:0', grpc.ServerCredentials.createInsecure()) };
}

export async function connect(port) {
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  const client = new Bench(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  return {
    echo: sample =>
      new Promise((resolve, reject) => {
        client.Echo(sample, (error, reply) => (error ? reject(error) : resolve(reply)));
      }),
    bytes: data =>
      new Promise((resolve, reject) => {
        client.Bytes({ data }, (error, reply) => (error ? reject(error) : resolve(reply.data)));
      }),
  };
}
