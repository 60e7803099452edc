/** The packets of groups in docs/PROTOCOL.md, as the runtime writes and reads them. */
import { hkdfSync } from 'node:crypto';
import { expect } from 'vitest';
import { openBlock } from '../../runtime/src/group/blocks/block-port.js';
import { ByteWriter } from '../../runtime/src/group/bytes.js';
import {
  type ConnectionMessage,
  readConnectionMessage,
  writeConnectionMessage,
} from '../../runtime/src/group/detection/connection-messages.js';
import { goodbye, greeting, listenTo } from '../../runtime/src/group/detection/greeting.js';
import { createVerification } from '../../runtime/src/group/detection/verification.js';
import { readDiscovery, writeDiscovery } from '../../runtime/src/group/discovery/frames.js';
import type { LayerContext } from '../../runtime/src/group/layer.js';
import { createMember, everyone } from '../../runtime/src/group/member.js';
import { type MembershipFrame, readFrame, writeFrame } from '../../runtime/src/group/membership/frames.js';
import { Pieces } from '../../runtime/src/group/membership/pieces.js';
import { Kind, Message, multicast, Order, unicast } from '../../runtime/src/group/message.js';
import { RelayOp, readNumbers, readOp, writeRelayedCall } from '../../runtime/src/group/open/frames.js';
import { type OrderRun, readOrder, writeOrder } from '../../runtime/src/group/order/order-frames.js';
import type { GroupPort } from '../../runtime/src/group/port.js';
import {
  type HighestFrame,
  type MissingFrame,
  readHighest,
  readMissing,
  readStability,
  type StabilityFrame,
  writeHighest,
  writeMissing,
  writeStability,
  writeViewId,
} from '../../runtime/src/group/reliable/multicast-frames.js';
import {
  readUnicastAck,
  type UnicastAck,
  writeUnicastAck,
} from '../../runtime/src/group/reliable/unicast-ack.js';
import { readCall, Target, writeCall, writeKeptReply } from '../../runtime/src/group/rpc/frames.js';
import { createGroupSeal } from '../../runtime/src/group/security/seal.js';
import { readStateFrame, type StateFrame, writeStateFrame } from '../../runtime/src/group/state/frames.js';
import { framed } from '../../runtime/src/group/transport/connection.js';
import { readHello, writeHello } from '../../runtime/src/group/transport/hello.js';
import { groupKeyOf } from '../../runtime/src/group/transport/layout.js';
import { FrameReader, readHeader } from '../../runtime/src/group/transport/packet-reader.js';
import { PacketWriter } from '../../runtime/src/group/transport/packet-writer.js';
import { encodeDynamic } from '../../runtime/src/marshalling/dynamic.js';
import { Reader } from '../../runtime/src/marshalling/reader.js';

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
  new Message(Kind.heartbeat, a.id, everyone, writeViewId(new ByteWriter(10), id).done()),
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
const highest: HighestFrame = { view: id, seq: 9 };
const ballot = { number: 1, leader: a.id };
const next = {
  view: { id: { counter: 4, creator: a.id }, members: [a] },
  joined: [],
  sides: [[a.id]],
  primary: true,
  destroyed: false,
};
const frames = {
  'group-join': { type: 'join', member: b, token: 0x010203040506 },
  'group-flush': { type: 'flush', view: id, ballot, gone: [b.id] },
  'group-flushed': { type: 'flushed', view: id, ballot, received: [9, 4], committed: undefined },
  'group-prepare': {
    type: 'prepare',
    view: id,
    proposal: { ballot, next, cut: [9, 4], holders: [a.id, a.id] },
  },
  'group-install': { type: 'install', next },
  'group-merging': { type: 'merging', merge: 7, side: { id, primary: true, members: [a] } },
} satisfies Record<string, MembershipFrame>;

const here: ConnectionMessage = { step: 'here', port: 40_003, tell: true };
const obituary: ConnectionMessage = { step: 'obituary', id: b.id, port: 40_004 };

const ack: UnicastAck = {
  connection: 1,
  memory: 0x01020304,
  upTo: 5,
  seen: 9,
  latest: 9,
  held: 1.5,
  missing: [{ from: 7, count: 1 }],
};

/** Verification as a member of the view has it, and what it sends. */
function verificationOf(self: typeof a) {
  const sent: Message[] = [];
  const context = { self, down: (batch: readonly Message[]) => sent.push(...batch) };
  const verification = createVerification({
    context: context as unknown as LayerContext,
    isMember: () => true,
    alive: () => {},
  });
  return { verification, sent };
}

function question(): Buffer {
  const { verification, sent } = verificationOf(a);
  verification.ask(b.id, []);
  return Buffer.from(sent[0]!.body);
}

/** What the second member answers to the first. */
function answerTo(body: Buffer): unknown {
  const { verification, sent } = verificationOf(b);
  verification.take(new Message(Kind.verify, a.id, b.id, body));
  return sent.map(({ kind, target, body: answer }) => [kind, target, Buffer.from(answer).toString('hex')]);
}

