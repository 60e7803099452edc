import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Kind, type Message, multicast, Order } from '../../../runtime/src/group/message.js';
import { Delivery } from '../../../runtime/src/group/order/delivery.js';
import { ordering } from '../../../runtime/src/group/order/order.js';
import { readOrder, writeOrder } from '../../../runtime/src/group/order/order-frames.js';
import { Sequencer } from '../../../runtime/src/group/order/sequencer.js';
import { FakeTime, harness, seeded, viewEvent } from './layer-support.js';

const nobody = () => false;

function message(sender: number, seq: number, order: Order, vector?: readonly number[]): Message {
  const made = multicast(Kind.channel, sender + 1, Buffer.from(`${sender}.${seq}`), order);
  made.seq = seq;
  made.vector = vector;
  made.view = { counter: 1, creator: 1 };
  return made;
}

const names = (messages: readonly Message[]): string[] =>
  messages.map(({ body }) => Buffer.from(body).toString());

/** Adds messages as they come, and gives the order of delivery. */
function deliver(delivery: Delivery, messages: readonly (readonly [sender: number, Message])[]): string[] {
  const ready: Message[] = [];
  for (const [sender, each] of messages) {
    if (delivery.add(sender, each)) ready.push(each);
    delivery.advance(ready);
  }
  return names(ready);
}

describe('delivery', () => {
  test('fifo: at once', () => {
    expect(
      deliver(new Delivery(2, nobody), [
        [0, message(0, 1, Order.fifo)],
        [0, message(0, 2, Order.fifo)],
      ]),
    ).toEqual(['0.1', '0.2']);
  });

  test('the causal triangle: what was sent upon a message comes after it, however fast it travels', () => {
    const question = message(0, 1, Order.causal, [0, 0, 0]);
    const answer = message(1, 1, Order.causal, [1, 0, 0]);
    expect(
      deliver(new Delivery(3, nobody), [
        [1, answer],
        [0, question],
      ]),
    ).toEqual(['0.1', '1.1']);
  });

  test('a fifo message waits behind a total one of its sender that has no place yet', () => {
    const delivery = new Delivery(2, nobody);
    const ready: Message[] = [];
    for (const each of [message(1, 1, Order.total), message(1, 2, Order.fifo)]) delivery.add(1, each);
    delivery.advance(ready);
    expect(names(ready)).toEqual([]);
    delivery.order([{ sender: 1, first: 1, count: 1 }], 1);
    delivery.advance(ready);
    expect(names(ready)).toEqual(['1.1', '1.2']);
  });

  test('total: in the order of the places, whatever came first', () => {
    const delivery = new Delivery(3, nobody);
    delivery.order(
      [
        { sender: 2, first: 1, count: 1 },
        { sender: 1, first: 1, count: 2 },
      ],
      1,
    );
    expect(
      deliver(delivery, [
        [1, message(1, 1, Order.total)],
        [1, message(1, 2, Order.total)],
        [2, message(2, 1, Order.total)],
      ]),
    ).toEqual(['2.1', '1.1', '1.2']);
  });

  test('safe: only when a majority holds the message and its place', () => {
    let held = 0;
    const delivery = new Delivery(3, (_, seq) => seq <= held);
    const safe = message(1, 5, Order.total);
    safe.safe = true;
    delivery.order([{ sender: 1, first: 5, count: 1 }], 6);
    expect(deliver(delivery, [[1, safe]])).toEqual([]);
    expect(delivery.waitsForMajority).toBe(true);
    const ready: Message[] = [];
    held = 5;
    delivery.advance(ready);
    expect(ready).toEqual([]);
    held = 6;
    delivery.advance(ready);
    expect(names(ready)).toEqual(['1.5']);
    expect(delivery.waitsForMajority).toBe(false);
  });

  test('at the end of a view: the ordered ones that are here, then the rest by rank and number', () => {
    const delivery = new Delivery(3, nobody);
    delivery.order(
      [
        { sender: 2, first: 1, count: 1 },
        { sender: 0, first: 9, count: 1 },
      ],
      1,
    );
    for (const [sender, seq] of [
      [1, 1],
      [2, 1],
      [1, 2],
      [0, 1],
    ] as const)
      delivery.add(sender, message(sender, seq, Order.total));
    const ready: Message[] = [];
    expect(delivery.finish(ready)).toBe(0);
    expect(names(ready)).toEqual(['2.1', '0.1', '1.1', '1.2']);
  });

  test('at the end of a view: a message whose predecessor did not survive is dropped, and what its sender sent after it', () => {
    const delivery = new Delivery(3, nobody);
    delivery.add(1, message(1, 1, Order.causal, [0, 0, 1]));
    delivery.add(1, message(1, 2, Order.fifo));
    delivery.add(0, message(0, 1, Order.total));
    const ready: Message[] = [];
    expect(delivery.finish(ready)).toBe(2);
    expect(names(ready)).toEqual(['0.1']);
  });
});

describe('the sequencer', () => {
  test('gives no place to what causally follows something that it lacks', () => {
    const sequencer = new Sequencer(3);
    sequencer.add(1, message(1, 1, Order.causal, [0, 0, 1]));
    sequencer.add(1, message(1, 2, Order.total));
    expect(sequencer.take()).toBeUndefined();
    sequencer.add(2, message(2, 1, Order.total));
    expect(sequencer.take()?.runs).toEqual([
      { sender: 2, first: 1, count: 1 },
      { sender: 1, first: 2, count: 1 },
    ]);
  });

  test('names messages of one sender that follow each other in one run', () => {
    const sequencer = new Sequencer(2);
    for (let seq = 1; seq <= 5; seq++) sequencer.add(1, message(1, seq, Order.total));
    expect(sequencer.take()?.runs).toEqual([{ sender: 1, first: 1, count: 5 }]);
  });
});

