/** What plain messages are promised, on networks that lose, double, reorder and damage packets. */
import { type Host, type Packet, simulate, type World } from '@convoke/runtime/testing';
import type { Endpoint, EndpointError, Message } from '@convoke/runtime/transport';
import { describe, expect, it } from 'vitest';
import { MessageFrame } from '../../runtime/src/messages/frames.js';
import { packetHeaderBytes } from '../../runtime/src/transport/packet.js';

const badNetwork = { loss: 0.3, duplicate: 0.2, reorder: 0.2, corrupt: 0.02, latency: [1, 20] } as const;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = ({ data }: Message): string => new TextDecoder().decode(data);

/** Whether the first frame of a datagram is of the type. */
const bears = (packet: Packet, type: keyof typeof MessageFrame): boolean =>
  packet.protocol === 'udp' && packet.data[packetHeaderBytes + 4] === MessageFrame[type];

const failure = (sending: Promise<void>): Promise<EndpointError> =>
  sending.then(
    () => expect.unreachable(),
    (error: unknown) => error as EndpointError,
  );

/** Takes all that comes. */
function collect(endpoint: Endpoint): string[] {
  const taken: string[] = [];
  endpoint.on('message', message => taken.push(textOf(message)));
  return taken;
}

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

async function withPair(
  world: World,
  scheme: 'udp' | 'tcp',
  play: (pair: { a: Endpoint; b: Endpoint; hostA: Host; hostB: Host; to: string }) => Promise<void>,
): Promise<void> {
  const [hostA, hostB] = [world.host('a'), world.host('b')];
  await world.run(async () => {
    const a = await hostA.openEndpoint(`${scheme}://a:7000`);
    const b = await hostB.openEndpoint(`${scheme}://b:7000`);
    await play({ a, b, hostA, hostB, to: `${scheme}://b:7000` });
  });
}

describe('synchronous sends over UDP', () => {
  const play = async (seed: number) => {
    const world = simulate({ seed, ...badNetwork });
    const names = ['a', 'b', 'c'];
    const count = 60;
    let taken: string[] = [];
    let stats: ReturnType<Endpoint['stats']> | undefined;
    await world.run(async () => {
      const receiver = await world
        .host('receiver')
        .openEndpoint('udp://receiver:7000', { queuedMessages: 4 });
      taken = collect(receiver);
      const send = async (name: string) => {
        const sender = await world.host(name).openEndpoint(`udp://${name}:7000`);
        const sending = numbered(name, count).map(text =>
          sender.send('udp://receiver:7000', bytes(text), { sync: true, timeout: 120_000 }),
        );
        await Promise.all(sending);
      };
      await Promise.all(names.map(send));
      // Copies that are still under way.
      await world.sleep(5000);
      stats = receiver.stats();
    });
    expect([...taken].sort()).toEqual(names.flatMap(name => numbered(name, count)).sort());
    expect(stats!.duplicates).toBeGreaterThan(0);
    expect(stats!.damaged).toBeGreaterThan(0);
    return world.trace;
  };

  it.each([1, 2, 3, 4])('deliver each message of many senders exactly once, seed %d', async seed => {
    await play(seed);
  });

  it('take the same way for the same seed', async () => {
    expect(await play(5)).toBe(await play(5));
  });

  it('are not delivered again when all their packets come again later', async () => {
    const world = simulate({ seed: 6, latency: [1, 20] });
    const packets: Packet[] = [];
    world.onPacket((packet, fate) => {
      if (fate === 'sent' && packet.receiver === 'b') packets.push(packet);
    });
    await withPair(world, 'udp', async ({ a, b, to }) => {
      const taken = collect(b);
      for (const text of numbered('a', 20)) await a.send(to, bytes(text), { sync: true });
      const captured = packets.splice(0);
      for (const wait of [0, 60_000, 119_000]) for (const packet of captured) world.inject(packet, wait);
      await world.sleep(120_000);
      expect(taken).toEqual(numbered('a', 20));
      expect(b.stats().duplicates).toBe(60);
    });
  });

  it('wait for room in the queue of the receiver', async () => {
    const world = simulate({ seed: 7 });
    const host = world.host('a');
    await world.run(async () => {
      const a = await host.openEndpoint('udp://a:7000');
      const b = await world.host('b').openEndpoint('udp://b:7000', { queuedMessages: 1 });
      const sending = numbered('a', 3).map(text => a.send('udp://b:7000', bytes(text), { sync: true }));
      await world.sleep(100);
      expect(b.stats()).toMatchObject({ queued: 1, dropped: 2 });
      const taken = [await b.receive(), await b.receive(), await b.receive()].map(textOf);
      await Promise.all(sending);
      expect(taken.sort()).toEqual(numbered('a', 3));
    });
  });

  it('go to one endpoint only: where it was started anew they fail as unknown', async () => {
    const world = simulate({ seed: 8 });
    await withPair(world, 'udp', async ({ a, b, hostB, to }) => {
      await Promise.all([a.send(to, bytes('before'), { sync: true }), b.receive()]);
      world.intercept(packet => (bears(packet, 'taken') ? 'drop' : undefined));
      const sending = failure(a.send(to, bytes('taken by the first'), { sync: true }));
      expect(textOf(await b.receive())).toBe('taken by the first');
      hostB.restart();
      const next = await hostB.openEndpoint(to);
      const taken = collect(next);
      expect(await sending).toMatchObject({ code: 'ECONNRESET', taken: 'unknown' });
      await a.send(to, bytes('plain'));
      await world.sleep(1000);
      expect(taken).toEqual(['plain']);
    });
  });

  it('reach an endpoint that was started anew, when they begin later', async () => {
    const world = simulate({ seed: 9 });
    await withPair(world, 'udp', async ({ a, b, hostB, to }) => {
      await Promise.all([a.send(to, bytes('before'), { sync: true }), b.receive()]);
      hostB.restart();
      const next = await hostB.openEndpoint(to);
      const taken = collect(next);
      // The first copy finds out, and might have been taken by the one before.
      expect(await failure(a.send(to, bytes('one'), { sync: true }))).toMatchObject({ code: 'ECONNRESET' });
      await a.send(to, bytes('two'), { sync: true });
      expect(taken).toEqual(['two']);
    });
  });

  it('are not answered by what the sender before got at the same port', async () => {
    const world = simulate({ seed: 10 });
    const answers: Packet[] = [];
    world.onPacket((packet, fate) => {
      if (fate === 'sent' && bears(packet, 'taken')) answers.push(packet);
    });
    await withPair(world, 'udp', async ({ a, b, hostA, to }) => {
      await Promise.all([a.send(to, bytes('one'), { sync: true }), b.receive()]);
      hostA.restart();
      const next = await hostA.openEndpoint('udp://a:7000');
      const sending = next.send(to, bytes('two'), { sync: true });
      let isTaken = false;
      void sending.then(() => {
        isTaken = true;
      });
      await world.sleep(50);
      for (const packet of answers) world.inject(packet);
      await world.sleep(50);
      expect(isTaken).toBe(false);
      expect(textOf(await b.receive())).toBe('two');
      await sending;
    });
  });

  it('reject at their end, and tell whether the message can have been taken', async () => {
    const world = simulate({ seed: 11 });
    await withPair(world, 'udp', async ({ a, to }) => {
      const begin = world.now;
      // It is in the queue, where nobody takes it.
      const waiting = await failure(a.send(to, bytes('?'), { sync: true, timeout: 3000 }));
      expect(waiting).toMatchObject({ code: 'ETIMEDOUT', taken: 'unknown' });
      expect(world.now - begin).toBe(3000);
      world.partition(['a'], ['b']);
      const other = failure(a.send('udp://b:7001', bytes('?'), { sync: true, timeout: 3000 }));
      expect(await other).toMatchObject({ code: 'ETIMEDOUT', taken: 'no' });
    });
  });

  it('resolve when the event loop stood still past their end, and the answer waits to be read', async () => {
    const world = simulate({ seed: 12 });
    await withPair(world, 'udp', async ({ a, b, hostA, to }) => {
      collect(b);
      const sending = a.send(to, bytes('late'), { sync: true, timeout: 1000 });
      // The inquiry and its answer take 2 ms, the message 1 ms.
      await world.sleep(2.5);
      hostA.pause(5000);
      await sending;
    });
  });
});

