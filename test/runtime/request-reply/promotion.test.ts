import { describe, expect, it } from 'vitest';
import { Ending, Ledger, type LedgerClient } from '../../../generated/testing/ledger/index.js';
import { type Channel, type ConnectOptions, connect, implement } from '../../../runtime/src/index.js';
import type { Platform } from '../../../runtime/src/platform/platform.js';
import {
  type Host,
  type SimulationOptions,
  simulate,
  type World,
} from '../../../runtime/src/testing/index.js';
import { bears } from '../../simulation/wire.js';

const both = (host: string) => [`udp://${host}:7000`, `tcp://${host}:7000`];

/** What a call brings and takes. */
interface Shape {
  readonly load?: number;
  readonly padding?: number;
}

async function serve(host: Host, listen: readonly string[] = both(host.name)) {
  const executed: string[] = [];
  const execute = async ({ key, work, padding }: { key: string; work: number; padding: number }) => {
    executed.push(key);
    if (work > 0) await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
    return { key, execution: 1, padding: Buffer.alloc(padding) };
  };
  const server = await host.serve({
    listen,
    services: [implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note() {} })],
  });
  return { server, executed };
}

/** Counts what goes over the network. */
function watch(world: World) {
  const counted = { requestFragments: 0, replyFragments: 0, overTcp: 0 };
  const ports = new Set<number>();
  world.onPacket((packet, fate) => {
    if (fate !== 'sent') return;
    if (bears(packet, 'requestFragment')) counted.requestFragments++;
    if (bears(packet, 'replyFragment')) counted.replyFragments++;
    if (packet.protocol !== 'tcp') return;
    counted.overTcp += packet.data.length;
    if (packet.sender === 'client') ports.add(packet.from.port);
  });
  return {
    counted,
    /** How many connections the client has tried. */
    connections: () => ports.size,
    take() {
      const taken = { ...counted };
      Object.assign(counted, { requestFragments: 0, replyFragments: 0, overTcp: 0 });
      return taken;
    },
  };
}

interface Parts extends ReturnType<typeof watch>, Awaited<ReturnType<typeof serve>> {
  readonly world: World;
  readonly channel: Channel;
  readonly call: (name: 'once' | 'atLeastOnce', shape: Shape, key?: string, work?: number) => Promise<number>;
}

const callerOf =
  (client: LedgerClient): Parts['call'] =>
  async (name, { load = 0, padding = 0 }, key = 'call', work = 0) => {
    const job = { key, work, padding, ending: Ending.receipt, load: Buffer.alloc(load) };
    return (await client[name](job)).padding.length;
  };

async function play(
  body: (parts: Parts) => Promise<void>,
  {
    options = {},
    listen,
    faults = {},
  }: { options?: ConnectOptions; listen?: readonly string[]; faults?: SimulationOptions } = {},
): Promise<void> {
  const world = simulate({ seed: 1, latency: 5, ...faults });
  await world.run(async () => {
    const served = await serve(world.host('server'), listen);
    const channel = await world.host('client').connect('udp://server:7000', options);
    const call = callerOf(channel.client(Ledger));
    await call('once', {});
    await body({ world, channel, call, ...served, ...watch(world) });
  });
}

const long = 200_000;

describe('a long message of a channel over UDP', () => {
  it('goes over TCP both ways, in the same session', () =>
    play(async ({ call, take, connections, executed, server }) => {
      for (const name of ['once', 'atLeastOnce'] as const) {
        expect(await call(name, { load: long, padding: long }, name)).toBe(long);
        const { requestFragments, replyFragments, overTcp } = take();
        expect([requestFragments, replyFragments]).toEqual([0, 0]);
        expect(overTcp).toBeGreaterThan(2 * long);
        expect(overTcp).toBeLessThan(2.1 * long);
      }
      expect(connections()).toBe(1);
      expect(executed.slice(1)).toEqual(['once', 'atLeastOnce']);
      expect(server.stats().sessions).toBe(1);
    }));

  it('that is the reply to a short one begins as datagrams, of which only the first burst is sent', () =>
    play(async ({ call, take, executed }) => {
      for (const name of ['once', 'atLeastOnce'] as const) {
        expect(await call(name, { padding: long }, name)).toBe(long);
        const { replyFragments, overTcp } = take();
        expect(replyFragments).toBeGreaterThan(0);
        expect(replyFragments).toBeLessThan(40);
        expect(overTcp).toBeGreaterThan(long);
      }
      expect(executed.slice(1)).toEqual(['once', 'atLeastOnce']);
    }));

  it('is acknowledged, so that the server need not keep it', () =>
    play(async ({ world, call, server }) => {
      await call('once', { load: long, padding: long });
      await world.sleep(500);
      expect(server.stats()).toMatchObject({ historyEntries: 0, historyBytes: 0 });
    }));

  it('is no longer than promotionBytes: then it goes as datagrams', () =>
    play(
      async ({ call, take }) => {
        await call('once', { load: long, padding: long });
        const { requestFragments, replyFragments, overTcp } = take();
        expect(requestFragments).toBeGreaterThan(long / 1200);
        expect(replyFragments).toBeGreaterThan(long / 1200);
        expect(overTcp).toBe(0);
      },
      { options: { promotionBytes: Number.POSITIVE_INFINITY } },
    ));

  it('goes as datagrams where the server takes no connections', () =>
    play(
      async ({ call, connections }) => {
        expect(await call('once', { load: long, padding: long })).toBe(long);
        expect(connections()).toBe(0);
      },
      { listen: ['udp://server:7000'] },
    ));

  it('has its connection closed when none was there for a while, and opened again for the next', () =>
    play(async ({ world, call, connections }) => {
      let ends = 0;
      await call('once', { padding: long });
      await world.sleep(5000);
      await call('once', { padding: long });
      expect(connections()).toBe(1);
      const stop = world.onPacket(packet => {
        if (packet.protocol === 'tcp') ends++;
      });
      await world.sleep(25_000);
      expect(ends).toBeGreaterThan(0);
      stop();
      await call('once', { padding: long });
      expect(connections()).toBe(2);
      await world.sleep(15_000);
    }));

  it('keeps its connection while a call that went over it runs', () =>
    play(async ({ call, connections, take }) => {
      take();
      expect(await call('once', { load: long, padding: long }, 'slow', 25_000)).toBe(long);
      expect(connections()).toBe(1);
      expect(take().replyFragments).toBe(0);
    }));

  it('closes its connection with the channel', () =>
    play(async ({ world, channel, call, take }) => {
      await call('once', { load: long });
      await channel.close();
      await world.sleep(1000);
      take();
      await world.sleep(60_000);
      expect(take().overTcp).toBe(0);
    }));
});