const before = { counter: 4, creator: a.id };
const states = {
  'group-state-request': { type: 'request', request: 1, at: before, before, forMerge: false },
  'group-state-begin': {
    type: 'begin',
    request: 1,
    view: before,
    marks: [{ sender: a.id, ordered: 9, unordered: 0 }],
    parts: ['application'],
  },
  'group-state-piece': { type: 'piece', request: 1, part: 0, bytes: Buffer.from('one') },
} satisfies Record<string, StateFrame>;

const header = {
  target: Target.procedure,
  number: 5,
  remaining: 2000,
  replies: true,
  ordered: true,
  expires: false,
};
const key = [0x01020304, 0x05060708] as const;
const procedureCall = () =>
  writeCall(header, undefined, writer => {
    writer.rawU32(key[0]);
    writer.rawU32(key[1]);
    writer.rawBytes(Buffer.from('c0', 'hex'));
  });
const client = '80'.repeat(16);
const relayedCall = () =>
  writeCall({ ...header, target: Target.relayed }, undefined, writer =>
    writeRelayedCall(writer, client, { number: 3, lowest: 2 }, key, Buffer.from('c0', 'hex')),
  );

/** What a block sends, and what the block of the same name takes out of it. */
function blockMessage(): { readonly sent: Buffer; readonly take: (sent: Buffer) => Uint8Array | undefined } {
  let sent: Buffer = Buffer.alloc(0);
  let deliver: (message: Message) => void = () => {};
  let taken: Uint8Array | undefined;
  const port = {
    receive: (_: Kind, listener: typeof deliver) => {
      deliver = listener;
    },
    multicast: (_: Kind, body: Buffer) => {
      sent = body;
    },
    consumed: () => {},
    count: () => {},
  } as unknown as GroupPort;
  const block = openBlock(port, 'map', 'stock', (_, body) => {
    taken = body;
  });
  block.multicast(encodeDynamic([1, 1, 'apples']), { order: Order.total });
  return {
    sent,
    take: bytes => {
      deliver(multicast(Kind.block, a.id, bytes, Order.total));
      return taken;
    },
  };
}

function readsAs(said: Buffer): (string | number)[] {
  const heard: (string | number)[] = [];
  const { hear } = listenTo(
    met => heard.push(met),
    () => heard.push('goodbye'),
  );
  for (const byte of said) expect(hear(Buffer.of(byte))).toBe(true);
  return heard;
}

const each = <Value, Result>(table: Record<string, Value>, make: (value: Value) => Result) =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name, make(value)]));

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
  'group-highest': writeHighest(highest),
  'group-piece': new Pieces().split(writeFrame({ type: 'installed', view: id }), 1400)[0]!,
  ...each<MembershipFrame, Buffer>(frames, writeFrame),
  'group-unicast-ack': writeUnicastAck(ack),
  'group-verification': question(),
  'group-connection': writeConnectionMessage(here),
  'group-obituary': writeConnectionMessage(obituary),
  'group-greeting': Buffer.concat([greeting(a.id), goodbye()]),
  ...each<StateFrame, Buffer>(states, frame => Buffer.from(writeStateFrame(frame))),
  'group-call': procedureCall(),
  'group-relayed-call': relayedCall(),
  'group-reply': writeKeptReply(5, Buffer.from('00c0', 'hex')),
  'group-block': blockMessage().sent,
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
  'group-highest': bytes => expect(readHighest(bytes)).toEqual(highest),
  'group-piece': bytes =>
    expect(readFrame(new Pieces().join(a.id, bytes)!)).toEqual({ type: 'installed', view: id }),
  ...each<MembershipFrame, (bytes: Buffer) => void>(
    frames,
    frame => bytes => expect(readFrame(bytes)).toEqual(frame),
  ),
  'group-unicast-ack': bytes => expect(readUnicastAck(bytes)).toEqual(ack),
  'group-verification': bytes => expect(answerTo(bytes)).toEqual([[Kind.verify, a.id, '020a1b2c3d4e5f']]),
  'group-connection': bytes => expect(readConnectionMessage(bytes)).toEqual(here),
  'group-obituary': bytes => expect(readConnectionMessage(bytes)).toEqual(obituary),
  'group-greeting': bytes => expect(readsAs(bytes)).toEqual([a.id, 'goodbye']),
  ...each<StateFrame, (bytes: Buffer) => void>(
    states,
    frame => bytes => expect(readStateFrame(bytes)).toEqual(frame),
  ),
  'group-call': bytes => {
    const reader = new Reader().reset(bytes);
    expect(readCall(reader)).toEqual({ ...header, metadata: undefined });
    expect([reader.rawU32(), reader.rawU32()]).toEqual(key);
  },
  'group-relayed-call': bytes => {
    const reader = new Reader().reset(bytes);
    expect(readCall(reader)).toMatchObject({ target: Target.relayed, number: 5 });
    expect(readOp(reader)).toEqual({ op: RelayOp.call, client });
    expect(readNumbers(reader)).toEqual({ number: 3, lowest: 2 });
  },
  'group-block': bytes =>
    expect(blockMessage().take(bytes)).toEqual(Buffer.from(encodeDynamic([1, 1, 'apples']))),
};