describe('asynchronous sends', () => {
  it('over UDP may be lost, doubled and overtaken, never altered', async () => {
    const world = simulate({ seed: 20, ...badNetwork, corrupt: 0.1 });
    await withPair(world, 'udp', async ({ a, b, to }) => {
      const taken = collect(b);
      for (const text of numbered('a', 200)) {
        await a.send(to, bytes(text));
        await world.sleep(5);
      }
      await world.sleep(1000);
      const different = new Set(taken);
      const sent = numbered('a', 200);
      expect(sent).toEqual(expect.arrayContaining([...different]));
      expect(different.size).toBeLessThan(200);
      expect(taken.length).toBeGreaterThan(different.size);
      const order = taken.map(text => sent.indexOf(text));
      expect(order).not.toEqual([...order].sort((one, other) => one - other));
    });
  });

  it('over TCP arrive once and in order, whatever the network does', async () => {
    const world = simulate({ seed: 21, ...badNetwork });
    await withPair(world, 'tcp', async ({ a, b, to }) => {
      const taken = collect(b);
      for (const text of numbered('a', 200)) void a.send(to, bytes(text));
      await a.send(to, bytes('last'), { sync: true, timeout: 120_000 });
      expect(taken).toEqual([...numbered('a', 200), 'last']);
    });
  });
});

describe('over TCP', () => {
  it('the sender of what was not taken learns that the connection broke, and can connect anew', async () => {
    const world = simulate({ seed: 30 });
    await withPair(world, 'tcp', async ({ a, b, to }) => {
      const sending = failure(a.send(to, bytes('one'), { sync: true }));
      await world.sleep(100);
      world.resetConnections('a', 'b');
      expect(await sending).toMatchObject({ code: 'ECONNRESET', taken: 'unknown' });
      await a.send(to, bytes('two'));
      expect([textOf(await b.receive()), textOf(await b.receive())]).toEqual(['one', 'two']);
    });
  });

  it('a receiver answers at the host from which the connection came', async () => {
    const world = simulate({ seed: 31 });
    const [hostA, hostB] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const a = await hostA.openEndpoint('tcp://0.0.0.0:7000');
      const b = await hostB.openEndpoint('tcp://b:7000');
      await a.send('tcp://b:7000', bytes('ping'));
      const { from } = await b.receive();
      expect(from).toBe(`tcp://${hostA.address}:7000`);
      await b.send(from, bytes('pong'));
      expect(textOf(await a.receive())).toBe('pong');
    });
  });
});
