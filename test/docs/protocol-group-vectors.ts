/** The packets of groups in docs/PROTOCOL.md, as the runtime writes and reads them. */
import { hkdfSync } from 'node:crypto';
import { expect } from 'vitest';
import { readDiscovery, writeDiscovery } from '../../runtime/src/group/discovery/frames.js';
import { createMember, everyone } from '../../runtime/src/group/member.js';
import { type MembershipFrame, readFrame, writeFrame } from '../../runtime/src/group/membership/frames.js';
import { Kind, Message, multicast, Order, unicast } from '../../runtime/src/group/message.js';
import { type OrderRun, readOrder, writeOrder } from '../../runtime/src/group/order/order-frames.js';
import {
  type MissingFrame,
  readMissing,
  readStability,
  type StabilityFrame,
  writeMissing,
  writeStability,
} from '../../runtime/src/group/reliable/multicast-frames.js';
import { createGroupSeal } from '../../runtime/src/group/security/seal.js';
import { framed } from '../../runtime/src/group/transport/connection.js';
import { readHello, writeHello } from '../../runtime/src/group/transport/hello.js';
import { groupKeyOf } from '../../runtime/src/group/transport/layout.js';
import { FrameReader, readHeader } from '../../runtime/src/group/transport/packet-reader.js';
import { PacketWriter } from '../../runtime/src/group/transport/packet-writer.js';

const group = 'ledger';
const groupKey = groupKeyOf(group);
const a = createMember(0x0a1b2c3d4e5f, { host: '127.0.0.1', port: 40_001 });
const b = createMember(0x1a2b3c4d5e6f, { host: '127.0.0.1', port: 40_002 });
const id = { counter: 3, creator: a.id };
const view = { id, members: [a, b] };
const secret = Buffer.from(Array.from({ length: 16 }, (_, index) => 0x80 + index));

function inView(seq: number, text: string, fields: Partial<Message> = {}): Message {
  const message = multicast(Kind.channel, a.id, Buffer.from(text), Order.total);
  return Object.assign(message, { view: id, seq, ...fields });
}

const toAll = [
  inView(7, 'one'),
  inView(8, 'two', { safe: true }),
  inView(9, 'three', { order: Order.causal, vector: [8, 300] }),
  new Message(Kind.heartbeat, a.id, everyone, Buffer.alloc(0)),
];
const toOne = [
  Object.assign(unicast(Kind.reply, a.id, b.id, Buffer.from('one')), { connection: 1, seq: 1 }),
  Object.assign(unicast(Kind.reply, a.id, b.id, Buffer.from('two')), { connection: 1, seq: 2, more: true }),
];

const seal = () => createGroupSeal(secret, group, a.id);

function packet(
  messages: readonly Message[],
  sealing = undefined as ReturnType<typeof seal> | undefined,
): Buffer {
  const writer = new PacketWriter({ groupKey, sender: a.id, sealing: sealing?.sealing, packetBytes: 1400 });
  writer.begin(messages[0]!.target);
  for (const message of messages) writer.add(message);
  return Buffer.from(writer.finish());
}

function sealed(): Buffer {
  const sealing = seal();
  packet(toAll, sealing);
  sealing.enter(id);
  return packet(toAll, sealing);
}

function messagesIn(bytes: Buffer, opening?: ReturnType<typeof seal>): Message[] | undefined {
  const header = readHeader(bytes, groupKey);
  if (typeof header === 'string') throw new Error(header);
  expect([header.sender, header.sealed]).toEqual([a.id, opening !== undefined]);
  const frames = opening === undefined ? bytes.subarray(header.end) : opening.open(bytes, header);
  if (typeof frames === 'string') throw new Error(frames);
  return new FrameReader().read(frames, 0, header.sender, header.target);
}

const found = { view, primary: true, by: a.id };

const missing: MissingFrame = { view: id, sender: 1, ranges: [[7, 9]] };
const stability: StabilityFrame = { view: id, ask: false, entries: [{ sender: 0, held: 9, taken: 8 }] };
const runs: readonly OrderRun[] = [
  { sender: 1, first: 1, count: 3 },
  { sender: 0, first: 4, count: 1 },
];
const flush: MembershipFrame = {
  type: 'flush',
  view: id,
  ballot: { number: 1, leader: a.id },
  gone: [b.id],
};

export const groupVectors: Readonly<Record<string, Buffer>> = {
  'group-multicasts': packet(toAll),
  'group-unicasts': packet(toOne),
  'group-sealing-key': Buffer.from(
    hkdfSync(
      'sha256',
      secret,
      'convoke group ledger',
      Buffer.from('00000003 0a1b2c3d4e5f 0a1b2c3d4e5f 00000000'.replaceAll(' ', ''), 'hex'),
      28,
    ),
  ),
  'group-sealed': sealed(),
  'group-hello': framed(writeHello(groupKey, a)),
  'group-seek': writeDiscovery({ type: 'seek', attempt: 1 }),
  'group-answer': writeDiscovery({ type: 'answer', found }),
  'group-announce': writeDiscovery({ type: 'announce', found }),
  'group-missing': writeMissing(missing),
  'group-stability': writeStability(stability),
  'group-order': writeOrder(runs),
  'group-flush': writeFrame(flush),
};

export const groupReaders: Readonly<Record<string, (bytes: Buffer) => void>> = {
  'group-multicasts': bytes => expect(messagesIn(bytes)).toEqual(toAll),
  'group-unicasts': bytes => expect(messagesIn(bytes)).toEqual(toOne),
  'group-sealed': bytes => expect(messagesIn(bytes, createGroupSeal(secret, group, b.id))).toEqual(toAll),
  'group-hello': bytes => expect(readHello(bytes.subarray(4), groupKey)).toEqual({ id: a.id, at: a.at }),
  'group-seek': bytes => expect(readDiscovery(bytes, b.id)).toEqual({ type: 'seek', attempt: 1 }),
  'group-answer': bytes => expect(readDiscovery(bytes, a.id)).toEqual({ type: 'answer', found }),
  'group-announce': bytes => expect(readDiscovery(bytes, a.id)).toEqual({ type: 'announce', found }),
  'group-missing': bytes => expect(readMissing(bytes)).toEqual(missing),
  'group-stability': bytes => expect(readStability(bytes)).toEqual(stability),
  'group-order': bytes => expect(readOrder(bytes)).toEqual(runs),
  'group-flush': bytes => expect(readFrame(bytes)).toEqual(flush),
};
