import { describe, expect, test } from 'vitest';
import { everyone, type MemberId } from '../../../runtime/src/group/member.js';
import { type Batch, Kind, Message, multicast, Order } from '../../../runtime/src/group/message.js';
import { reliableMulticast } from '../../../runtime/src/group/reliable/multicast.js';
import { writeHighest, writeStability } from '../../../runtime/src/group/reliable/multicast-frames.js';
import type { MulticastService } from '../../../runtime/src/group/services.js';
import { FakeTime, type Harness, harness, seeded, viewEvent } from './layer-support.js';

const viewId = { counter: 1, creator: 1 };

/** Members 1 to n, each with the layer alone, on a wire that takes a millisecond. */
class Wire {
  readonly time = new FakeTime();
  readonly members = new Map<MemberId, Harness>();
  readonly delivered = new Map<MemberId, string[]>();
  /** How many packets of each kind were sent. */
  readonly sent = new Map<Kind, number>();
  /** True: it does not arrive. */
  loses: (message: Message, to: MemberId, from: MemberId) => boolean = () => false;
  delay: (message: Message) => number = () => 1;

  constructor(size: number) {
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    for (const id of ids) {
      const delivered: string[] = [];
      this.delivered.set(id, delivered);
      const member = harness(reliableMulticast(), {
        time: this.time,
        id,
        random: seeded(id),
        services: { transport: { maxBody: 1000, places: [] } },
        onUp: batch => {
          for (const message of batch) {
            delivered.push(`${message.sender}:${Buffer.from(message.body)}`);
            this.serviceOf(id).consumed(message);
          }
        },
        onDown: batch => this.carry(id, batch),
      });
      this.members.set(id, member);
    }
    for (const { layer } of this.members.values()) layer.on!(viewEvent(1, ...ids));
  }

  serviceOf(id: MemberId): MulticastService {
    return this.members.get(id)!.services.multicast;
  }

  send(from: MemberId, ...texts: readonly string[]): void {
    const batch = texts.map(text => multicast(Kind.channel, from, Buffer.from(text), Order.fifo));
    this.members.get(from)!.layer.down!(batch);
  }

  private carry(from: MemberId, batch: Batch): void {
    for (const message of batch) {
      this.sent.set(message.kind, (this.sent.get(message.kind) ?? 0) + 1);
      for (const [to, { layer }] of this.members) {
        if (to === from || (message.target !== everyone && message.target !== to)) continue;
        if (this.loses(message, to, from)) continue;
        this.time.after(this.delay(message), () => layer.up!([packet(message, from)]));
      }
    }
  }
}

