import { describe, expect, it } from 'vitest';
import {
  Ending,
  Feed,
  type FeedService,
  type Item,
  type Job,
  Ledger,
  type LedgerService,
  type StreamJob,
} from '../../../generated/testing/ledger/index.js';
import {
  type CallError,
  type ConnectOptions,
  connect,
  type HealthProbe,
  implement,
  type Server,
} from '../../../runtime/src/index.js';
import { simulate, type World } from '../../../runtime/src/testing/index.js';

const job = (key: string, work = 0): Job => ({ key, work, padding: 0, ending: Ending.receipt });
const forever = { deadline: Number.POSITIVE_INFINITY };

interface Served {
  readonly server: Server;
  readonly executed: string[];
}

async function serve(world: World, name: string): Promise<Served> {
  const host = world.host(name);
  const executed: string[] = [];
  const execute = async ({ key, work }: Job) => {
    executed.push(key);
    if (work > 0) await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
    return { key, execution: executed.length, padding: new Uint8Array() };
  };
  const service: LedgerService = {
    once: execute,
    atLeastOnce: execute,
    perhaps: execute,
    note: async each => void (await execute(each)),
  };
  const listen = [`udp://${name}:7000`, `tcp://${name}:7000`];
  return { server: await host.serve({ listen, services: [implement(Ledger, service)] }), executed };
}

/** Two servers, and a client that knows both by their addresses. */
async function play(
  options: ConnectOptions,
  body: (
    parts: Awaited<ReturnType<typeof open>> & {
      readonly world: World;
      readonly servers: readonly [Served, Served];
    },
  ) => Promise<void>,
): Promise<void> {
  const world = simulate({ seed: 1 });
  await world.run(async () => {
    const servers = [await serve(world, 'one'), await serve(world, 'two')] as const;
    await body({ ...(await open(world, options)), world, servers });
  });
}

async function open(world: World, options: ConnectOptions) {
  const addresses = ['one', 'two'].map(name => `udp://${world.host(name).address}:7000`);
  const channel = await world.host('client').connect(addresses, options);
  return { channel, client: channel.client(Ledger) };
}

const failure = (call: Promise<unknown>): Promise<CallError> =>
  call.then(
    () => expect.unreachable(),
    (error: unknown) => error as CallError,
  );

describe('a channel with several servers', () => {
  it('lists them, and sums what they counted', () =>
    play({ balance: 'round-robin' }, async ({ channel, client, world }) => {
      expect(channel.servers().map(({ state }) => state)).toEqual(['idle', 'idle']);
      const calls = [client.once(job('a', 50)), client.once(job('b', 50)), client.once(job('c', 50))];
      await world.sleep(30);
      expect(channel.servers().map(({ state, inFlight }) => [state, inFlight])).toEqual([
        ['ready', 2],
        ['ready', 1],
      ]);
      await Promise.all(calls);
      expect(channel.stats().calls).toBe(3);
    }));

  it('has a client id for each', () =>
    play({ balance: 'round-robin' }, async ({ client, servers }) => {
      await client.once(job('a'));
      await client.once(job('b'));
      expect(servers.map(({ executed }) => executed)).toEqual([['a'], ['b']]);
      expect(servers.map(({ server }) => server.stats().sessions)).toEqual([1, 1]);
    }));

  it('fails calls when it is closed', () =>
    play({}, async ({ channel, client }) => {
      const running = client.once(job('a', 1000));
      await channel.close();
      expect(await failure(running)).toMatchObject({ code: 'cancelled' });
      expect(await failure(client.once(job('b')))).toMatchObject({
        code: 'unavailable',
        outcome: 'not-executed',
      });
    }));

  it('does not call one that is not healthy, and calls it again when it is', async () => {
    let healthy = false;
    let asked = 0;
    const probe: HealthProbe = async server => {
      const receipt = await server.client(Ledger).atLeastOnce(job('health'));
      asked++;
      return healthy || receipt.execution > 1000;
    };
    await play({ health: { interval: 1000, probe } }, async ({ channel, client, servers, world }) => {
      await client.once(job('a'));
      await world.sleep(500);
      expect(asked).toBe(2);
      expect(channel.servers().map(({ state }) => state)).toEqual(['unhealthy', 'unhealthy']);
      healthy = true;
      await world.sleep(1000);
      // Nobody asks while nobody calls.
      expect(asked).toBe(2);
      await client.once(job('b'));
      await world.sleep(500);
      expect(channel.servers().map(({ state }) => state)).toEqual(['ready', 'ready']);
      expect(servers[1].executed.filter(key => key !== 'health')).toEqual([]);
    });
  });

  it('does not ask for the health of one that does not tell it', async () => {
    let asked = 0;
    const probe: HealthProbe = async server => {
      asked++;
      await server
        .client({ ...Ledger, createClient: caller => caller })
        .unary(
          { ...Ledger.procedures.find(({ name }) => name === 'atLeastOnce')!, key: [1, 2] },
          [job('health')],
          undefined,
        );
      return false;
    };
    await play({ health: { interval: 1000, probe } }, async ({ channel, client, world }) => {
      for (let i = 0; i < 5; i++) {
        await client.once(job(`${i}`));
        await world.sleep(2000);
      }
      expect(asked).toBe(2);
      expect(channel.servers().map(({ state }) => state)).toEqual(['ready', 'idle'].map(() => 'ready'));
    });
  });

  it('hedges at-least-once calls alone', () =>
    play({ hedge: { after: 20, copies: 2 } }, async ({ client, servers, world }) => {
      await client.atLeastOnce(job('hedged', 200));
      await client.once(job('not hedged', 200));
      await world.sleep(1000);
      expect(servers[0].executed).toEqual(['hedged', 'not hedged']);
      expect(servers[1].executed).toEqual(['hedged']);
      // @ts-expect-error a call that may not execute twice is not hedged
      const call = client.once(job('wrong'), { hedge: { after: 20, copies: 2 } });
      expect(await failure(call)).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
      const wrong = client.atLeastOnce(job('wrong'), { hedge: { after: 20, copies: 1 } });
      expect(await failure(wrong)).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
      expect(servers.flatMap(({ executed }) => executed)).not.toContain('wrong');
    }));

  it('keeps to the deadline of the whole call', () =>
    play({ patience: 300 }, async ({ client, world }) => {
      await client.once(job('a'));
      world.host('one').crash();
      world.host('two').crash();
      const before = world.now;
      await failure(client.atLeastOnce(job('b'), { deadline: 1000 }));
      expect(world.now - before).toBeLessThanOrEqual(1001);
    }));
});

