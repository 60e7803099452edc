/** Apache Thrift for Node.js: framed transport and binary protocol, the fastest of its pairs. */
import { once } from 'node:events';
import Int64 from 'node-int64';
import thrift from 'thrift';
import Bench from '../generated/thrift/Bench.js';
import types from '../generated/thrift/bench_types.js';

const options = { transport: thrift.TFramedTransport, protocol: thrift.TBinaryProtocol };

export function toNative(plain) {
  return new types.Sample({ ...plain, id: new Int64(plain.id) });
}

export function toPlain({ id, name, tags, score, active }) {
  return { id: id.toNumber(), name, tags, score, active };
}

export async function startServer() {
  const giveBack = (value, respond) => respond(null, value);
  const server = thrift.createServer(Bench, { echo: giveBack, bytes: giveBack }, options);
  server.on('connection', socket => socket.setNoDelay(true));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: server.address().port };
}

export async function connect(port) {
  const connection = thrift.createConnection('127.0.0.1', port, options);
  await once(connection, 'connect');
  connection.connection.setNoDelay(true);
  const client = thrift.createClient(Bench, connection);
  return {
    echo: sample =>
      new Promise((resolve, reject) => {
        client.echo(sample, (error, reply) => (error ? reject(error) : resolve(reply)));
      }),
    bytes: data =>
      new Promise((resolve, reject) => {
        client.bytes(data, (error, reply) => (error ? reject(error) : resolve(reply)));
      }),
  };
}
