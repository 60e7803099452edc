import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message, type Order } from '../../../runtime/src/group/message.js';
import {
  frameOverhead,
  groupKeyOf,
  headerBytes,
  targetBytes,
} from '../../../runtime/src/group/transport/layout.js';
import { FrameReader, readHeader } from '../../../runtime/src/group/transport/packet-reader.js';
import { PacketWriter } from '../../../runtime/src/group/transport/packet-writer.js';

const groupKey = groupKeyOf('ledger');
const own = 0x0a1b2c3d4e5f;
const other = 0x5f4e3d2c1b0a;

function writer(packetBytes = 60_000): PacketWriter {
  return new PacketWriter({ groupKey, sender: own, sealing: undefined, packetBytes });
}

function packetOf(messages: readonly Message[], target = everyone): Buffer {
  const filling = writer();
  filling.begin(target);
  for (const message of messages) if (!filling.add(message)) throw new Error('no room');
  return filling.finish();
}

function read(packet: Buffer, reader = new FrameReader()): Message[] | string | undefined {
  const header = readHeader(packet, groupKey);
  return typeof header === 'string' ? header : reader.read(packet, header.end, header.sender, header.target);
}

/** As plain values, which compare by content. */
function plain(messages: ReturnType<typeof read>): unknown {
  return Array.isArray(messages) ? messages.map(each => ({ ...each, body: [...each.body] })) : messages;
}

const ids = fc.integer({ min: 1, max: 2 ** 48 - 1 });
const seqs = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 48 - 1 }));
const counters = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const kinds = fc.constantFrom(...Object.values(Kind));

interface Flags {
  readonly order: number;
  readonly safe: boolean;
  readonly more: boolean;
  readonly nested: boolean;
}

const common = fc.record({
  kind: kinds,
  body: fc.uint8Array({ maxLength: 300 }),
  flags: fc.record({
    order: fc.integer({ min: 0, max: 3 }),
    safe: fc.boolean(),
    more: fc.boolean(),
    nested: fc.boolean(),
  }),
});

function made(kind: Kind, sender: number, target: number, body: Uint8Array, flags: Flags): Message {
  const { order, ...others } = flags;
  // All packets are one's own, whosever messages are in them.
  return Object.assign(new Message(kind, sender, target, body), others, { order: order as Order, from: own });
}

const multicasts = fc
  .record({
    view: fc.record({ counter: counters, creator: ids }),
    sender: fc.oneof(fc.constant(own), ids),
    seq: seqs,
    run: fc.array(
      fc.tuple(common, fc.option(fc.array(seqs, { maxLength: 9 }), { nil: undefined }), fc.boolean()),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ view, sender, seq, run }) =>
    run.map(([{ kind, body, flags }, vector, skips], index) =>
      Object.assign(made(kind, sender, everyone, body, flags), {
        reliable: true,
        view: { ...view },
        vector,
        seq: Math.min(seq + index + (skips ? 1 : 0), 2 ** 48 - 1),
      }),
    ),
  );

const unicasts = fc
  .record({ connection: counters, seq: seqs, run: fc.array(common, { minLength: 1, maxLength: 6 }) })
  .map(({ connection, seq, run }) =>
    run.map(({ kind, body, flags }, index) =>
      Object.assign(made(kind, own, other, body, flags), {
        reliable: true,
        connection,
        seq: Math.min(seq + index, 2 ** 48 - 1),
      }),
    ),
  );

const once = (target: number) =>
  common.map(({ kind, body, flags }) => [made(kind, own, target, body, flags)]);

const batches = fc.oneof(
  fc.record({
    target: fc.constant(everyone),
    runs: fc.array(fc.oneof(multicasts, once(everyone)), { maxLength: 8 }),
  }),
  fc.record({
    target: fc.constant(other),
    runs: fc.array(fc.oneof(multicasts, unicasts, once(other)), { maxLength: 8 }),
  }),
);

