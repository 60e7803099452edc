import { describe, expect, it } from 'vitest';
import { type FragmentationOptions, fragmentation } from '../../../runtime/src/group/fragmentation.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message, multicast, Order, unicast } from '../../../runtime/src/group/message.js';
import { FakeTime, harness, seeded, viewEvent } from './layer-support.js';

const maxBody = 10;

function create(options: FragmentationOptions = {}) {
  const time = new FakeTime();
  const consumed: Message[] = [];
  const services = {
    transport: { maxBody },
    multicast: { consumed: (message: Message) => void consumed.push(message) },
  };
  const made = harness(fragmentation(options), { time, services });
  made.layer.on!(viewEvent(1, 1, 2, 3));
  return { ...made, time, consumed };
}

const bytes = (length: number, seed = 1): Uint8Array => seeded(seed).bytes(length);

/** As they arrive from a member: each with its number, and as an object of its own. */
function arriving(sent: readonly Message[], sender: number, firstSeq = 1, connection = 0): Message[] {
  return sent.map((message, index) => {
    const { kind, target, body, reliable, order, safe, more, nested, vector } = message;
    const view = target === everyone ? { counter: 1, creator: 1 } : undefined;
    const copy = new Message(kind, sender, target, body);
    const seq = firstSeq + index;
    return Object.assign(copy, { reliable, order, safe, more, nested, vector, view, seq, connection });
  });
}

function split(message: Message): Message[] {
  const { layer, down } = create();
  layer.down!([message]);
  return down;
}

const long = (length: number, order: Order = Order.fifo, seed = 1): Message =>
  multicast(Kind.channel, 1, bytes(length, seed), order);