describe('a name', () => {
  it('that is not known fails calls, until it is', async () => {
    const world = simulate({ seed: 2 });
    await world.run(async () => {
      await serve(world, 'one');
      const channel = await world.host('client').connect('udp://ledger.example:7000');
      const client = channel.client(Ledger);
      expect(await failure(client.once(job('a')))).toMatchObject({
        code: 'unavailable',
        outcome: 'not-executed',
        attempts: 0,
        cause: { code: 'ENOTFOUND' },
      });
      world.names.set('ledger.example', ['one']);
      await client.once(job('b'));
    });
  });

  it('that is asked for in vain keeps no call beyond its deadline, nor one that is cancelled', async () => {
    const world = simulate({ seed: 3 });
    await world.run(async () => {
      const { platform } = world.host('client');
      const names = { ...platform.names, lookup: () => new Promise<never>(() => {}) };
      const channel = await connect('udp://ledger.example:7000', { platform: { ...platform, names } });
      const client = channel.client(Ledger);
      const controller = new AbortController();
      const cancelled = failure(client.once(job('a'), { signal: controller.signal }));
      const late = failure(client.once(job('b'), { deadline: 100 }));
      const patient = failure(client.once(job('c'), forever));
      controller.abort('enough');
      expect(await cancelled).toMatchObject({ code: 'cancelled', outcome: 'not-executed', cause: 'enough' });
      expect(await late).toMatchObject({ code: 'deadline-exceeded', outcome: 'not-executed' });
      expect(await patient).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    });
  });
});

describe('streams on a channel with several servers', () => {
  const item = (sequence: number): Item => ({ sequence, padding: new Uint8Array() });

  const streamJob = (key: string): StreamJob => ({ ...job(key), count: 0, interval: 0 });

  it('stay at the server where they began, and the next one goes to another', async () => {
    const world = simulate({ seed: 4 });
    await world.run(async () => {
      const peers = new Map<string, string[]>();
      for (const name of ['one', 'two']) {
        const began: string[] = [];
        peers.set(name, began);
        const service: FeedService = {
          async *watch({ key }) {
            began.push(key);
            for (let i = 0; i < 3; i++) yield item(i);
          },
          async load({ key }, items) {
            began.push(key);
            let count = 0;
            for await (const _ of items) count++;
            return { key, execution: 1, count, bytes: 0n };
          },
          async *talk({ key }, items) {
            began.push(key);
            yield* items;
          },
        };
        await world.host(name).serve({ listen: `tcp://${name}:7000`, services: [implement(Feed, service)] });
      }
      world.names.set('streams.example', ['one', 'two']);
      const channel = await world
        .host('client')
        .connect('tcp://streams.example:7000', { balance: 'round-robin' });
      const client = channel.client(Feed);
      const numbers: number[] = [];
      // The first one waits for the name; batches and items alike.
      for await (const batch of client.watch(streamJob('a')).batches())
        numbers.push(...batch.map(({ sequence }) => sequence));
      for await (const { sequence } of client.watch(streamJob('b'))) numbers.push(sequence);
      expect(numbers).toEqual([0, 1, 2, 0, 1, 2]);
      expect(await client.load(streamJob('c'), [item(0), item(1)])).toMatchObject({ key: 'c' });
      for await (const { sequence } of client.talk(streamJob('d'), [item(7)])) numbers.push(sequence);
      expect(numbers.at(-1)).toBe(7);
      expect([...peers.values()]).toEqual([
        ['a', 'c'],
        ['b', 'd'],
      ]);
      await channel.close();
      const late = async () => {
        for await (const each of client.watch(streamJob('e'))) expect.unreachable(String(each));
      };
      await expect(late()).rejects.toThrow('the channel is closed');
    });
  });
});

describe('connect refuses', () => {
  it.each<[ConnectOptions, RegExp]>([
    [{ balance: 'random' as never }, /'balance' must be one of/],
    [{ hedge: { after: 1, copies: 1 } }, /'copies' of a hedge/],
    [{ resolveInterval: 0 }, /'resolveInterval'/],
    [{ patience: -1 }, /'patience'/],
    [{ keepalive: Number.POSITIVE_INFINITY }, /'keepalive'/],
    [{ health: { interval: 0, probe: async () => true } }, /'interval'/],
    [{ outliers: { interval: 0 } }, /'interval' of outliers/],
    [{ outliers: { intervall: 1 } as never }, /'intervall' is not an option/],
  ])('%j', async (options, message) => {
    await expect(connect(['memory:a', 'memory:b'], options)).rejects.toThrow(message);
    await expect(connect(['memory:a', 'memory:b'], options)).rejects.toThrow(RangeError);
  });

  it('no address', () => expect(connect([])).rejects.toThrow(TypeError));
});
