import { describe, expect, it } from 'vitest';
import { Ending, Ledger, type LedgerService } from '../../../generated/testing/ledger/index.js';
import { type CallError, implement, type ServeOptions } from '../../../runtime/src/index.js';
import { simulate, type World } from '../../../runtime/src/testing/index.js';
import { framesOf } from '../../simulation/wire.js';

const lease = 10_000;

const job = (key: string, work = 0, padding = 0) => ({ key, work, padding, ending: Ending.receipt });

/** A server whose jobs take as long as they say, and a client of it. */
async function open(world: World, options: Partial<ServeOptions> = {}) {
  const host = world.host('server');
  const executed: string[] = [];
  const run: LedgerService['once'] = async ({ key, work, padding }) => {
    executed.push(key);
    await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
    return { key, execution: executed.length, padding: new Uint8Array(padding) };
  };
  const server = await host.serve({
    listen: ['udp://server:7000', 'tcp://server:7000'],
    services: [implement(Ledger, { once: run, atLeastOnce: run, perhaps: run, note() {} })],
    limits: { lease },
    ...options,
  });
  const connect = async (name: string) =>
    (await world.host(name).connect('udp://server:7000')).client(Ledger);
  return { server, client: await connect('client'), connect, executed };
}

const failure = (call: Promise<unknown>): Promise<CallError> =>
  call.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: CallError) => error,
  );

const play = (
  body: (world: World, parts: Awaited<ReturnType<typeof open>>) => Promise<void>,
  options: Partial<ServeOptions> = {},
): Promise<void> => {
  const world = simulate({ seed: 1, latency: 1 });
  return world.run(async () => body(world, await open(world, options)));
};

describe('a server that drains', () => {
  it('has nothing to wait for when nobody called', () =>
    play(async (world, { server }) => {
      await server.drain();
      expect(world.now).toBe(0);
    }));

  it('finishes what runs and what waits, and has their replies acknowledged', () =>
    play(
      async (world, { server, client, executed }) => {
        const calls = ['runs', 'waits'].map(key => client.once(job(key, 1000)));
        await world.sleep(100);
        expect(server.stats()).toMatchObject({ running: 1, queued: 1 });
        await server.drain();
        expect(server.stats()).toMatchObject({ running: 0, queued: 0, historyEntries: 0 });
        await server.close();
        expect(await Promise.all(calls)).toMatchObject([{ key: 'runs' }, { key: 'waits' }]);
        expect(executed).toEqual(['runs', 'waits']);
      },
      { limits: { lease, runningCalls: 1 } },
    ));

  it('refuses new calls, and also tells clients that are new', () =>
    play(async (world, { server, client, connect, executed }) => {
      const slow = client.once(job('slow', 1000));
      await world.sleep(100);
      const drain = server.drain();
      const stranger = await connect('stranger');
      for (const call of [client.once(job('a')), stranger.once(job('b'))]) {
        expect(await failure(call)).toMatchObject({
          code: 'unavailable',
          outcome: 'not-executed',
          message: 'the server is shutting down and takes no more calls',
        });
      }
      // A copy of a call that is not filtered may have been executed before.
      expect(await failure(client.atLeastOnce(job('c')))).toMatchObject({
        code: 'unavailable',
        outcome: 'unknown',
      });
      await slow;
      await drain;
      expect(await failure(client.once(job('after it')))).toMatchObject({ outcome: 'not-executed' });
      expect(executed).toEqual(['slow']);
    }));

  it('sends kept replies again', () =>
    play(async (world, { server, client, executed }) => {
      let lost = 0;
      world.intercept(packet =>
        framesOf(packet).some(({ name }) => name === 'reply') && lost++ < 2 ? 'drop' : undefined,
      );
      const call = client.once(job('once', 500));
      await world.sleep(100);
      await server.drain();
      expect(lost).toBe(3);
      expect(server.stats().resent).toBe(2);
      expect(executed).toEqual(['once']);
      await call;
    }));

  it.each([
    { length: 'short', padding: 0, losses: 0 },
    { length: 'long', padding: 5000, losses: 5 },
  ])(
    'executes an at-least-once call with a $length reply no more, and does not cover it with a refusal',
    ({ padding, losses }) =>
      play(async (world, { server, client, executed }) => {
        let lost = 0;
        world.intercept(packet => {
          const names = framesOf(packet).map(({ name }) => name);
          if (names.includes('busy')) return 'drop';
          return names.includes('replyFragment') && lost++ < losses ? 'drop' : undefined;
        });
        await client.once(job('first'));
        const call = client.atLeastOnce(job('again', 5000, padding), { deadline: 30_000 });
        while (executed.length < 2) await world.sleep(1);
        await server.drain();
        expect(server.stats().running).toBe(0);
        expect((await call).padding).toHaveLength(padding);
        expect(executed).toEqual(['first', 'again']);
        expect(server.stats().requests).toBeGreaterThan(2);
      }),
  );

  it('waits no longer than the lease for a client that is gone', () =>
    play(async (world, { server, client }) => {
      client.once(job('given up', 500)).catch(() => {});
      await world.sleep(100);
      world.host('client').crash();
      await server.drain();
      expect(world.now).toBeGreaterThan(lease);
      expect(server.stats()).toMatchObject({ sessions: 0, historyEntries: 0 });
    }));

  it('does not wait for refusals without an end', () =>
    play(async (world, { server, client }) => {
      let stopped = false;
      const insistent = (async () => {
        for (; !stopped; await world.sleep(1)) await failure(client.once(job('x')));
      })();
      await server.drain();
      expect(world.now).toBeLessThan(lease);
      stopped = true;
      await insistent;
    }));

  it('gives up when the timeout has passed, and when it is closed', () =>
    play(async (world, { server, client }) => {
      const call = failure(client.once(job('slow', 100_000), { deadline: 200_000 }));
      await world.sleep(100);
      await server.drain({ timeout: 55 });
      expect(world.now).toBe(155);
      expect(server.stats().running).toBe(1);
      await server.drain({ timeout: 0 });
      expect(world.now).toBe(155);
      const drain = server.drain();
      await server.close();
      await drain;
      expect(await call).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    }));

  it.each([-1, Number.NaN, '5' as unknown as number])('takes no timeout of %s', timeout =>
    play(async (_world, { server, client }) => {
      await expect(server.drain({ timeout })).rejects.toThrow(
        `the timeout of a drain must be 0 or more milliseconds, not ${timeout}`,
      );
      expect(await client.once(job('a'))).toMatchObject({ key: 'a' });
    }),
  );
});
