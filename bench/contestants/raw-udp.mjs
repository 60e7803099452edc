/**
 * A UDP socket and nothing that can be left out: the calls of a tick share datagrams, samples by msgpackr, what stays
 * unanswered is sent again. A call can execute twice, and one that does not fit a datagram cannot be made.
 *
 * A datagram holds records: a u16 with the length of the body, a u32 number, a u8 kind, and the body.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { bodies, bodyOfKind, createBatch } from './raw.mjs';

const headerBytes = 7;
const datagramBytes = 1200;
const sweepMs = 50;
/** A call is sent again when this many sweeps passed by. */
const patience = 3;

export async function startServer() {
  const socket = await openSocket();
  const senders = new Map();
  socket.on('message', (datagram, { port, address }) => {
    let send = senders.get(port);
    if (send === undefined) {
      send = createSender(piece => socket.send(piece, port, address));
      senders.set(port, send);
    }
    forRecords(datagram, (number, body, bytes) => send(number, body, body.decode(bytes)));
  });
  return { address: socket.address().port };
}

export async function connect(port) {
  const socket = await openSocket();
  const connected = once(socket, 'connect');
  socket.connect(port, '127.0.0.1');
  await connected;
  const send = createSender(piece => socket.send(piece));
  const waiting = new Map();
  let last = 0;
  let sweep = 0;
  let retransmitted = 0;
  socket.on('message', datagram => {
    forRecords(datagram, (number, body, bytes) => {
      const call = waiting.get(number);
      if (call === undefined) return;
      waiting.delete(number);
      call.resolve(body.decode(bytes));
    });
  });
  setInterval(() => {
    sweep++;
    for (const [number, call] of waiting) {
      if (sweep - call.sweep < patience) continue;
      call.sweep = sweep;
      retransmitted++;
      send(number, call.body, call.value);
    }
  }, sweepMs).unref();

  const call = (body, value) =>
    new Promise(resolve => {
      last = (last + 1) >>> 0;
      waiting.set(last, { body, value, resolve, sweep });
      send(last, body, value);
    });
  return {
    echo: sample => call(bodies.echo, sample),
    bytes: data => call(bodies.bytes, data),
    stats: () => ({ retransmitted }),
  };
}

async function openSocket() {
  // The default asks the resolver for each datagram, though the address is one already. This one calls back at once,
  // so that the events come before `bind` and `connect` return.
  const lookup = (host, _options, done) => done(null, host, 4);
  const socket = dgram.createSocket({ type: 'udp4', lookup });
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return socket;
}

function createSender(handOn) {
  const batch = createBatch(datagramBytes, handOn);

  return (number, body, value) => {
    const encoded = body.encode(value);
    const { chunk, at } = batch.take(headerBytes + encoded.length);
    chunk.writeUInt16BE(encoded.length, at);
    chunk.writeUInt32BE(number, at + 2);
    chunk[at + 6] = body.kind;
    chunk.set(encoded, at + headerBytes);
  };
}

function forRecords(datagram, handle) {
  let at = 0;
  while (at + headerBytes <= datagram.length) {
    const end = at + headerBytes + datagram.readUInt16BE(at);
    handle(
      datagram.readUInt32BE(at + 2),
      bodyOfKind[datagram[at + 6]],
      datagram.subarray(at + headerBytes, end),
    );
    at = end;
  }
}
