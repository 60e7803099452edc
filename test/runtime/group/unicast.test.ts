import { describe, expect, it } from 'vitest';
import { MalformedBytes } from '../../../runtime/src/group/bytes.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message, multicast, Order, unicast } from '../../../runtime/src/group/message.js';
import { reliableUnicast, type UnicastOptions } from '../../../runtime/src/group/reliable/unicast.js';
import {
  mostRanges,
  readUnicastAck,
  type UnicastAck,
  writeUnicastAck,
} from '../../../runtime/src/group/reliable/unicast-ack.js';
import { FakeTime, harness, seeded, viewEvent } from './layer-support.js';

const maxBody = 1000;

/** Member 1 in a view with 2 and 3. */
function create(options: UnicastOptions = {}) {
  const time = new FakeTime();
  const made = harness(reliableUnicast(options), {
    time,
    random: seeded(7),
    services: { transport: { maxBody, places: [] } },
  });
  made.layer.on!(viewEvent(1, 1, 2, 3));
  const { layer, down } = made;
  return {
    ...made,
    time,
    unicast: made.services.unicast,
    /** What left since it was last asked: the messages, without acknowledgements. */
    left: (): Message[] => down.splice(0).filter(({ kind }) => kind !== Kind.unicastAck),
    acks: (): UnicastAck[] =>
      down
        .splice(0)
        .filter(({ kind }) => kind === Kind.unicastAck)
        .map(({ body }) => readUnicastAck(body)),
    send(target: number, count = 1, length = 10): void {
      for (let each = 0; each < count; each++) {
        layer.down!([unicast(Kind.channel, 1, target, new Uint8Array(length))]);
      }
    },
    receive(seq: number, options: Partial<Message> = {}, length = 10): void {
      const message = unicast(Kind.channel, 2, 1, new Uint8Array(length));
      layer.up!([Object.assign(message, { seq, connection: 5, ...options })]);
    },
    acknowledge(upTo: number, ack: Partial<UnicastAck> = {}, sender = 2): void {
      const seen = Math.max(upTo, ack.seen ?? 0);
      const whole = { connection: 1, memory: 9, upTo, seen, latest: upTo, held: 0, missing: [], ...ack };
      layer.up!([new Message(Kind.unicastAck, sender, 1, writeUnicastAck(whole))]);
    },
  };
}

const seqs = (messages: readonly Message[]): number[] => messages.map(({ seq }) => seq);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('acknowledgements in bytes', () => {
  const ack: UnicastAck = {
    connection: 3,
    memory: 0xffff_ffff,
    upTo: 2 ** 40,
    seen: 2 ** 40 + 20,
    latest: 2 ** 40 + 20,
    held: 1.5,
    missing: [
      { from: 2 ** 40 + 1, count: 3 },
      { from: 2 ** 40 + 10, count: 1 },
    ],
  };

  it('are read as they were written', () => {
    expect(readUnicastAck(writeUnicastAck(ack))).toEqual(ack);
  });

  it('are refused wherever they end too early or too late', () => {
    const bytes = writeUnicastAck(ack);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => readUnicastAck(bytes.subarray(0, end))).toThrow(MalformedBytes);
    }
    expect(() => readUnicastAck(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(MalformedBytes);
  });

  it.each<[string, Partial<UnicastAck>]>([
    ['less seen than delivered', { seen: 5 }],
    ['an empty range', { missing: [{ from: 2 ** 40 + 1, count: 0 }] }],
    ['a range that was delivered', { missing: [{ from: 2 ** 40, count: 1 }] }],
    ['a range beyond what was seen', { missing: [{ from: 2 ** 40 + 20, count: 2 }] }],
    [
      'too many ranges',
      { missing: range(0, mostRanges).map(at => ({ from: 2 ** 40 + 1 + at, count: 1 })), seen: 2 ** 41 },
    ],
  ])('are refused with %s', (_, change) => {
    expect(() => readUnicastAck(writeUnicastAck({ ...ack, ...change }))).toThrow(MalformedBytes);
  });
});

