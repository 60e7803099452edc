import { describe, expect, it } from 'vitest';
import { Ending, Ledger, type LedgerClient } from '../../../generated/testing/ledger/index.js';
import { type Channel, type ConnectOptions, implement } from '../../../runtime/src/index.js';
import { simulate, type World } from '../../../runtime/src/testing/index.js';

const job = (key: string, work = 100) => ({ key, work, padding: 0, ending: Ending.receipt });

interface Parts {
  readonly world: World;
  readonly channel: Channel;
  readonly client: LedgerClient;
  /** Keys in the order in which they were executed. */
  readonly executed: string[];
  /** How many procedures ran at the same time, at the most. */
  readonly mostRunning: () => number;
}

async function play(
  options: ConnectOptions,
  body: (parts: Parts) => Promise<void>,
  scheme: 'udp' | 'tcp' = 'udp',
): Promise<void> {
  const world = simulate({ seed: 1, latency: 5 });
  const executed: string[] = [];
  let running = 0;
  let most = 0;
  await world.run(async () => {
    const host = world.host('server');
    const execute = async ({ key, work }: ReturnType<typeof job>) => {
      executed.push(key);
      most = Math.max(most, ++running);
      await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
      running--;
      return { key, execution: 1, padding: new Uint8Array() };
    };
    await host.serve({
      listen: `${scheme}://server:7000`,
      services: [implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note() {} })],
    });
    const channel = await world.host('client').connect(`${scheme}://server:7000`, options);
    await body({ world, channel, client: channel.client(Ledger), executed, mostRunning: () => most });
  });
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );

const notSent = { outcome: 'not-executed', attempts: 0 };

describe('calls beyond those that may be in flight', () => {
  it('wait for their turn, in their order, and are executed once each', () =>
    play({ callsInFlight: 5 }, async ({ client, executed, mostRunning }) => {
      await client.once(job('first'));
      // More than one acknowledgement can name: none of those that wait may be told to be finished.
      const keys = Array.from({ length: 100 }, (_, i) => `call ${i}`);
      const receipts = await Promise.all(keys.map(key => client.once(job(key), { deadline: 60_000 })));
      expect(receipts.map(({ key }) => key)).toEqual(keys);
      expect([...executed].sort()).toEqual(['first', ...keys].sort());
      expect(executed.slice(1, 6).sort()).toEqual(keys.slice(0, 5));
      expect(mostRunning()).toBe(5);
    }));

  it('wait before there is a session too', () =>
    play({ callsInFlight: 2 }, async ({ client, mostRunning }) => {
      await Promise.all(['a', 'b', 'c', 'd', 'e'].map(key => client.once(job(key))));
      expect(mostRunning()).toBe(2);
    }));

  it('fail when their deadline passes while they wait', () =>
    play({ callsInFlight: 1 }, async ({ world, client, executed }) => {
      const slow = client.once(job('slow', 1000));
      const before = world.now;
      expect(await failure(client.once(job('late'), { deadline: 300 }))).toMatchObject({
        code: 'deadline-exceeded',
        ...notSent,
      });
      expect(world.now - before).toBe(300);
      await slow;
      expect(executed).toEqual(['slow']);
    }));

  it('can be cancelled while they wait', () =>
    play({ callsInFlight: 1 }, async ({ client, executed }) => {
      const slow = client.once(job('slow', 1000));
      const controller = new AbortController();
      const call = failure(client.once(job('cancelled'), { signal: controller.signal }));
      const next = client.once(job('next'));
      controller.abort();
      expect(await call).toMatchObject({ code: 'cancelled', ...notSent });
      await Promise.all([slow, next]);
      expect(executed).toEqual(['slow', 'next']);
    }));

  it('fail when the channel is closed', () =>
    play({ callsInFlight: 1 }, async ({ world, channel, client, executed }) => {
      const calls = [client.once(job('slow', 1000)), client.once(job('waits'))].map(failure);
      await world.sleep(100);
      await channel.close();
      const [slow, waits] = await Promise.all(calls);
      expect(slow).toMatchObject({ code: 'cancelled', outcome: 'unknown' });
      expect(waits).toMatchObject({ code: 'cancelled', ...notSent });
      await world.sleep(2000);
      expect(executed).toEqual(['slow']);
    }));

  it('fail at once where too many wait already', () =>
    play({ callsInFlight: 1, queuedCalls: 2 }, async ({ client, executed }) => {
      const controller = new AbortController();
      const calls = ['a', 'b', 'c'].map(key => client.once(job(key)));
      const refused = client.once(job('d'), { signal: controller.signal });
      expect(await failure(refused)).toMatchObject({ code: 'resource-exhausted', ...notSent });
      controller.abort();
      await Promise.all(calls);
      expect(executed).toEqual(['a', 'b', 'c']);
    }));

  it('go on after a restart of the server, which leaves only what was sent unknown', () =>
    play({ callsInFlight: 2 }, async ({ world, client }) => {
      await client.once(job('first'));
      const calls = ['a', 'b', 'c', 'd'].map(key => failure(client.once(job(key, 5000))));
      await world.sleep(100);
      const host = world.host('server');
      host.crash();
      host.restart();
      const receipt = async ({ key }: { key: string }) => ({ key, execution: 2, padding: new Uint8Array() });
      await host.serve({
        listen: 'udp://server:7000',
        services: [implement(Ledger, { once: receipt, atLeastOnce: receipt, perhaps: receipt, note() {} })],
      });
      const [a, b, c, d] = await Promise.all(calls);
      for (const error of [a, b]) expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      expect([c, d]).toEqual(['it succeeded', 'it succeeded']);
    }));
});

describe('calls over a socket that is full', () => {
  it('wait without being sent until the server reads again', () =>
    play(
      {},
      async ({ world, client, executed }) => {
        await client.once(job('first'));
        world.host('server').pause(5000);
        const load = Buffer.alloc(200_000);
        const large = ['a', 'b', 'c', 'd'].map(key => client.once({ ...job(key), load }));
        // Frames leave when the turn ends; then the socket is full.
        await world.sleep(1);
        const controller = new AbortController();
        const cancelled = failure(client.once(job('cancelled'), { signal: controller.signal }));
        const late = failure(client.once(job('late'), { deadline: 1000 }));
        const small = client.once(job('small'));
        controller.abort();
        expect(await cancelled).toMatchObject({ code: 'cancelled', ...notSent });
        expect(await late).toMatchObject({ code: 'deadline-exceeded', ...notSent });
        await Promise.all([...large, small]);
        expect(executed).toEqual(['first', 'a', 'b', 'c', 'd', 'small']);
      },
      'tcp',
    ));
});
