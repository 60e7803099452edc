import { describe, expect, it } from 'vitest';
import { feedProcedures, ledgerProcedures } from '../../../generated/testing/ledger/index.js';
import { intercept } from '../../../runtime/src/client/interceptors.js';
import {
  CallError,
  type CallReply,
  type ClientInterceptor,
  isCallOf,
  type Metadata,
} from '../../../runtime/src/index.js';
import type {
  AnyProcedure,
  Caller,
  ItemSource,
  ItemStream,
} from '../../../runtime/src/schema/description.js';
import { failure, job, play } from '../ledger.js';

describe('a client interceptor', () => {
  it('sees calls, and how they end', () => {
    const log: string[] = [];
    const logging: ClientInterceptor = async (call, next) => {
      try {
        const reply = await next(call);
        log.push(`${call.procedure.name}: ${reply.kind}`);
        return reply;
      } catch (error) {
        log.push(`${call.procedure.name}: ${error instanceof CallError ? error.code : error}`);
        throw error;
      }
    };
    return play(
      {
        atLeastOnce() {
          throw new CallError('aborted', 'no', { outcome: 'executed' });
        },
      },
      async ({ client }) => {
        await client.once(job('a'));
        await failure(client.atLeastOnce(job('b')));
        await client.note(job('c'));
        expect(log).toEqual(['once: result', 'atLeastOnce: aborted', 'note: result']);
      },
      { connect: { interceptors: [logging] } },
    );
  });

  it('may change options: a token for every call', () => {
    const authenticate: ClientInterceptor = async (call, next) => {
      const metadata = { ...call.options.metadata, token: 'secret' };
      return next({ ...call, options: { ...call.options, metadata } });
    };
    const seen: Metadata[] = [];
    return play(
      {
        once({ key }, { metadata }) {
          seen.push(metadata);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        await client.once(job('a'));
        await client.once(job('b'), { metadata: { tenant: 'acme' } });
        expect(seen).toEqual([{ token: 'secret' }, { tenant: 'acme', token: 'secret' }]);
      },
      { connect: { interceptors: [authenticate] } },
    );
  });

  it('may answer by itself', () => {
    const known = new Map<string, CallReply>();
    const cache: ClientInterceptor = async (call, next) => {
      if (!isCallOf(call, ledgerProcedures.once)) return next(call);
      const [{ key }] = call.values;
      const reply = known.get(key) ?? (await next(call));
      known.set(key, reply);
      return reply;
    };
    return play(
      {},
      async ({ client, executed, channel }) => {
        const receipts = [
          await client.once(job('a')),
          await client.once(job('a')),
          await client.once(job('b')),
        ];
        expect(receipts.map(({ execution }) => execution)).toEqual([1, 1, 2]);
        expect(executed).toEqual(['a', 'b']);
        expect(channel.stats().calls).toBe(2);
      },
      { connect: { interceptors: [cache] } },
    );
  });

  it('may call again', () => {
    let failures = 2;
    const again: ClientInterceptor = async (call, next) => {
      for (;;) {
        try {
          return await next(call);
        } catch (error) {
          if (!(error instanceof CallError && error.code === 'unavailable')) throw error;
        }
      }
    };
    return play(
      {
        once({ key }) {
          if (failures-- > 0) throw new CallError('unavailable', 'later', { outcome: 'executed' });
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, channel }) => {
        expect((await client.once(job('a'))).key).toBe('a');
        expect(channel.stats().calls).toBe(3);
      },
      { connect: { interceptors: [again] } },
    );
  });

  it('stands outside of those that follow it', () => {
    const order: string[] = [];
    const note =
      (name: string): ClientInterceptor =>
      async (call, next) => {
        order.push(name);
        const reply = await next(call);
        order.push(`/${name}`);
        return reply;
      };
    return play(
      {},
      async ({ client }) => {
        await client.once(job('a'));
        expect(order).toEqual(['a', 'b', '/b', '/a']);
      },
      { connect: { interceptors: [note('a'), note('b')] } },
    );
  });

  it('that throws without being asynchronous rejects the call', () => {
    const mistake = new TypeError('mistake');
    return play(
      {},
      async ({ client }) => {
        await expect(client.once(job('a'))).rejects.toBe(mistake);
      },
      {
        connect: {
          interceptors: [
            () => {
              throw mistake;
            },
          ],
        },
      },
    );
  });

  it('that gives a stream for a result is a mistake', () =>
    play(
      {},
      async ({ client }) => {
        await expect(client.once(job('a'))).rejects.toThrow(
          'an interceptor must give a result for convoke.testing.Ledger.once, which is unary',
        );
      },
      { connect: { interceptors: [async () => ({ kind: 'stream', items: [] })] } },
    ));
});

/** A caller whose streams are lists, and that notes what is called. */
function createListCaller(items: readonly unknown[]) {
  const calls: unknown[] = [];
  let left = false;
  const stream = <Item>(): ItemStream<Item> => ({
    async *[Symbol.asyncIterator]() {
      try {
        yield* items as readonly Item[];
      } finally {
        left = true;
      }
    },
    async *batches() {
      yield items as readonly Item[];
    },
  });
  const collect = async (source: ItemSource<unknown>): Promise<unknown[]> => {
    const all: unknown[] = [];
    for await (const item of source) all.push(item);
    return all;
  };
  const note = ({ name }: AnyProcedure, values: readonly unknown[]) => void calls.push([name, ...values]);
  const caller: Caller = {
    unary: () => Promise.reject(new Error('not used here')),
    serverStream(procedure, values) {
      note(procedure, values);
      return stream();
    },
    async clientStream(procedure: AnyProcedure, values, source: ItemSource<unknown>) {
      note(procedure, values);
      return (await collect(source)) as never;
    },
    bidiStream(procedure: AnyProcedure, values) {
      note(procedure, values);
      return stream();
    },
  };
  return { caller, calls, collect, wasLeft: () => left };
}

const streamJob = { key: 'a', count: 0, padding: 0, ending: 1, interval: 0 } as const;

describe('a client interceptor of streams', () => {
  const doubled: ClientInterceptor = async (call, next) => {
    const twice = async function* (items: ItemSource<unknown>) {
      for await (const item of items) yield (item as number) * 2;
    };
    const items = call.items === undefined ? undefined : twice(call.items);
    const reply = await next({ ...call, items });
    return reply.kind === 'stream' ? { kind: 'stream', items: twice(reply.items) } : reply;
  };

  it('may change the items of both sides', async () => {
    const { caller, collect } = createListCaller([1, 2, 3]);
    const around = intercept(caller, [doubled]);
    expect(await collect(around.serverStream(feedProcedures.watch, [streamJob], undefined))).toEqual([
      2, 4, 6,
    ]);
    const sent = [10, 20] as unknown as ItemSource<never>;
    expect(await around.clientStream(feedProcedures.load, [streamJob], sent, undefined)).toEqual([20, 40]);
    expect(await collect(around.bidiStream(feedProcedures.talk, [streamJob], sent, undefined))).toEqual([
      2, 4, 6,
    ]);
  });

  it('is not asked before the first item is', async () => {
    const { caller, calls, collect } = createListCaller([1]);
    const seen: string[] = [];
    const around = intercept(caller, [
      async (call, next) => {
        seen.push(call.procedure.name);
        return next(call);
      },
    ]);
    const items = around.serverStream(feedProcedures.watch, [streamJob], undefined);
    await Promise.resolve();
    expect([seen, calls]).toEqual([[], []]);
    await collect(items);
    expect([seen, calls]).toEqual([['watch'], [['watch', streamJob]]]);
  });

  it('leaves batches as they are, and makes some of what has none', async () => {
    const { caller, collect } = createListCaller([1, 2]);
    const through: ClientInterceptor = (call, next) => next(call);
    const batches = (interceptor: ClientInterceptor) =>
      collect(
        intercept(caller, [interceptor]).serverStream(feedProcedures.watch, [streamJob], undefined).batches(),
      );
    expect(await batches(through)).toEqual([[1, 2]]);
    expect(await batches(doubled)).toEqual([[2], [4]]);
  });

  it('that rejects the call ends the stream', async () => {
    const { caller, calls, collect } = createListCaller([1]);
    const around = intercept(caller, [
      async () => {
        throw new CallError('unauthenticated', 'no token', { outcome: 'not-executed' });
      },
    ]);
    const call = collect(around.serverStream(feedProcedures.watch, [streamJob], undefined));
    await expect(call).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(calls).toEqual([]);
  });

  it('tells the stream when its consumer leaves', async () => {
    const { caller, wasLeft } = createListCaller([1, 2, 3]);
    const around = intercept(caller, [doubled]);
    for await (const _ of around.serverStream(feedProcedures.watch, [streamJob], undefined)) break;
    expect(wasLeft()).toBe(true);
  });
});