describe('fragmentation', () => {
  it('passes on what fits, as it is', () => {
    const { layer, up, down } = create();
    const sent = long(maxBody);
    layer.down!([sent]);
    expect(down).toEqual([sent]);
    const [received] = arriving(down, 2);
    layer.up!([received!]);
    expect(up[0]).toBe(received);
  });

  it('splits what is longer, all but the last with `more`', () => {
    const fragments = split(long(25));
    expect(fragments.map(({ body, more }) => [body.length, more])).toEqual([
      [10, true],
      [10, true],
      [5, false],
    ]);
    expect(split(long(20)).map(({ more }) => more)).toEqual([true, false]);
  });

  it('puts together, under the number and with all else of the last fragment', () => {
    const sent = long(25, Order.causal);
    Object.assign(sent, { safe: true, nested: true, vector: [1, 2, 3] });
    const { layer, up, consumed } = create();
    const fragments = arriving(split(sent), 2, 7);
    layer.up!(fragments.slice(0, 1));
    expect(up).toEqual([]);
    layer.up!(fragments.slice(1));
    expect(up).toHaveLength(1);
    const [whole] = up as [Message];
    expect(whole.body).toEqual(Buffer.from(sent.body));
    expect(whole).toMatchObject({ kind: Kind.channel, sender: 2, target: everyone, seq: 9, more: false });
    expect(whole).toMatchObject({ order: Order.causal, safe: true, nested: true, vector: [1, 2, 3] });
    expect(whole.view).toEqual({ counter: 1, creator: 1 });
    // The last one is consumed by the application, with the message.
    expect(consumed).toEqual(fragments.slice(0, 2));
  });

  it('leaves the last fragment as it is, which others may still ask for', () => {
    const { layer } = create();
    const fragments = arriving(split(long(25)), 2);
    layer.up!(fragments);
    expect(fragments.map(({ body }) => body.length)).toEqual([10, 10, 5]);
  });

  it('33: keeps a message behind fragments in its place, and members apart', () => {
    const { layer, up } = create();
    const one = arriving([...split(long(25)), long(3)], 2);
    const other = arriving([...split(long(15, Order.fifo, 2)), long(4)], 3);
    layer.up!([one[0]!]);
    layer.up!([other[0]!]);
    layer.up!([one[1]!, one[2]!, one[3]!]);
    layer.up!([other[1]!, other[2]!]);
    expect(up.map(({ sender, body }) => [sender, body.length])).toEqual([
      [2, 25],
      [2, 3],
      [3, 15],
      [3, 4],
    ]);
  });

  it('lets nested messages and those of other kinds pass between fragments', () => {
    const { layer, up } = create();
    const fragments = arriving(split(long(25)), 2);
    const nested = Object.assign(long(14, Order.fifo, 3), { nested: true });
    const order = multicast(Kind.order, 2, bytes(2), Order.fifo);
    layer.up!([fragments[0]!, ...arriving(split(nested), 2), ...arriving([order], 2), ...fragments.slice(1)]);
    expect(up.map(({ kind, body }) => [kind, body.length])).toEqual([
      [Kind.channel, 14],
      [Kind.order, 2],
      [Kind.channel, 25],
    ]);
  });

  it('drops what a view change has cut off', () => {
    const { layer, up, drops } = create();
    layer.up!(arriving(split(long(25)), 2).slice(0, 2));
    layer.on!(viewEvent(2, 1, 3));
    expect(drops.get('incomplete')).toBe(1);
    layer.up!(arriving([long(3)], 2));
    expect(up.map(({ body }) => body.length)).toEqual([3]);
  });

  it('puts unicasts together through a view change, but not those of who is gone or of another connection', () => {
    const { layer, up, drops } = create();
    const sent = split(unicast(Kind.reply, 2, 1, bytes(25)));
    const from = (sender: number, connection: number) => arriving(sent, sender, 1, connection);
    layer.up!([from(2, 5)[0]!]);
    layer.up!([from(3, 6)[0]!]);
    layer.on!(viewEvent(2, 1, 2));
    expect(drops.get('incomplete')).toBe(1);
    layer.up!(from(2, 5).slice(1));
    expect(up.map(({ body }) => body.length)).toEqual([25]);

    layer.up!([from(2, 5)[0]!]);
    layer.up!(from(2, 9));
    expect(up.map(({ body }) => body.length)).toEqual([25, 25]);
    expect(drops.get('incomplete')).toBe(2);
  });

  it('refuses to send what is too long, and says what fits', () => {
    const { layer, down } = create({ longest: 30 });
    expect(() => layer.down!([long(31)])).toThrow(
      new RangeError('a message of 31 bytes is too long; the group takes up to 30: send it in pieces'),
    );
    const once = new Message(Kind.call, 1, everyone, bytes(11));
    expect(() => layer.down!([once])).toThrow('a maybe call must fit one packet of 10 bytes');
    expect(down).toEqual([]);
  });

  it('drops what arrives and is too long, and goes on with the next', () => {
    const { layer, up, drops, consumed } = create({ longest: 30 });
    layer.up!(arriving([...split(long(55)), long(3)], 2));
    expect(up.map(({ body }) => body.length)).toEqual([3]);
    expect(drops.get('overflow')).toBe(1);
    // Nobody above does it for the last one.
    expect(consumed).toHaveLength(6);
  });

  it('bounds what it holds of all members together, and has it all again when they are whole', () => {
    const { layer, up, drops } = create({ longest: 30, unfinished: 35 });
    for (let round = 0; round < 3; round++) {
      layer.up!(arriving(split(long(30)), 2).slice(0, 2));
      layer.up!(arriving(split(long(30)), 3).slice(0, 2));
      expect(drops.get('overflow')).toBe(round + 1);
      layer.up!(arriving(split(long(30)), 2).slice(2));
      layer.up!(arriving(split(long(30)), 3).slice(2));
      expect(up).toHaveLength(round + 1);
    }
  });

  it('lets strangers hold no more than one message, and not for long', () => {
    const { layer, up, drops, time } = create({ longest: 30 });
    const piece = (sender: number) =>
      arriving(split(unicast(Kind.reply, sender, 1, bytes(25))), sender, 1, 1);
    for (const sender of [10, 11]) layer.up!(piece(sender).slice(0, 2));
    expect(drops.get('overflow')).toBe(1);
    time.run(200_000);
    expect(drops.get('incomplete')).toBe(2);
    layer.up!(piece(12));
    expect(up.map(({ sender, body }) => [sender, body.length])).toEqual([[12, 25]]);
  });

  it('refuses lengths that are none', () => {
    expect(() => fragmentation({ longest: 0 })).toThrow('longest of fragmentation is 0');
    expect(() => fragmentation({ unfinished: 1.5 })).toThrow('unfinished of fragmentation is 1.5');
  });
});
