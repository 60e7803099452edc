/**
 * A TCP socket and nothing that can be left out: frames with a number, samples by msgpackr, one write a tick. It has no
 * deadlines, errors, limits or filter: it shows what a product could reach, and is none.
 *
 * A frame is a u32 with the length of what follows, a u32 number, a u8 kind, and the body.
 */
import { once } from 'node:events';
import net from 'node:net';
import { bodies, bodyOfKind, createBatch } from './raw.mjs';

const headerBytes = 9;
/** Bodies from here on are written from where they are. */
const largeBody = 16_384;
const mostAtOnce = 65_536;

export async function startServer() {
  const server = net.createServer({ noDelay: true }, socket => {
    const send = createSender(socket);
    onFrames(socket, (number, body, bytes) => send(number, body, body.decode(bytes)));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: server.address().port };
}

export async function connect(port) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const send = createSender(socket);
  const waiting = new Map();
  let last = 0;
  onFrames(socket, (number, body, bytes) => {
    const resolve = waiting.get(number);
    waiting.delete(number);
    resolve(body.decode(bytes));
  });
  const call = (body, value) =>
    new Promise(resolve => {
      last = (last + 1) >>> 0;
      waiting.set(last, resolve);
      send(last, body, value);
    });
  return { echo: sample => call(bodies.echo, sample), bytes: data => call(bodies.bytes, data) };
}

function createSender(socket) {
  const batch = createBatch(mostAtOnce, piece => socket.write(piece));

  return (number, body, value) => {
    const encoded = body.encode(value);
    const isLarge = encoded.length >= largeBody;
    const { chunk, at } = batch.take(isLarge ? headerBytes : headerBytes + encoded.length);
    chunk.writeUInt32BE(encoded.length + headerBytes - 4, at);
    chunk.writeUInt32BE(number, at + 4);
    chunk[at + 8] = body.kind;
    if (isLarge) {
      socket.cork();
      batch.flush();
      socket.write(encoded);
      socket.uncork();
    } else chunk.set(encoded, at + headerBytes);
  };
}

/** Cuts what arrives into frames; an unfinished one is put together once, when its last chunk is there. */
function onFrames(socket, handle) {
  let parts = [];
  let held = 0;
  let needed = 4;

  socket.on('data', received => {
    parts.push(received);
    held += received.length;
    if (held < needed) return;
    const chunk = parts.length === 1 ? received : Buffer.concat(parts, held);
    let at = 0;
    needed = 4;
    while (chunk.length - at >= 4) {
      needed = 4 + chunk.readUInt32BE(at);
      if (chunk.length - at < needed) break;
      const bytes = chunk.subarray(at + headerBytes, at + needed);
      handle(chunk.readUInt32BE(at + 4), bodyOfKind[chunk[at + 8]], bytes);
      at += needed;
      needed = 4;
    }
    held = chunk.length - at;
    parts = held === 0 ? [] : [chunk.subarray(at)];
  });
}
