import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../runtime/src/group/layer.js';
import { Kind, Message, unicast } from '../../../runtime/src/group/message.js';
import { reliableUnicast } from '../../../runtime/src/group/reliable/unicast.js';
import { FakeTime, type Harness, harness, seeded, viewEvent } from './layer-support.js';

const maxBody = 1000;

interface WireOptions {
  readonly loss: number;
  readonly duplicate: number;
  readonly latency: readonly [least: number, most: number];
}

/** What a transport makes of a message: another object with the same contents. */
function copyOf(message: Message): Message {
  const { kind, sender, target, body, reliable, more, seq, connection } = message;
  return Object.assign(new Message(kind, sender, target, Uint8Array.from(body)), {
    reliable,
    more,
    seq,
    connection,
  });
}

/** Two members, and a wire between them that does what wires do. */
function pair(seed: number, wire: WireOptions) {
  const time = new FakeTime();
  const random = seeded(seed);
  const [least, most] = wire.latency;
  let packets = 0;
  const at: Layer[] = [];
  const send = (to: number, batch: readonly Message[]): void => {
    packets++;
    const copies = 1 + Number(random.next() < wire.duplicate);
    for (let copy = 0; copy < copies; copy++) {
      if (random.next() < wire.loss) continue;
      const received = batch.map(copyOf);
      time.after(least + random.next() * (most - least), () => at[to]!.up!(received));
    }
  };
  const ends: Harness[] = [1, 2].map(id =>
    harness(reliableUnicast(), {
      time,
      random,
      id,
      services: { transport: { maxBody } },
      onDown: batch => send(2 - id, batch),
    }),
  );
  const [one, two] = ends as [Harness, Harness];
  at.push(one.layer, two.layer);
  for (const { layer } of ends) layer.on!(viewEvent(1, 1, 2));
  return { time, random, one, two, packets: () => packets };
}

function numbered(from: number, to: number, number: number, length = 4): Message {
  const body = Buffer.alloc(length);
  body.writeUInt32BE(number);
  return unicast(Kind.channel, from, to, body);
}

const numbers = (end: Harness): number[] => end.up.map(({ body }) => Buffer.from(body).readUInt32BE());

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('reliable unicast over a bad wire', () => {
  const seeds = Array.from({ length: 30 }, (_, index) => index + 1);
  it.each(seeds)('delivers once and in order, both ways, and then falls silent: seed %i', seed => {
    const wire = {
      loss: (seed % 4) * 0.1,
      duplicate: (seed % 3) * 0.15,
      latency: [0.05, seed % 20],
    } as const;
    const { time, random, one, two, packets } = pair(seed, wire);
    const count = 300;
    for (let number = 0; number < count; number++) {
      time.after(random.next() * 200, () => {
        const length = 4 + Math.floor(random.next() * (maxBody - 4));
        one.layer.down!([numbered(1, 2, sentByOne++, length)]);
        two.layer.down!([numbered(2, 1, sentByTwo++, length)]);
      });
    }
    let sentByOne = 0;
    let sentByTwo = 0;
    time.run(60_000);
    expect(numbers(two)).toEqual(upTo(count));
    expect(numbers(one)).toEqual(upTo(count));
    const before = packets();
    time.run(120_000);
    expect(packets()).toBe(before);
  });

  it.each(seeds.slice(0, 12))('goes on where the receiver has forgotten the connection: seed %i', seed => {
    const { time, one, two } = pair(seed, { loss: 0.15, duplicate: 0.1, latency: [0.1, 8] });
    // The receiver is in another view by itself, and hears nothing for so long that it forgets.
    two.layer.on!(viewEvent(2, 2));
    for (let number = 0; number < 100; number++) one.layer.down!([numbered(1, 2, number)]);
    time.run(30_000);
    expect(numbers(two)).toEqual(upTo(100));
    time.run(300_000);
    for (let number = 100; number < 200; number++) one.layer.down!([numbered(1, 2, number)]);
    time.run(330_000);
    expect(numbers(two)).toEqual(upTo(200));
  });

  it.each(seeds.slice(0, 12))('after exclusion and merge, begins anew in the middle: seed %i', seed => {
    const { time, random, one, two } = pair(seed, { loss: 0.2, duplicate: 0.2, latency: [0.1, 10] });
    for (let number = 0; number < 200; number++) {
      time.after(random.next() * 20, () => one.layer.down!([numbered(1, 2, before++)]));
    }
    let before = 0;
    time.run(15);
    one.layer.on!(viewEvent(2, 1));
    time.run(20);
    const sent = before;
    one.layer.on!(viewEvent(3, 1, 2));
    for (let number = 1000; number < 1100; number++) one.layer.down!([numbered(1, 2, number)]);
    time.run(60_000);
    const received = numbers(two);
    // What was sent before may have been dropped from some point on, and to 2 as a stranger it went again.
    expect(received).toEqual([...new Set(received)].sort((a, b) => a - b));
    expect(received.filter(number => number >= 1000)).toEqual(upTo(100).map(number => number + 1000));
    expect(sent).toBeGreaterThan(0);
  });
});