test('orders are read as they were written', () => {
  const runs = [
    { sender: 3, first: 7, count: 2 },
    { sender: 0, first: 1, count: 65_535 },
  ];
  expect(readOrder(writeOrder(runs))).toEqual(runs);
});

/**
 * Three members who send in each order. Each receives the same messages, each sender's in its order, and otherwise as it
 * comes; member 0 orders. Some stop in the middle: the view ends, and all have the same.
 */
test('all members deliver totally ordered messages in one order, and causes before effects', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, count) => {
      const random = seeded(seed);
      const members = 3;
      const pick = (below: number): number => Math.floor(random.next() * below);
      const deliveries = Array.from({ length: members }, () => new Delivery(members, () => true));
      const logs: Message[][] = deliveries.map(() => []);
      const sequencer = new Sequencer(members);
      /** By receiver, by sender: what is on its way, in order. */
      const wires: Message[][][] = deliveries.map(() => deliveries.map(() => []));
      const sent = new Array<number>(members).fill(0);
      let orders = 0;

      const receive = (receiver: number, sender: number): void => {
        const next = wires[receiver]![sender]!.shift();
        if (next === undefined) return;
        const delivery = deliveries[receiver]!;
        const log = logs[receiver]!;
        if (next.kind === Kind.order) delivery.order(readOrder(next.body), next.seq);
        if (receiver === 0) sequencer.add(sender, next);
        if (delivery.add(sender, next) && next.kind !== Kind.order) log.push(next);
        delivery.advance(log);
      };
      const send = (sender: number, made: Message): void => {
        for (const wire of wires) wire[sender]!.push(made);
        receive(sender, sender);
      };
      for (let step = 0; step < count * 6; step++) {
        if (step < count) {
          const sender = pick(members);
          const order = [Order.fifo, Order.causal, Order.total][pick(3)]!;
          send(sender, message(sender, ++sent[sender]!, order, [...deliveries[sender]!.delivered]));
        }
        receive(pick(members), pick(members));
        const taken = random.next() < 0.5 ? sequencer.take() : undefined;
        if (taken !== undefined) {
          const order = multicast(Kind.order, 1, writeOrder(taken.runs), Order.fifo);
          order.seq = ++sent[0]!;
          orders++;
          send(0, order);
        }
      }
      // The view ends: whatever is on its way arrives, and nothing is ordered any more.
      for (let receiver = 0; receiver < members; receiver++) {
        for (let sender = 0; sender < members; sender++)
          while (wires[receiver]![sender]!.length > 0) receive(receiver, sender);
      }
      deliveries.forEach((delivery, index) => {
        expect(delivery.finish(logs[index]!)).toBe(0);
      });

      const total = (log: readonly Message[]) => names(log.filter(({ order }) => order === Order.total));
      for (const log of logs) {
        expect(log).toHaveLength(sent.reduce((sum, each) => sum + each, 0) - orders);
        expect(total(log)).toEqual(total(logs[0]!));
        const seen = new Array<number>(members).fill(0);
        for (const each of log) {
          const sender = each.sender - 1;
          expect(each.seq).toBeGreaterThan(seen[sender]!);
          if (each.order === Order.causal) {
            const early = each.vector!.findIndex(
              (needed, rank) =>
                rank !== sender &&
                log.some(
                  other =>
                    other.sender - 1 === rank &&
                    other.seq <= needed &&
                    !log.slice(0, log.indexOf(each)).includes(other),
                ),
            );
            expect(early).toBe(-1);
          }
          seen[sender] = each.seq;
        }
      }
    }),
    { numRuns: 200 },
  );
});

describe('the layer', () => {
  const start = (id: number) => {
    const time = new FakeTime();
    const multicastService = {
      acknowledged: () => [0, 0],
      acknowledge() {},
      consumed() {},
      watched: false,
    };
    const member = harness(ordering(), {
      time,
      id,
      services: { transport: { maxBody: 1000, places: [] }, multicast: multicastService, membership: {} },
    });
    member.layer.on!(viewEvent(1, 1, 2));
    return { time, ...member, multicastService };
  };

  test('the first member sends the places of what it receives in one turn, and nothing while the view ends', () => {
    const { time, layer, down } = start(1);
    layer.up!([message(1, 1, Order.total), message(1, 2, Order.total)]);
    time.run(1);
    expect(down).toHaveLength(1);
    expect(readOrder(down[0]!.body)).toEqual([{ sender: 1, first: 1, count: 2 }]);
    layer.on!({ type: 'block' });
    layer.up!([message(1, 3, Order.total)]);
    time.run(2);
    expect(down).toHaveLength(1);
  });

  test('places that another member gives do not count', () => {
    const { layer, up, drops } = start(1);
    const order = multicast(Kind.order, 2, writeOrder([{ sender: 1, first: 1, count: 1 }]), Order.fifo);
    order.view = { counter: 1, creator: 1 };
    order.seq = 1;
    layer.up!([order]);
    expect(drops.get('forged')).toBe(1);
    expect(up).toEqual([]);
  });

  test('a causal message carries what its sender has delivered', () => {
    const { layer, down } = start(2);
    layer.up!([message(0, 1, Order.fifo)]);
    layer.down!([message(1, 0, Order.causal)]);
    expect(down[0]!.vector).toEqual([1, 0]);
  });
});