describe('a packet', () => {
  it('gives back the messages that were put into it, whatever they are', () => {
    const reader = new FrameReader();
    fc.assert(
      fc.property(batches, ({ target, runs }) => {
        const messages = runs.flat();
        expect(plain(read(packetOf(messages, target), reader))).toEqual(plain(messages));
      }),
      { numRuns: 500 },
    );
  });

  it('is damaged when any bit of it is another', () => {
    fc.assert(
      fc.property(batches, fc.nat(), ({ target, runs }, place) => {
        const packet = packetOf(runs.flat(), target);
        const bit = place % (packet.length * 8);
        packet[bit >> 3]! ^= 1 << (bit & 7);
        expect(read(packet)).toBe('damaged');
      }),
    );
  });

  it('is damaged when it is cut off anywhere', () => {
    fc.assert(
      fc.property(batches, fc.nat(), ({ target, runs }, place) => {
        const packet = packetOf(runs.flat(), target);
        expect(read(packet.subarray(0, place % packet.length))).toBe('damaged');
      }),
    );
  });

  it('of random bytes is damaged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => read(Buffer.from(bytes)) === 'damaged'),
    );
  });

  it('of another group is foreign', () => {
    const packet = packetOf([]);
    expect(readHeader(packet, groupKeyOf('other'))).toBe('foreign-group');
  });

  it('costs a following message of the same sender two bytes and its length', () => {
    const message = (seq: number) =>
      Object.assign(new Message(Kind.channel, own, everyone, Buffer.alloc(100)), {
        reliable: true,
        view: { counter: 3, creator: other },
        seq,
      });
    const one = packetOf([message(1)]).length;
    expect(packetOf([message(1), message(2)]).length - one).toBe(103);
    expect(packetOf([message(1), message(3)]).length - one).toBe(125);
  });
});

describe('the frames of a packet', () => {
  it('are all nothing, and nothing is thrown, when they are random bytes', () => {
    const reader = new FrameReader();
    let taken = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.boolean(), (bytes, addressed) => {
        const messages = reader.read(Buffer.from(bytes), 0, own, addressed ? other : everyone);
        for (const { body } of messages ?? []) expect(body.length).toBeLessThan(bytes.length);
        if (messages !== undefined) taken++;
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeLessThan(1000);
  });

  it('are all nothing when the last one is cut off', () => {
    fc.assert(
      fc.property(multicasts, unicasts, (first, second) => {
        const packet = packetOf([...first, ...second], other);
        const length = packet.length - 1;
        expect(
          new FrameReader().read(packet.subarray(0, length), headerBytes + targetBytes, own, other),
        ).toBe(undefined);
      }),
    );
  });

  const frames = (...bytes: number[]) => new FrameReader().read(Buffer.from(bytes), 0, own, everyone);

  it.each([
    ['of a kind that nobody knows', [0, 255, 0]],
    ['that goes on with nothing', [3, Kind.channel, 0]],
    ['of a connection, to everyone', [1, Kind.channel, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]],
    ['that is shorter than it says', [0, Kind.channel, 2, 7]],
    ['with a vector where there is no view', [128, Kind.channel, 0, 0]],
    ['whose length has eight bytes', [0, Kind.channel, 128, 128, 128, 128, 128, 128, 128, 0]],
  ])('are nothing with a frame %s', (_, bytes) => {
    expect(frames(...bytes)).toBe(undefined);
  });

  it('share the object of their view, and hold their bodies where they came', () => {
    const messages = [1, 2].map(seq =>
      Object.assign(new Message(Kind.channel, own, everyone, Buffer.from([seq])), {
        reliable: true,
        view: { counter: 3, creator: other },
        seq,
      }),
    );
    const packet = packetOf(messages);
    const [one, two] = read(packet) as Message[];
    expect(one!.view).toBe(two!.view);
    expect(one!.body.buffer).toBe(packet.buffer);
  });
});

describe('a packet that is full', () => {
  const message = (length: number) => new Message(Kind.channel, own, everyone, Buffer.alloc(length, 9));

  it('takes nothing more, and is not changed', () => {
    const filling = writer(512);
    filling.begin(everyone);
    expect(filling.add(message(300))).toBe(true);
    expect(filling.add(message(300))).toBe(false);
    expect(filling.add(message(100))).toBe(true);
    expect((read(filling.finish()) as Message[]).map(({ body }) => body.length)).toEqual([300, 100]);
  });

  it('takes one message that is longer than packets are, up to what UDP carries', () => {
    const filling = writer(512);
    filling.begin(everyone);
    expect(filling.add(message(5000))).toBe(true);
    expect(filling.add(message(1))).toBe(false);
    expect((read(filling.finish()) as Message[])[0]!.body).toEqual(Buffer.alloc(5000, 9));
    filling.begin(everyone);
    expect(() => filling.add(message(65_500))).toThrow(/the most/);
    expect(filling.add(message(512 - headerBytes - targetBytes - frameOverhead))).toBe(true);
    expect(filling.finish().length).toBeLessThanOrEqual(512);
  });
});
