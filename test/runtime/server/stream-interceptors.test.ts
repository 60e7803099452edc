import { describe, expect, it } from 'vitest';
import {
  Feed,
  type FeedService,
  type Item,
  type StreamJob,
} from '../../../generated/testing/ledger/index.js';
import {
  CallError,
  type ClientInterceptor,
  type ConnectOptions,
  currentContext,
  implement,
  type Metadata,
  type ServeOptions,
  type ServerInterceptor,
} from '../../../runtime/src/index.js';
import type { ItemSource } from '../../../runtime/src/schema/description.js';
import { simulate } from '../../../runtime/src/testing/index.js';

const streamJob = (key: string, count: number): StreamJob => ({
  key,
  count,
  padding: 0,
  ending: 1,
  interval: 0,
});
const item = (sequence: number): Item => ({ sequence, padding: new Uint8Array() });

function* items(count: number): Iterable<Item> {
  for (let sequence = 0; sequence < count; sequence++) yield item(sequence);
}

/** A service whose streams are as long as the job says, and that notes what was executed and in which context. */
function createFeed() {
  const executed: string[] = [];
  const inContext: boolean[] = [];
  const service: FeedService = {
    async *watch({ key, count }, ctx) {
      executed.push(key);
      for (const each of items(count)) {
        inContext.push(currentContext() === ctx);
        yield each;
      }
      ctx.replyMetadata = { count };
    },
    async load({ key }, received, ctx) {
      executed.push(key);
      let count = 0;
      for await (const { sequence } of received) count += sequence;
      ctx.replyMetadata = { count };
      return { key, execution: 1, count, bytes: 0n };
    },
    talk({ key }, received) {
      executed.push(key);
      return received;
    },
  };
  return { executed, inContext, service };
}

async function play(
  body: (parts: {
    client: ReturnType<typeof Feed.createClient>;
    feed: ReturnType<typeof createFeed>;
  }) => Promise<void>,
  serve: Partial<ServeOptions> = {},
  connect: ConnectOptions = {},
): Promise<void> {
  const world = simulate({ seed: 1, loss: 0.1, duplicate: 0.1 });
  await world.run(async () => {
    const feed = createFeed();
    await world.host('server').serve({
      listen: 'udp://server:7000',
      services: [implement(Feed, feed.service)],
      ...serve,
    });
    const channel = await world.host('client').connect('udp://server:7000', connect);
    await body({ client: channel.client(Feed), feed });
  });
}

async function sequences(source: ItemSource<Item>): Promise<number[]> {
  const all: number[] = [];
  for await (const { sequence } of source) all.push(sequence);
  return all;
}

async function* tenfold(source: ItemSource<unknown>): AsyncIterable<Item> {
  for await (const { sequence } of source as ItemSource<Item>) yield item(10 * sequence);
}

describe('interceptors of streams', () => {
  const onServer: ServerInterceptor = async (call, next) => {
    const reply = await next(call);
    return reply.kind === 'stream' ? { kind: 'stream', items: tenfold(reply.items) } : reply;
  };
  const onClient: ClientInterceptor = async (call, next) => {
    const reply = await next({ ...call, items: call.items === undefined ? undefined : tenfold(call.items) });
    return reply.kind === 'stream' ? { kind: 'stream', items: tenfold(reply.items) } : reply;
  };

  it('of the server change what the procedure streams', () =>
    play(
      async ({ client }) => {
        expect(await sequences(client.watch(streamJob('a', 4)))).toEqual([0, 10, 20, 30]);
        expect(await sequences(client.talk(streamJob('b', 0), items(3)))).toEqual([0, 10, 20]);
        expect((await client.load(streamJob('c', 0), items(4))).count).toBe(6);
      },
      { interceptors: [onServer] },
    ));

  it('of the client change what either side streams', () =>
    play(
      async ({ client }) => {
        expect(await sequences(client.watch(streamJob('a', 4)))).toEqual([0, 10, 20, 30]);
        expect(await sequences(client.talk(streamJob('b', 0), items(3)))).toEqual([0, 100, 200]);
        expect((await client.load(streamJob('c', 0), items(4))).count).toBe(60);
      },
      {},
      { interceptors: [onClient] },
    ));

  it('of the server reject a call of every shape before it is executed', () =>
    play(
      async ({ client, feed }) => {
        const calls = [
          sequences(client.watch(streamJob('a', 4))),
          sequences(client.talk(streamJob('b', 0), items(3))),
          client.load(streamJob('c', 0), items(4)),
        ];
        for (const call of calls) {
          await expect(call).rejects.toMatchObject({ code: 'unauthenticated', outcome: 'not-executed' });
        }
        expect(feed.executed).toEqual([]);
      },
      {
        interceptors: [
          async () => {
            throw new CallError('unauthenticated', 'no token', { outcome: 'not-executed' });
          },
        ],
      },
    ));
});

describe('calls with streams', () => {
  it('have metadata of their replies', () =>
    play(async ({ client }) => {
      const told: Metadata[] = [];
      const onReply = (metadata: Metadata) => told.push(metadata);
      await sequences(client.watch(streamJob('a', 3), { onReply }));
      await client.load(streamJob('b', 0), items(4), { onReply });
      expect(told).toEqual([{ count: 3 }, { count: 6 }]);
    }));

  it('have their context as the current one, for each item', () =>
    play(
      async ({ client, feed }) => {
        expect(await sequences(client.watch(streamJob('a', 3)))).toEqual([0, 1, 2]);
        expect(feed.inContext).toEqual([true, true, true]);
        expect(await sequences(client.talk(streamJob('b', 0), items(3)))).toEqual([0, 1, 2]);
      },
      { inheritContext: true },
    ));
});
