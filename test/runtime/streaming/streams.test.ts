/** Calls with streams, between two hosts of a simulated world, over each kind of transport. */
import { type CallContext, CallError, type ItemStream, implement, type ServeOptions } from '@convoke/runtime';
import { type SimulationOptions, simulate } from '@convoke/runtime/testing';
import { describe, expect, test } from 'vitest';
import {
  Ending,
  Feed,
  type FeedClient,
  type FeedService,
  type Item,
  Refused,
  type StreamJob,
} from '../../../generated/testing/ledger/index.js';

const schemes = ['udp', 'tcp'] as const;

const item = (sequence: number, size = 0): Item => ({
  sequence,
  padding: new Uint8Array(size).fill(sequence),
});

function* count(to: number, size = 0): Iterable<Item> {
  for (let sequence = 0; sequence < to; sequence++) yield item(sequence, size);
}

const job = (given: Partial<StreamJob> = {}): StreamJob => ({
  key: 'job',
  count: 0,
  padding: 0,
  ending: Ending.receipt,
  interval: 0,
  ...given,
});

/** How far a procedure has come. */
interface Watched {
  produced: number;
  received: number;
  ended: 'no' | 'returned' | 'thrown';
  signal: AbortSignal | undefined;
}

function feed(watched: Watched): FeedService {
  async function* produce({ count: to, padding, ending }: StreamJob, ctx: CallContext): AsyncGenerator<Item> {
    watched.signal = ctx.signal;
    try {
      for (const each of count(to, padding)) {
        watched.produced++;
        yield each;
      }
      if (ending === Ending.refused) throw new Refused({ key: 'job', execution: watched.produced });
      if (ending === Ending.surprise) throw new TypeError('a secret');
    } finally {
      watched.ended = 'returned';
    }
  }
  return {
    watch: produce,
    async load({ key, count: most }, items) {
      let bytes = 0;
      for await (const { padding } of items) {
        watched.received++;
        bytes += padding.length;
        if (watched.received === most) break;
      }
      return { key, execution: 1, count: watched.received, bytes: BigInt(bytes) };
    },
    async *talk(_job, items) {
      for await (const { sequence, padding } of items) yield { sequence: sequence * 2, padding };
    },
  };
}

async function play(
  run: (
    client: FeedClient,
    watched: Watched,
    sleep: (milliseconds: number) => Promise<void>,
  ) => Promise<void>,
  scheme: 'udp' | 'tcp' = 'udp',
  faults: SimulationOptions = {},
  options: Partial<ServeOptions> = {},
): Promise<void> {
  const world = simulate({ seed: 1, latency: [1, 5], ...faults });
  await world.run(async () => {
    const watched: Watched = { produced: 0, received: 0, ended: 'no', signal: undefined };
    const server = await world.host('server').serve({
      listen: [`udp://server:7000`, `tcp://server:7000`],
      services: [implement(Feed, feed(watched))],
      onError: () => {},
      ...options,
    });
    const channel = await world.host('client').connect(`${scheme}://server:7000`);
    await run(channel.client(Feed), watched, milliseconds => world.sleep(milliseconds));
    await channel.close();
    await server.close();
  });
}

async function collect<T>(items: ItemStream<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of items) all.push(each);
  return all;
}

