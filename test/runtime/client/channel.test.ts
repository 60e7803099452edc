import { describe, expect, it } from 'vitest';
import { Ending, type Job, Ledger, type LedgerService } from '../../../generated/testing/ledger/index.js';
import {
  type CallContext,
  type ConnectOptions,
  implement,
  type ServeOptions,
} from '../../../runtime/src/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

const job = (key: string, more: Partial<Job> = {}): Job => ({
  key,
  work: 0,
  padding: 0,
  ending: Ending.receipt,
  ...more,
});

async function open(
  scheme: 'udp' | 'tcp',
  connectOptions: ConnectOptions,
  serveOptions: Partial<ServeOptions>,
) {
  const world = simulate({ seed: 1 });
  const executed: string[] = [];
  const contexts: CallContext[] = [];
  const host = world.host('server');
  const work: LedgerService['once'] = async ({ key, work, padding }, ctx) => {
    executed.push(key);
    contexts.push(ctx);
    await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
    return { key, execution: 1, padding: Buffer.alloc(padding) };
  };
  return {
    world,
    executed,
    contexts,
    async start() {
      await host.serve({
        listen: `${scheme}://server:7000`,
        services: [
          implement(Ledger, {
            once: work,
            atLeastOnce: work,
            perhaps: work,
            async note(each, ctx) {
              await work(each, ctx);
            },
          }),
        ],
        ...serveOptions,
      });
      const channel = await world.host('client').connect(`${scheme}://server:7000`, connectOptions);
      return { channel, client: channel.client(Ledger) };
    },
  };
}

type Parts = Awaited<ReturnType<typeof open>> &
  Awaited<ReturnType<Awaited<ReturnType<typeof open>>['start']>>;

async function play(
  body: (parts: Parts) => Promise<void>,
  {
    scheme = 'udp',
    connect = {},
    serve = {},
  }: { scheme?: 'udp' | 'tcp'; connect?: ConnectOptions; serve?: Partial<ServeOptions> } = {},
): Promise<void> {
  const parts = await open(scheme, connect, serve);
  await parts.world.run(async () => body({ ...parts, ...(await parts.start()) }));
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );

const notSent = { outcome: 'not-executed', attempts: 0 };

describe('a call', () => {
  it('whose arguments do not fit is not sent', () =>
    play(async ({ client, executed }) => {
      expect(await failure(client.once(job('a', { padding: -1 })))).toMatchObject({
        code: 'invalid-argument',
        ...notSent,
      });
      expect(executed).toEqual([]);
    }));

  it.each([0, -1, Number.NaN])('with a deadline of %d ms is not sent', deadline =>
    play(async ({ client }) => {
      expect(await failure(client.once(job('a'), { deadline }))).toMatchObject({
        code: 'invalid-argument',
        ...notSent,
      });
    }),
  );

  it('that was cancelled before is not sent', () =>
    play(async ({ client, executed }) => {
      const signal = AbortSignal.abort(new Error('no time'));
      expect(await failure(client.once(job('a'), { signal }))).toMatchObject({
        code: 'cancelled',
        cause: signal.reason,
        ...notSent,
      });
      expect(executed).toEqual([]);
    }));

  it('on a closed channel is not sent', () =>
    play(async ({ channel, client }) => {
      await channel.close();
      await channel[Symbol.asyncDispose]();
      expect(await failure(client.once(job('a')))).toMatchObject({ code: 'unavailable', ...notSent });
    }));

  it('that is longer than the server takes is not sent', () =>
    play(
      async ({ client }) => {
        await client.once(job('first'));
        expect(await failure(client.once(job('a', { load: Buffer.alloc(5000) })))).toMatchObject({
          code: 'resource-exhausted',
          ...notSent,
        });
      },
      { serve: { limits: { messageBytes: 4000 } } },
    ));

  it('ends at its deadline and says how many copies went out', () =>
    play(async ({ world, client }) => {
      await client.once(job('first'));
      world.cut('client', 'server');
      const before = world.now;
      expect(await failure(client.once(job('a'), { deadline: 500 }))).toMatchObject({
        code: 'deadline-exceeded',
        outcome: 'unknown',
      });
      expect(world.now - before).toBe(500);
    }));

  it('leaves no listener at its signal', () =>
    play(async ({ client }) => {
      const controller = new AbortController();
      const { signal } = controller;
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...parameters: Parameters<AbortSignal['addEventListener']>) => {
        listeners++;
        addEventListener.apply(signal, parameters);
      };
      signal.removeEventListener = (...parameters: Parameters<AbortSignal['removeEventListener']>) => {
        listeners--;
        removeEventListener.apply(signal, parameters);
      };
      await client.once(job('a'), { signal });
      expect(listeners).toBe(0);
    }));
});

