import { setTimeout as realSleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../runtime/src/testing/index.js';
import { udp } from './support.js';

const hour = 3_600_000;

describe('run', () => {
  it('lets hours pass, in the order in which things are due', async () => {
    const world = simulate();
    const { clock } = world.host('a').platform;
    const order: string[] = [];
    const start = clock.now();
    const result = await world.run(async () => {
      clock.setTimer(2 * hour, () => order.push('two hours'));
      clock.setTimer(hour, () => order.push('an hour'));
      clock.setTimer(hour, () => order.push('the same hour'));
      await world.sleep(3 * hour);
      return 'done';
    });
    expect(result).toBe('done');
    expect(order).toEqual(['an hour', 'the same hour', 'two hours']);
    expect(world.now).toBe(3 * hour);
    expect(clock.now() - start).toBe(3 * hour);
  });

  it('drains ticks and promise jobs of any depth before time goes on', async () => {
    const world = simulate();
    const { clock } = world.host('a').platform;
    const order: string[] = [];
    await world.run(async () => {
      clock.setTimer(1, async () => {
        clock.defer(() => order.push('deferred'));
        for (let i = 0; i < 50; i++) await new Promise(resolve => process.nextTick(resolve));
        order.push('jobs');
      });
      clock.setTimer(1, () => order.push('next timer'));
      await world.sleep(10);
    });
    expect(order).toEqual(['deferred', 'jobs', 'next timer']);
  });

  it('rejects, naming the seed, when it waits for something outside the world', async () => {
    const world = simulate({ seed: 7 });
    await expect(world.run(() => realSleep(60_000, undefined, { ref: false }))).rejects.toThrow(
      /simulation failed with seed 7 at 0\.000 ms: the run waits, but no timer and no packet is left/,
    );
  });

  it('rejects when time goes on but what it waits for never comes', async () => {
    const world = simulate({ timeLimit: 1000 });
    const { clock } = world.host('a').platform;
    const beat = () => void clock.setTimer(100, beat);
    beat();
    await expect(world.run(() => new Promise(() => {}))).rejects.toThrow('not settled after 1000 ms');
    expect(world.now).toBeLessThanOrEqual(1000);
  });

  it('names the seed and keeps the cause when the body or a callback throws', async () => {
    const cause = new TypeError('boom');
    const failing = simulate({ seed: 'x' });
    await expect(failing.run(() => Promise.reject(cause))).rejects.toMatchObject({
      message: 'simulation failed with seed x at 0.000 ms: boom',
      cause,
    });
    const tapped = simulate();
    tapped.onPacket((_, fate) => {
      if (fate === 'unbound') throw cause;
    });
    const { address, platform } = tapped.host('a');
    await expect(
      tapped.run(async () => {
        const socket = await platform.datagrams.open({ onMessage: () => {} });
        socket.send(Buffer.from('x'), { host: address, port: 7000 });
        await tapped.sleep(100);
      }),
    ).rejects.toMatchObject({ cause });
    const world = simulate({ seed: 3 });
    world.host('a').platform.clock.setTimer(5, () => {
      throw cause;
    });
    await expect(world.run(() => world.sleep(100))).rejects.toMatchObject({
      message: 'simulation failed with seed 3 at 5.000 ms: boom',
      cause,
    });
  });

  it('refuses to run twice at a time, and runs again afterwards', async () => {
    const world = simulate();
    const first = world.run(() => world.sleep(5));
    await expect(world.run(() => world.sleep(5))).rejects.toThrow('this world runs already');
    await first;
    await world.run(() => world.sleep(5));
    expect(world.now).toBe(10);
  });

  it('two worlds run side by side', async () => {
    const worlds = [simulate({ seed: 1 }), simulate({ seed: 2 })];
    await Promise.all(worlds.map((world, index) => world.run(() => world.sleep(10 + index))));
    expect(worlds.map(world => world.now)).toEqual([10, 11]);
  });

  it('a timer that was cancelled neither fires nor keeps the world going', async () => {
    const world = simulate();
    const { clock } = world.host('a').platform;
    const timers = Array.from({ length: 1000 }, (_, i) =>
      clock.setTimer((i * 7919) % 1000, () => expect.unreachable()),
    );
    for (const timer of timers) timer.cancel();
    clock.setTimer(Number.POSITIVE_INFINITY, () => expect.unreachable());
    await expect(world.run(() => new Promise(() => {}))).rejects.toThrow('no timer and no packet');
    expect(world.now).toBe(0);
  });
});

describe('the same seed', () => {
  const play = async (seed: number) => {
    const world = simulate({
      seed,
      loss: 0.2,
      duplicate: 0.2,
      reorder: 0.2,
      corrupt: 0.1,
      latency: [1, 20],
    });
    const [a, b] = [world.host('a'), world.host('b')];
    const heard: string[] = [];
    await world.run(async () => {
      const server = await b.platform.datagrams.open({
        port: 7000,
        onMessage: (message, from) => {
          heard.push(message.toString());
          server.send(b.platform.random.bytes(20), from);
        },
      });
      const listener = await b.platform.streams.listen({
        port: 80,
        onConnection: socket => {
          socket.onData = chunk => socket.write(chunk);
        },
      });
      const client = await udp(a);
      const stream = await a.platform.streams.connect({ host: 'b', port: listener.address.port });
      for (let i = 0; i < 50; i++) {
        client.socket.send(a.platform.random.bytes(10 + i), { host: b.address, port: 7000 });
        stream.write(a.platform.random.bytes(500));
        await world.sleep(a.platform.random.next() * 10);
      }
      await world.sleep(60_000);
    });
    return { heard, trace: world.trace };
  };

  it('gives the same run, packet for packet, and another seed another', async () => {
    const [first, again, other] = [await play(1), await play(1), await play(2)];
    expect(again).toEqual(first);
    expect(first.trace.split('\n').length).toBeGreaterThan(200);
    expect(other.trace).not.toBe(first.trace);
  });

  it('gives each host a stream of random numbers of its own', () => {
    const draw = (names: string[]) => {
      const world = simulate({ seed: 5 });
      for (const name of names) world.host(name).platform.random.next();
      return [...world.host('a').platform.random.bytes(8)].join();
    };
    expect(draw(['a'])).toBe(draw(['b', 'c', 'a']));
    const world = simulate({ seed: 5 });
    expect(world.host('a').platform.random.next()).not.toBe(world.host('b').platform.random.next());
  });
});

describe('random', () => {
  it('is spread evenly', () => {
    const { random } = simulate({ seed: 1 }).host('a').platform;
    const numbers = Array.from({ length: 10_000 }, random.next);
    expect(numbers.every(each => each >= 0 && each < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = numbers.filter(each => Math.floor(each * 10) === tenth).length;
      expect(share).toBeGreaterThan(850);
      expect(share).toBeLessThan(1150);
    }
    const bits = [...random.bytes(10_000)].reduce(
      (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
      0,
    );
    expect(bits).toBeGreaterThan(39_000);
    expect(bits).toBeLessThan(41_000);
  });
});