/** As it comes out of a packet: another object, with the sender that the packet names. */
function packet(message: Message, from: MemberId): Message {
  const sender = message.view === undefined ? from : message.sender;
  return Object.assign(new Message(message.kind, sender, message.target, message.body), {
    ...message,
    sender,
    from,
  });
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`);
const of = (sender: MemberId, texts: readonly string[]): string[] => texts.map(text => `${sender}:${text}`);

describe('reliable multicast', () => {
  test('brings messages to all members, the sender included, and keeps nothing afterwards', () => {
    const wire = new Wire(3);
    wire.send(1, 'a', 'b');
    wire.time.run(1000);
    for (const delivered of wire.delivered.values()) expect(delivered).toEqual(['1:a', '1:b']);
    for (const id of [1, 2, 3]) expect(wire.serviceOf(id).buffered).toBe(0);
    expect(wire.serviceOf(1).taken).toBe(2);
  });

  test('asks for what is missing, and delivers it in its place', () => {
    const wire = new Wire(3);
    let lost = 0;
    wire.loses = (message, to) =>
      message.kind === Kind.channel && message.seq === 2 && to === 3 && lost++ === 0;
    wire.send(1, 'a', 'b', 'c');
    wire.time.run(1000);
    expect(wire.delivered.get(3)).toEqual(['1:a', '1:b', '1:c']);
    expect(wire.sent.get(Kind.missing)).toBe(1);
  });

  test('repairs a lost last message although nothing follows it', () => {
    const wire = new Wire(2);
    let lost = 0;
    wire.loses = message => (message.kind === Kind.channel || message.kind === Kind.highest) && lost++ < 2;
    wire.send(1, 'last');
    wire.time.run(1000);
    expect(wire.delivered.get(2)).toEqual(['1:last']);
  });

  test('counts a doubled message, and delivers it once', () => {
    const wire = new Wire(2);
    wire.send(1, 'a');
    wire.time.run(5);
    const again = multicast(Kind.channel, 1, Buffer.from('a'), Order.fifo);
    again.view = viewId;
    again.seq = 1;
    wire.members.get(2)!.layer.up!([again]);
    expect(wire.delivered.get(2)).toEqual(['1:a']);
    expect(wire.members.get(2)!.drops.get('duplicate')).toBe(1);
  });

  test('asks for nothing when messages only change places', () => {
    const wire = new Wire(4);
    wire.delay = message => (message.seq % 2 === 1 ? 1.9 : 1);
    wire.send(1, ...numbered(100));
    wire.time.run(1000);
    for (const delivered of wire.delivered.values()) expect(delivered).toEqual(of(1, numbered(100)));
    expect(wire.sent.get(Kind.missing)).toBeUndefined();
  });

  test('asks again for a gap that one request cannot name', () => {
    const wire = new Wire(2);
    const texts = numbered(400);
    const lost = new Set<number>();
    wire.loses = ({ kind, seq }) => {
      if (kind !== Kind.channel || seq % 2 === 0 || lost.has(seq)) return false;
      lost.add(seq);
      return true;
    };
    wire.send(1, ...texts);
    wire.time.run(5000);
    expect(wire.delivered.get(2)).toEqual(of(1, texts));
    expect(wire.sent.get(Kind.missing)).toBeGreaterThan(1);
  });

  test('any member fills in for a sender that is gone', () => {
    const wire = new Wire(3);
    wire.loses = (_, to, from) => from === 1 && to === 3;
    wire.send(1, 'a', 'b');
    wire.time.run(3);
    // Nothing of the sender arrives anywhere any more.
    wire.loses = (_, __, from) => from === 1;
    wire.members.delete(1);
    wire.time.run(3000);
    expect(wire.delivered.get(3)).toEqual(['1:a', '1:b']);
  });

  test('an acknowledgement of somebody who is not in the view changes nothing', () => {
    const wire = new Wire(2);
    wire.loses = () => true;
    wire.send(1, 'a');
    const { layer, drops } = wire.members.get(1)!;
    const body = writeStability({ view: viewId, ask: false, entries: [{ sender: 0, held: 1, taken: 1 }] });
    layer.up!([new Message(Kind.stability, 99, everyone, body)]);
    expect(wire.serviceOf(1).buffered).toBe(1);
    expect(drops.get('other-view')).toBe(1);
  });

  test.each([
    ['too short', Buffer.from([1, 2, 3])],
    [
      'of a rank that nobody has',
      writeStability({ view: viewId, ask: false, entries: [{ sender: 7, held: 1, taken: 0 }] }),
    ],
    [
      'of more than was sent',
      writeStability({ view: viewId, ask: false, entries: [{ sender: 0, held: 9, taken: 0 }] }),
    ],
  ])('counts an acknowledgement that is %s', (_, body) => {
    const wire = new Wire(2);
    const { layer, drops } = wire.members.get(1)!;
    layer.up!([new Message(Kind.stability, 2, everyone, body)]);
    expect(drops.get('malformed')).toBe(1);
  });

  test('keeps what is of a view that comes later, and hands it up then', () => {
    const wire = new Wire(2);
    const { layer, drops } = wire.members.get(2)!;
    const early = multicast(Kind.channel, 1, Buffer.from('early'), Order.fifo);
    early.view = { counter: 2, creator: 1 };
    early.seq = 1;
    const late = multicast(Kind.channel, 1, Buffer.from('late'), Order.fifo);
    late.view = { counter: 0, creator: 1 };
    late.seq = 1;
    layer.up!([early, late]);
    expect(wire.delivered.get(2)).toEqual([]);
    layer.on!(viewEvent(2, 1, 2));
    wire.time.run(1);
    expect(wire.delivered.get(2)).toEqual(['1:early']);
    expect(drops.get('other-view')).toBe(1);
  });

  test('frozen, takes nothing but what is fetched, up to the cut', () => {
    const wire = new Wire(3);
    // Member 3 hears nothing of member 1; member 2 has 1 to 3, and 4 arrives after it has told so.
    wire.loses = (_, to, from) => from === 1 && to === 3;
    wire.send(1, '1', '2', '3');
    wire.time.run(2);
    for (const id of [2, 3]) wire.serviceOf(id).freeze();
    expect(wire.serviceOf(2).received()).toEqual([3, 0, 0]);
    wire.send(1, '4');
    let done = 0;
    for (const id of [2, 3]) wire.serviceOf(id).fetch([3, 0, 0], [2, 2, 3], () => done++);
    wire.time.run(500);
    expect(done).toBe(2);
    for (const id of [2, 3]) expect(wire.delivered.get(id)).toEqual(['1:1', '1:2', '1:3']);
  });

  test('what a frozen member sends is lost, and counted', () => {
    const wire = new Wire(2);
    wire.serviceOf(1).freeze();
    wire.send(1, 'a');
    wire.time.run(100);
    expect(wire.delivered.get(2)).toEqual([]);
    expect(wire.members.get(1)!.drops.get('other-view')).toBe(1);
  });

  test('tells when more is held, while somebody wants to know', () => {
    const wire = new Wire(2);
    wire.serviceOf(1).watched = true;
    wire.send(1, 'a');
    wire.time.run(100);
    expect(wire.members.get(1)!.raised.filter(({ type }) => type === 'held')).toHaveLength(1);
    expect(wire.serviceOf(1).acknowledged(1)).toEqual([1, 0]);
  });

  test.each([0.05, 0.3])('brings everything to everyone over a wire that loses %d of all packets', share => {
    for (let seed = 1; seed <= 10; seed++) {
      const wire = new Wire(4);
      const random = seeded(seed);
      wire.loses = () => random.next() < share;
      wire.delay = () => 1 + random.next() * 5;
      const texts = numbered(60);
      for (const id of [1, 2, 3, 4]) wire.send(id, ...texts);
      wire.time.run(60_000);
      for (const delivered of wire.delivered.values()) {
        for (const id of [1, 2, 3, 4]) {
          expect(delivered.filter(each => each.startsWith(`${id}:`))).toEqual(of(id, texts));
        }
      }
      for (const id of [1, 2, 3, 4]) expect(wire.serviceOf(id).buffered).toBe(0);
    }
  });

  test('learns of what it lacks from how far a sender got', () => {
    const wire = new Wire(2);
    const { layer } = wire.members.get(2)!;
    layer.up!([new Message(Kind.highest, 1, everyone, writeHighest({ view: viewId, seq: 3 }))]);
    wire.time.run(50);
    expect(wire.sent.get(Kind.missing)).toBeGreaterThan(0);
  });
});