describe('a nested call', () => {
  /** Calls the server from the server itself, whose clock is that of the context. */
  const nested = async (world: Parts['world']) =>
    (await world.host('server').connect('udp://server:7000')).client(Ledger);

  it('has the deadline of its parent where that is earlier', () =>
    play(async ({ world, client, contexts }) => {
      const outer = failure(client.once(job('outer', { work: 1000 }), { deadline: 300 }));
      await world.sleep(50);
      const parent = contexts[0]!;
      await (await nested(world)).once(job('inner'), { parent, deadline: 5000 });
      // Rounded up on the way.
      expect(contexts[1]!.deadline - parent.deadline).toBeLessThanOrEqual(2);
      await outer;
    }));

  it('is cancelled with its parent', () =>
    play(async ({ world, client, contexts }) => {
      const controller = new AbortController();
      const outer = failure(client.once(job('outer', { work: 1000 }), { signal: controller.signal }));
      await world.sleep(50);
      const parent = contexts[0]!;
      const inner = failure((await nested(world)).once(job('inner', { work: 1000 }), { parent }));
      await world.sleep(50);
      controller.abort();
      expect(await inner).toMatchObject({ code: 'cancelled' });
      await outer;
    }));

  it('of a parent whose deadline has passed is not sent', () =>
    play(async ({ world, client, contexts, executed }) => {
      // What the client would say of its end is lost, so that the server knows the deadline alone.
      const outer = failure(client.once(job('outer', { work: 1000 }), { deadline: 200 }));
      await world.sleep(50);
      world.cut('client', 'server');
      await outer;
      await world.sleep(100);
      const parent = contexts[0]!;
      expect(await failure((await nested(world)).once(job('inner'), { parent }))).toMatchObject({
        code: 'deadline-exceeded',
        ...notSent,
      });
      await world.sleep(1000);
      expect(executed).toEqual(['outer']);
    }));
});

describe('a maybe call', () => {
  it('without a result is over when the socket has it', () =>
    play(async ({ world, client, executed }) => {
      const before = world.now;
      expect(await client.note(job('a'))).toBeUndefined();
      expect(world.now).toBe(before);
      await world.sleep(100);
      expect(executed).toEqual(['a']);
    }));

  it('with a result that does not come is undefined by its deadline', () =>
    play(async ({ world, client }) => {
      await client.once(job('first'));
      world.cut('client', 'server');
      expect(await client.perhaps(job('a'), { deadline: 100 })).toBeUndefined();
    }));
});

describe('a reply that is longer than the client takes', () => {
  it.each(['udp', 'tcp'] as const)('is known to be executed, over %s', scheme =>
    play(
      async ({ world, client }) => {
        const before = world.now;
        expect(await failure(client.once(job('a', { padding: 20_000 })))).toMatchObject({
          code: 'resource-exhausted',
          outcome: 'executed',
        });
        expect(world.now - before).toBeLessThan(1000);
      },
      { scheme, connect: { messageBytes: 4000 } },
    ),
  );
});
