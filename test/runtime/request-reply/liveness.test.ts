import { describe, expect, it } from 'vitest';
import { Ending, type Job, Ledger } from '../../../generated/testing/ledger/index.js';
import { CallError, type ConnectOptions, implement, type Server } from '../../../runtime/src/index.js';
import { simulate, type World } from '../../../runtime/src/testing/index.js';
import { bears } from '../../simulation/wire.js';

const job = (key: string, work = 0): Job => ({ key, work, padding: 0, ending: Ending.receipt });
const forever = { deadline: Number.POSITIVE_INFINITY };
const schemes = ['udp', 'tcp'] as const;

async function play(
  scheme: 'udp' | 'tcp',
  options: ConnectOptions,
  body: (parts: { world: World; server: Server } & Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const world = simulate({ seed: 1 });
  await world.run(async () => {
    const host = world.host('server');
    const execute = async ({ key, work }: Job) => {
      if (work > 0) await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
      return { key, execution: 1, padding: new Uint8Array() };
    };
    const server = await host.serve({
      listen: `${scheme}://server:7000`,
      services: [implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note() {} })],
    });
    await body({ world, server, ...(await open(world, scheme, options)) });
  });
}

async function open(world: World, scheme: 'udp' | 'tcp', options: ConnectOptions) {
  const address = `${scheme}://${world.host('server').address}:7000`;
  const channel = await world.host('client').connect(address, options);
  return { channel, client: channel.client(Ledger) };
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );

describe.each(schemes)('a call without a deadline, over %s,', scheme => {
  it('to a server that vanished after it got the request ends with outcome unknown', () =>
    play(scheme, {}, async ({ client, world }) => {
      await client.once(job('a'));
      const calls = [client.once(job('b', 1000), forever), client.atLeastOnce(job('c', 1000), forever)];
      const failures = Promise.all(calls.map(failure));
      await world.sleep(100);
      world.host('server').crash();
      for (const error of await failures)
        expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    }));

  it('to a server that was never there ends with outcome not-executed', () =>
    play(scheme, {}, async ({ client, world }) => {
      world.partition(['client'], ['server']);
      expect(await failure(client.once(job('a'), forever))).toMatchObject({
        code: 'unavailable',
        outcome: 'not-executed',
      });
      expect(await failure(client.once(job('b'), forever))).toBeInstanceOf(CallError);
    }));

  it('of a maybe procedure whose request was lost resolves to undefined', () =>
    play(scheme, {}, async ({ client, world }) => {
      await client.once(job('a'));
      world.partition(['client'], ['server']);
      expect(await client.perhaps(job('b'), forever)).toBeUndefined();
    }));

  it('lasts as long as the procedure, if the server gives signs of life', () =>
    play(scheme, {}, async ({ client }) => {
      expect(await client.once(job('a', 10 * 60_000), forever)).toMatchObject({ key: 'a' });
    }));

  it('survives a partition that is shorter than the lease', () =>
    play(scheme, {}, async ({ client, world }) => {
      await client.once(job('a'));
      const call = client.atLeastOnce(job('b', 5000), forever);
      await world.sleep(100);
      world.partition(['client'], ['server']);
      await world.sleep(40_000);
      world.heal();
      expect(await call).toMatchObject({ key: 'b' });
    }));
});

describe.each(schemes)('keepalive, over %s,', scheme => {
  it('keeps the session of a silent channel', () =>
    play(scheme, { keepalive: 20_000 }, async ({ client, server, world }) => {
      await client.once(job('a'));
      await world.sleep(10 * 60_000);
      expect(server.stats().sessions).toBe(1);
      await client.once(job('b'));
      expect(server.stats()).toMatchObject({ resets: 0, executed: 2 });
    }));

  it('finds out that the server is gone, and that it is back', () =>
    play(scheme, { keepalive: 5000 }, async ({ channel, client, world }) => {
      await client.once(job('a'));
      const state = () => channel.servers()[0]!.state;
      world.partition(['client'], ['server']);
      await world.sleep(15_000);
      expect(state()).toBe('unreachable');
      world.heal();
      await world.sleep(15_000);
      expect(state()).not.toBe('unreachable');
      await client.once(job('b'));
    }));

  it('is not there unless it is asked for', () =>
    play(scheme, {}, async ({ client, world }) => {
      await client.once(job('a'));
      await world.sleep(10_000);
      let packets = 0;
      world.onPacket(() => packets++);
      await world.sleep(600_000);
      expect(packets).toBe(0);
    }));
});

it('a ping is repeated when it is lost', () =>
  play('udp', { keepalive: 5000 }, async ({ channel, client, world }) => {
    await client.once(job('a'));
    await world.sleep(4000);
    let lost = 0;
    world.intercept(packet => (bears(packet, 'probe') && lost++ < 2 ? 'drop' : undefined));
    await world.sleep(7000);
    expect(lost).toBeGreaterThan(2);
    expect(channel.servers()[0]!.state).toBe('ready');
  }));
