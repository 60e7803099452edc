/**
 * The limit: multicast by bare sockets, in a process of its own. Messages are gathered in long packets, a window bounds what
 * is under way, and receivers acknowledge by unicast. Nothing is repeated, there are no views and no order but that of one
 * sender. A lost packet ends its window after a while; how often is told.
 */
import { createSocket } from 'node:dgram';
import { callOnAndOn, now, processorTime, serveDuties } from './processes.mjs';

const packetBytes = 61_440;
const windowBytes = 1024 * 1024;
const acknowledgeBytes = 128 * 1024;
const headerBytes = 16;
const Type = { data: 1, acknowledgement: 2, request: 3, reply: 4 };

let group;
let own;
let received = 0;
let lost = 0;
let isSending = false;
/** Of each sender: its bytes so far, those acknowledged, and where it is. */
const senders = new Map();
/** Of each receiver: how many of this one's bytes it has. */
const taken = new Map();
let others = 0;
let sentBytes = 0;
let wake = () => {};
const calls = new Map();
let last = 0;
let requests = [];
let replies = new Map();

serveDuties({
  async open({ host, port, members }) {
    others = members - 1;
    own = await bound({ type: 'udp4' }, 0, '127.0.0.1');
    own.setMulticastInterface('127.0.0.1');
    own.setMulticastTTL(0);
    const listener = await bound({ type: 'udp4', reuseAddr: true }, port, host);
    listener.addMembership(host, '127.0.0.1');
    for (const socket of [own, listener]) {
      socket.setRecvBufferSize(4 * 1024 * 1024);
      socket.setSendBufferSize(4 * 1024 * 1024);
      socket.on('message', take);
    }
    group = { host, port };
  },
  send({ size }) {
    isSending = true;
    void sendOnAndOn(Buffer.alloc(size, 7));
  },
  async rest() {
    isSending = false;
    wake();
    await new Promise(resolve => setTimeout(resolve, 50));
  },
  count: () => ({ received, at: now(), cpu: processorTime(), lost }),
  call: ({ inFlight, milliseconds }) => callOnAndOn(call, inFlight, milliseconds),
});

function bound(options, port, host) {
  const socket = createSocket({ ...options, lookup: (name, _, done) => done(null, name, 4) });
  return new Promise(resolve =>
    socket.bind({ port, address: host, exclusive: false }, () => resolve(socket)),
  );
}

function packet(type) {
  const bytes = Buffer.allocUnsafe(packetBytes);
  bytes.writeUInt32BE(type, 0);
  bytes.writeUInt32BE(own.address().port, 4);
  return bytes;
}

function take(bytes) {
  const type = bytes.readUInt32BE(0);
  const port = bytes.readUInt32BE(4);
  if (port === own.address().port) return;
  if (type === Type.data) takeData(bytes, port);
  else if (type === Type.acknowledgement) {
    taken.set(port, Math.max(taken.get(port) ?? 0, bytes.readDoubleBE(8)));
    wake();
  } else if (type === Type.request) takeRequests(bytes, port);
  else takeReplies(bytes);
}

/** Walks the messages, each behind its length. */
function takeData(bytes, port) {
  for (let at = headerBytes; at < bytes.length; at += 2 + ((bytes[at] << 8) | bytes[at + 1])) received++;
  let sender = senders.get(port);
  if (sender === undefined) {
    sender = { acknowledged: 0 };
    senders.set(port, sender);
  }
  const upTo = bytes.readDoubleBE(8) + bytes.length;
  if (upTo - sender.acknowledged < acknowledgeBytes) return;
  sender.acknowledged = upTo;
  const answer = packet(Type.acknowledgement).subarray(0, headerBytes);
  answer.writeDoubleBE(upTo, 8);
  own.send(answer, port, '127.0.0.1');
}

async function sendOnAndOn(body) {
  const spare = [];
  const perPacket = Math.floor((packetBytes - headerBytes) / (body.length + 2));
  while (isSending) {
    const slowest = taken.size < others ? 0 : Math.min(...taken.values());
    if (sentBytes - slowest >= windowBytes) {
      await acknowledgement();
      continue;
    }
    const bytes = spare.pop() ?? packet(Type.data);
    bytes.writeDoubleBE(sentBytes, 8);
    let at = headerBytes;
    for (let index = 0; index < perPacket; index++) {
      bytes[at] = body.length >>> 8;
      bytes[at + 1] = body.length;
      bytes.set(body, at + 2);
      at += 2 + body.length;
    }
    received += perPacket;
    sentBytes += at;
    own.send(bytes.subarray(0, at), group.port, group.host, () => spare.push(bytes));
  }
}

/** What was not acknowledged for long was lost: the window is opened nevertheless. */
function acknowledgement() {
  return new Promise(resolve => {
    const timer = setTimeout(() => {
      lost++;
      for (const port of taken.keys()) taken.set(port, sentBytes);
      resolve();
    }, 200);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Requests of one turn leave in one packet, and so do the replies to them. */
function call() {
  return new Promise(resolve => {
    const id = ++last;
    calls.set(id, { missing: others, resolve });
    if (requests.push(id) === 1) setImmediate(sendRequests);
  });
}

function numbers(type, ids) {
  const bytes = packet(type).subarray(0, headerBytes + 24 * ids.length);
  ids.forEach((id, index) => void bytes.writeUInt32BE(id, headerBytes + 24 * index));
  return bytes;
}

function sendRequests() {
  const bytes = numbers(Type.request, requests);
  requests = [];
  own.send(bytes, group.port, group.host);
}

function takeRequests(bytes, port) {
  if (replies.size === 0) setImmediate(sendReplies);
  const ids = replies.get(port) ?? [];
  replies.set(port, ids);
  for (let at = headerBytes; at < bytes.length; at += 24) ids.push(bytes.readUInt32BE(at));
}

function sendReplies() {
  for (const [port, ids] of replies) own.send(numbers(Type.reply, ids), port, '127.0.0.1');
  replies = new Map();
}

function takeReplies(bytes) {
  for (let at = headerBytes; at < bytes.length; at += 24) {
    const id = bytes.readUInt32BE(at);
    const call = calls.get(id);
    if (--call.missing > 0) continue;
    calls.delete(id);
    call.resolve();
  }
}