describe.each(schemes)('over %s', scheme => {
  test('a server stream arrives whole and in order', () =>
    play(async client => {
      const items = await collect(client.watch(job({ count: 5000, padding: 10 })));
      expect(items).toEqual([...count(5000, 10)]);
    }, scheme));

  test('so does it by batches', () =>
    play(async client => {
      const all: Item[] = [];
      for await (const batch of client.watch(job({ count: 3000 })).batches()) {
        expect(batch.length).toBeGreaterThan(0);
        all.push(...batch);
      }
      expect(all).toEqual([...count(3000)]);
    }, scheme));

  test('a client stream arrives, and is answered', () =>
    play(async client => {
      const receipt = await client.load(job(), count(4000, 7));
      expect(receipt).toMatchObject({ count: 4000, bytes: 28_000n });
    }, scheme));

  test('both at once', () =>
    play(async client => {
      const items = await collect(client.talk(job(), count(2500, 3)));
      expect(items.map(({ sequence }) => sequence)).toEqual(
        [...count(2500)].map(({ sequence }) => 2 * sequence),
      );
    }, scheme));

  test('an empty stream in each direction', () =>
    play(async client => {
      expect(await collect(client.watch(job()))).toEqual([]);
      expect(await client.load(job(), [])).toMatchObject({ count: 0 });
      expect(await collect(client.talk(job(), []))).toEqual([]);
    }, scheme));

  test('items larger than any segment and any window', () =>
    play(async client => {
      const items = await collect(client.watch(job({ count: 3, padding: 700_000 })));
      expect(items.map(({ padding }) => padding.every((byte, _, all) => byte === all[0]))).toEqual([
        true,
        true,
        true,
      ]);
      expect(items.map(({ padding }) => padding.length)).toEqual([700_000, 700_000, 700_000]);
      expect(await client.load(job(), count(3, 700_000))).toMatchObject({ count: 3, bytes: 2_100_000n });
    }, scheme));

  test('a consumer that does not take holds the producer back', () =>
    play(async (client, watched, sleep) => {
      const iterator = client.watch(job({ count: 100_000 }))[Symbol.asyncIterator]();
      await iterator.next();
      await sleep(10_000);
      const ahead = watched.produced;
      expect(ahead).toBeLessThan(2500);
      await sleep(10_000);
      expect(watched.produced).toBe(ahead);
      for (let taken = 0; taken < 2000; taken++) await iterator.next();
      await sleep(1000);
      expect(watched.produced).toBeGreaterThan(ahead);
      await iterator.return?.();
    }, scheme));

  test('who leaves the loop cancels', () =>
    play(async (client, watched, sleep) => {
      for await (const { sequence } of client.watch(job({ count: 100_000 }))) if (sequence === 10) break;
      await sleep(1000);
      expect(watched.ended).toBe('returned');
      expect(watched.signal?.aborted).toBe(true);
    }, scheme));

  test('an error comes behind the items that were produced before it', () =>
    play(async client => {
      const items: Item[] = [];
      const ended = (async () => {
        for await (const each of client.watch(job({ count: 1000, ending: Ending.refused }))) items.push(each);
      })();
      await expect(ended).rejects.toBeInstanceOf(Refused);
      expect(items).toEqual([...count(1000)]);
      await expect(collect(client.watch(job({ count: 3, ending: Ending.surprise })))).rejects.toMatchObject({
        code: 'internal',
        outcome: 'executed',
      });
    }, scheme));

  test('a procedure may answer before it has taken everything', () =>
    play(async (client, watched, sleep) => {
      let ended = false;
      async function* endless() {
        try {
          for (let sequence = 0; ; sequence++) yield item(sequence);
        } finally {
          ended = true;
        }
      }
      expect(await client.load(job({ count: 100 }), endless())).toMatchObject({ count: 100 });
      await sleep(1000);
      expect(ended).toBe(true);
      expect(watched.received).toBe(100);
    }, scheme));

  test('a source that throws fails the call at both ends', () =>
    play(async (client, watched, sleep) => {
      async function* broken() {
        yield item(0);
        throw new Error('the disk is gone');
      }
      const error = await client.load(job(), broken()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({ code: 'cancelled', cause: { message: 'the disk is gone' } });
      await sleep(1000);
      expect(watched.received).toBeLessThanOrEqual(1);
    }, scheme));

  test('a signal and a deadline end a stream', () =>
    play(async client => {
      const controller = new AbortController();
      const seen: number[] = [];
      const ended = (async () => {
        const stream = client.watch(job({ count: 100_000 }), { signal: controller.signal });
        for await (const { sequence } of stream) {
          seen.push(sequence);
          if (sequence === 100) controller.abort();
        }
      })();
      await expect(ended).rejects.toMatchObject({ code: 'cancelled' });
      const slow = collect(client.talk(job(), forever(), { deadline: 500 }));
      await expect(slow).rejects.toMatchObject({ code: 'deadline-exceeded', outcome: 'unknown' });
    }, scheme));
});

/** A source that never has anything. */
function forever(): AsyncIterable<Item> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
}

test('loss, duplicates and reordering change nothing', () =>
  play(
    async client => {
      expect(await collect(client.watch(job({ count: 2000, padding: 100 }), { deadline: 600_000 }))).toEqual([
        ...count(2000, 100),
      ]);
      expect(await client.load(job(), count(2000, 100), { deadline: 600_000 })).toMatchObject({
        count: 2000,
      });
      expect(await collect(client.talk(job(), count(500), { deadline: 600_000 }))).toHaveLength(500);
    },
    'udp',
    { loss: 0.2, duplicate: 0.2, reorder: 0.2, corrupt: 0.02 },
  ));