describe('reliable unicast, sending', () => {
  it('numbers what it sends, for each member and on a connection of its own', () => {
    const { send, left } = create();
    send(2, 2);
    send(3, 1);
    send(2, 1);
    expect(left().map(({ target, connection, seq }) => [target, connection, seq])).toEqual([
      [2, 1, 1],
      [2, 1, 2],
      [3, 2, 1],
      [2, 1, 3],
    ]);
  });

  it('lets everything else pass', () => {
    const { layer, down, up } = create();
    const others = [
      multicast(Kind.channel, 1, new Uint8Array(3), Order.fifo),
      new Message(Kind.heartbeat, 1, everyone, new Uint8Array(3)),
      new Message(Kind.verify, 1, 2, new Uint8Array(3)),
    ];
    layer.down!(others);
    expect(down).toEqual(others);
    layer.up!(others);
    expect(up).toEqual(others);
  });

  it('sends again, ever more rarely, what is not acknowledged, and no more than a packet at once', () => {
    const { send, left, time } = create();
    send(2, 5, 400);
    left();
    const times: number[] = [];
    for (let now = 1; now <= 4000; now++) {
      time.run(now);
      const again = left();
      if (again.length === 0) continue;
      expect(seqs(again)).toEqual([1, 2]);
      times.push(now);
    }
    expect(times[0]).toBeGreaterThanOrEqual(50);
    expect(times[0]).toBeLessThanOrEqual(64);
    const pauses = times.slice(1).map((at, index) => at - times[index]!);
    expect(pauses.length).toBeGreaterThan(4);
    for (const [index, pause] of pauses.slice(1, 4).entries())
      expect(pause).toBeGreaterThan(pauses[index]! * 1.5);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1251);
  });

  it('falls silent when all is acknowledged', () => {
    const { send, left, acknowledge, time } = create();
    send(2, 3);
    left();
    acknowledge(3);
    time.run(10_000);
    expect(left()).toEqual([]);
  });

  it('sends again soon what the other end misses, once', () => {
    const { send, left, acknowledge, time } = create();
    send(2, 10);
    left();
    time.run(1);
    acknowledge(2, {
      seen: 10,
      latest: 10,
      missing: [
        { from: 3, count: 1 },
        { from: 6, count: 2 },
      ],
    });
    time.run(4);
    expect(seqs(left())).toEqual([3, 6, 7]);
    acknowledge(2, {
      seen: 10,
      latest: 10,
      missing: [
        { from: 3, count: 1 },
        { from: 6, count: 2 },
      ],
    });
    time.run(5);
    expect(left()).toEqual([]);
    acknowledge(10);
    time.run(5000);
    expect(left()).toEqual([]);
  });

  it('16: waits for what may only be out of order', () => {
    const { send, left, acknowledge, time } = create();
    send(2, 10);
    left();
    time.run(20);
    acknowledge(10);
    send(2, 10);
    left();
    time.run(30);
    acknowledge(10, { seen: 15, latest: 15, missing: [{ from: 11, count: 4 }] });
    time.run(40);
    acknowledge(20);
    time.run(1000);
    expect(left()).toEqual([]);
  });

  it('sends no storm after a stall of its own', () => {
    const { send, left, acknowledge, layer, time } = create();
    send(2, 50, 500);
    left();
    time.now = 10_000;
    layer.tick!(time.now);
    expect(left()).toEqual([]);
    // What had arrived meanwhile is read then.
    acknowledge(28);
    expect(seqs(left()).every(seq => seq > 28)).toBe(true);
  });

  it('keeps to its window, and lets the rest follow as acknowledgements come', () => {
    const { send, left, acknowledge } = create({ windowMessages: 8 });
    send(2, 20);
    expect(seqs(left())).toEqual(range(1, 8));
    acknowledge(3);
    expect(seqs(left())).toEqual(range(9, 11));
    acknowledge(11);
    expect(seqs(left())).toEqual(range(12, 19));
  });

  it('opens its window of bytes as acknowledgements come, up to the limit', () => {
    const { send, left, acknowledge } = create({ windowBytes: 40_000 });
    send(2, 1000, 968);
    let upTo = 0;
    let most = 0;
    const first = left().length;
    for (let sent = first; sent > 0; sent = left().length) {
      upTo += sent;
      most = Math.max(most, sent);
      acknowledge(upTo);
    }
    expect(upTo).toBe(1000);
    expect(first).toBeLessThan(20);
    expect(most).toBe(40);
  });

  it('is not writable while more waits than a window, and tells of room once', () => {
    const { unicast: service, send, left, acknowledge, raised } = create({ windowBytes: 10_000 });
    expect(service.writable(2)).toBe(true);
    let count = 0;
    for (; service.writable(2); count++) send(2, 1, 968);
    expect(count).toBeLessThan(30);
    expect(service.writable(3)).toBe(true);
    for (let upTo = left().length, sent = upTo; sent > 0; sent = left().length, upTo += sent)
      acknowledge(upTo);
    expect(raised).toEqual([{ type: 'room' }]);
    expect(service.writable(2)).toBe(true);
  });

  it('hands messages to itself up in the next turn, in their order', () => {
    const { send, up, down, time } = create();
    send(1, 2);
    expect(up).toEqual([]);
    send(1, 1, 20);
    time.run(0);
    expect(up.map(({ body }) => body.length)).toEqual([10, 10, 20]);
    expect(down).toEqual([]);
  });

  it('drops what waits for a member that it was told to forget, and begins anew with it', () => {
    const { unicast: service, send, left, drops, time, acknowledge } = create();
    send(2, 3);
    left();
    service.forget(2);
    expect(drops.get('not-a-member')).toBe(3);
    time.run(5000);
    expect(left()).toEqual([]);
    send(2);
    expect(left().map(({ connection, seq }) => [connection, seq])).toEqual([[2, 1]]);
    // A late one, of the connection before.
    acknowledge(1);
    time.run(5100);
    expect(seqs(left())).toContain(1);
  });

  it('forgets who is not in the next view', () => {
    const { layer, send, drops } = create();
    send(2, 2);
    send(3, 3);
    layer.on!(viewEvent(2, 1, 3));
    expect(drops.get('not-a-member')).toBe(2);
  });

  it('gives up one that is in no view and does not answer', () => {
    const { send, drops, layer, time } = create();
    send(77, 2);
    time.run(60_000);
    expect(drops.get('not-a-member')).toBe(2);
    expect(layer.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('begins another connection where the receiver has forgotten this one, without the rest of a message', () => {
    const { layer, left, acknowledge, drops } = create();
    const fragments = [true, true, false, true, false].map(more =>
      Object.assign(unicast(Kind.channel, 1, 2, new Uint8Array(10)), { more }),
    );
    layer.down!(fragments);
    left();
    acknowledge(1);
    acknowledge(0, { memory: 10 });
    expect(left().map(({ connection, seq, more }) => [connection, seq, more])).toEqual([
      [2, 1, true],
      [2, 2, false],
    ]);
    expect(drops.get('incomplete')).toBe(2);
  });

  it('18: ignores acknowledgements of strangers, of what was never sent, and in bad bytes', () => {
    const { send, left, acknowledge, drops, layer, time } = create();
    acknowledge(5, {}, 99);
    expect(drops.get('not-a-member')).toBe(1);
    send(2, 2);
    left();
    acknowledge(3);
    layer.up!([new Message(Kind.unicastAck, 2, 1, Buffer.of(1, 2, 3))]);
    expect(drops.get('malformed')).toBe(2);
    time.run(100);
    expect(seqs(left())).toEqual([1, 2]);
  });
});

describe('reliable unicast, receiving', () => {
  it('delivers in order, and once', () => {
    const { receive, up, drops } = create();
    for (const seq of [1, 3, 2, 3, 2, 5, 4, 1]) receive(seq);
    expect(seqs(up)).toEqual([1, 2, 3, 4, 5]);
    expect(drops.get('duplicate')).toBe(3);
  });

  it('acknowledges after a while, all that came together', () => {
    const { receive, acks, time } = create();
    for (const seq of [1, 2, 3]) receive(seq);
    expect(acks()).toEqual([]);
    time.run(2);
    expect(acks()).toMatchObject([{ connection: 5, upTo: 3, seen: 3, latest: 3, held: 2, missing: [] }]);
    time.run(1000);
    expect(acks()).toEqual([]);
  });

  it('acknowledges at once when much has come', () => {
    const { receive, acks } = create();
    for (let seq = 1; seq <= 20; seq++) receive(seq, {}, maxBody);
    expect(acks()).toMatchObject([{ upTo: 16 }]);
  });

  it('tells at once of a gap, and when it is filled', () => {
    const { receive, acks } = create();
    receive(1);
    receive(4);
    receive(6);
    expect(acks().at(-1)).toMatchObject({
      upTo: 1,
      seen: 6,
      missing: [
        { from: 2, count: 2 },
        { from: 5, count: 1 },
      ],
    });
    receive(2);
    receive(3);
    expect(acks().at(-1)).toMatchObject({ upTo: 4, seen: 6, missing: [{ from: 5, count: 1 }] });
  });

  it('17: names as many gaps as fit, and claims nothing of what is behind them', () => {
    const { receive, acks } = create();
    for (let seq = 2; seq <= 400; seq += 2) receive(seq);
    const ack = acks().at(-1)!;
    expect(ack.missing).toHaveLength(mostRanges);
    expect(ack.seen).toBe(2 * mostRanges);
  });

  it('sends an acknowledgement that has waited along with an answer', () => {
    const { receive, send, down, time } = create();
    receive(1);
    time.run(1);
    send(2);
    expect(down.map(({ kind }) => kind)).toEqual([Kind.unicastAck, Kind.channel]);
    time.run(10);
    expect(down).toHaveLength(2);
  });

  it('acknowledges before it ends', () => {
    const { receive, acks, layer, up, drops } = create();
    receive(1);
    layer.on!({ type: 'end', reason: 'left' });
    expect(acks()).toMatchObject([{ upTo: 1 }]);
    receive(2);
    expect(seqs(up)).toEqual([1]);
    expect(drops.get('not-a-member')).toBe(1);
  });

  it('takes a later connection for the sender beginning anew, and nothing of an earlier one', () => {
    const { receive, up, drops } = create();
    receive(1);
    receive(3);
    receive(1, { connection: 8 });
    expect(drops.get('incomplete')).toBe(1);
    receive(2);
    expect(drops.get('duplicate')).toBe(1);
    receive(2, { connection: 8 });
    expect(up.map(({ connection, seq }) => [connection, seq])).toEqual([
      [5, 1],
      [8, 1],
      [8, 2],
    ]);
  });

  it('asks for the beginning of a connection of which it sees the middle', () => {
    const { receive, acks, up } = create();
    receive(100);
    expect(acks()).toMatchObject([{ upTo: 0, seen: 100, missing: [{ from: 1, count: 99 }] }]);
    receive(1_000_000, { sender: 3 });
    // Too far ahead to be kept; the sender sees that everything is missing.
    expect(acks()).toMatchObject([{ upTo: 0, seen: 0, missing: [] }]);
    expect(up).toEqual([]);
  });

  it('bounds what a member may have arriving out of order', () => {
    const { receive, up, drops } = create();
    for (let seq = 2; seq < 10_002; seq++) receive(seq, {}, maxBody);
    expect(drops.get('too-far-ahead')).toBeGreaterThan(1000);
    receive(1);
    expect(up.length).toBeGreaterThan(5000);
  });

  it('lets strangers hold little, and only so many of them', () => {
    const { receive, drops, up, time } = create();
    for (let seq = 2; seq < 100; seq++) receive(seq, { sender: 1000 }, maxBody);
    expect(drops.get('too-far-ahead')).toBeGreaterThan(30);
    for (let sender = 1001; sender < 1400; sender++) receive(1, { sender });
    expect(up).toHaveLength(255);
    expect(drops.get('flood')).toBe(399 - 255);
    receive(1, { sender: 3 });
    expect(up).toHaveLength(256);
    time.run(200_000);
    receive(1, { sender: 5000 });
    expect(up).toHaveLength(257);
  });

  it('drops what is for another member, such as one that was here before', () => {
    const { receive, up, drops } = create();
    receive(1, { target: 4 });
    receive(0);
    expect(up).toEqual([]);
    expect(drops.get('not-a-member')).toBe(1);
    expect(drops.get('malformed')).toBe(1);
  });

  it('refuses windows that are none', () => {
    expect(() => reliableUnicast({ windowBytes: -1 })).toThrow('windowBytes of reliable unicast is -1');
  });
});