/** A client whose connections lead to wherever the test says. */
async function connectVia(
  world: World,
  streams: (real: Platform['streams']) => Platform['streams']['connect'],
): Promise<Parts['call']> {
  const { platform } = world.host('client');
  const channel = await connect('udp://server:7000', {
    platform: {
      ...platform,
      streams: { listen: platform.streams.listen, connect: streams(platform.streams) },
    },
  });
  const call = callerOf(channel.client(Ledger));
  await call('once', {});
  return call;
}

describe('a connection for long messages', () => {
  it('that leads to another server is not used, and opens nothing there', async () => {
    const world = simulate({ seed: 2, latency: 5 });
    await world.run(async () => {
      const { executed, server } = await serve(world.host('server'));
      const other = await serve(world.host('other'));
      let dialled = 0;
      const call = await connectVia(world, real => (_to, signal) => {
        dialled++;
        return real.connect({ host: 'other', port: 7000 }, signal);
      });
      expect(await call('once', { load: long, padding: long }, 'long')).toBe(long);
      expect(await call('once', { padding: long }, 'again')).toBe(long);
      expect(dialled).toBe(1);
      expect(executed.slice(1)).toEqual(['long', 'again']);
      expect(server.stats().sessions).toBe(1);
      expect(other.server.stats()).toMatchObject({ sessions: 0, requests: 0, executed: 0 });
    });
  });

  it('that nobody takes is not waited for', async () => {
    const world = simulate({ seed: 3, latency: 5 });
    await world.run(async () => {
      await serve(world.host('server'));
      const call = await connectVia(
        world,
        real => (_to, signal) => real.connect({ host: 'server', port: 7999 }, signal),
      );
      const before = world.now;
      await call('once', { load: 70_000 });
      expect(world.now - before).toBeLessThan(200);
    });
  });

  it('that comes late takes over what has begun as datagrams', async () => {
    const world = simulate({ seed: 4, latency: 5, bandwidth: 2_000_000 });
    await world.run(async () => {
      const { server, executed } = await serve(world.host('server'));
      const { clock } = world.host('client').platform;
      const call = await connectVia(world, real => async (to, signal) => {
        await new Promise<void>(resolve => void clock.setTimer(500, resolve));
        return real.connect(to, signal);
      });
      const { take } = watch(world);
      const size = 2_500_000;
      expect(await call('once', { load: size }, 'long')).toBe(0);
      const { requestFragments, overTcp } = take();
      expect(requestFragments).toBeGreaterThan(100);
      expect(requestFragments).toBeLessThan(size / 1200);
      expect(overTcp).toBeGreaterThan(size);
      expect(executed.slice(1)).toEqual(['long']);
      expect(server.stats().halfOpenBytes).toBe(0);
    });
  });

  it('that is dialled in vain is given up after five seconds, and tried more and more seldom', async () => {
    const world = simulate({ seed: 5, latency: 5 });
    await world.run(async () => {
      await serve(world.host('server'));
      const times: number[] = [];
      const call = await connectVia(world, () => async (_to, { signal } = {}) => {
        times.push(world.now);
        return new Promise((_resolve, reject) =>
          signal!.addEventListener('abort', () => reject(signal!.reason)),
        );
      });
      for (let i = 0; i < 60; i++) {
        await call('once', { padding: 70_000 });
        await world.sleep(800);
      }
      const gaps = times.slice(1).map((time, i) => time - times[i]!);
      expect(gaps.length).toBeGreaterThan(2);
      for (const [i, gap] of gaps.entries()) {
        const bar = 5000 + 2000 * 2 ** i;
        expect(gap).toBeGreaterThanOrEqual(bar);
        expect(gap).toBeLessThan(bar + 1500);
      }
    });
  });
});

describe('a long reply over a slow connection', () => {
  it('is not asked for again while it arrives', async () => {
    const world = simulate({ seed: 6, latency: 500 });
    await world.run(async () => {
      const { server } = await serve(world.host('server'));
      const channel = await world.host('client').connect('tcp://server:7000');
      const before = world.now;
      expect(await callerOf(channel.client(Ledger))('once', { padding: 4_000_000 })).toBe(4_000_000);
      expect(world.now - before).toBeGreaterThan(10_000);
      expect(channel.stats().probes).toBe(0);
      expect(server.stats()).toMatchObject({ resent: 0, requests: 1 });
    });
  });
});
