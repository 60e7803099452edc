import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { type Packet, simulate } from '../../../runtime/src/testing/index.js';
import { send, udp } from './support.js';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

describe('datagrams', () => {
  it('arrive after the latency, in order, from where they were sent', async () => {
    const world = simulate({ latency: [5, 50] });
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await udp(b, { port: 7000 });
      const client = await udp(a);
      for (const each of numbers(30)) send(client.socket, each, b.address, 7000);
      await world.sleep(4.9);
      expect(server.texts()).toEqual([]);
      await world.sleep(46);
      expect(server.texts()).toEqual(numbers(30));
      expect(server.received[0]?.from).toEqual({ host: a.address, port: client.socket.address.port });
    });
  });

  it('are lost, doubled, damaged and overtaken as often as told', async () => {
    const fates = async (faults: object) => {
      const world = simulate({ seed: 1, latency: [1, 2], ...faults });
      const [a, b] = [world.host('a'), world.host('b')];
      return world.run(async () => {
        const server = await udp(b, { port: 7000 });
        const client = await udp(a);
        for (const each of numbers(1000)) {
          send(client.socket, each.padStart(4, '0'), b.address, 7000);
          await world.sleep(1);
        }
        await world.sleep(1000);
        return server.texts();
      });
    };
    const sent = numbers(1000).map(each => each.padStart(4, '0'));
    expect(await fates({})).toEqual(sent);
    const kept = await fates({ loss: 0.3 });
    expect(kept.length).toBeGreaterThan(620);
    expect(kept.length).toBeLessThan(780);
    const doubled = await fates({ duplicate: 0.2 });
    expect(new Set(doubled).size).toBe(1000);
    expect(doubled.length).toBeGreaterThan(1140);
    expect(doubled.length).toBeLessThan(1260);
    const reordered = await fates({ reorder: 0.2 });
    expect(reordered).not.toEqual(sent);
    expect([...reordered].sort()).toEqual(sent);
    const damaged = (await fates({ corrupt: 0.5 })).filter((text, i) => text !== sent[i]);
    expect(damaged.length).toBeGreaterThan(400);
    expect(damaged.length).toBeLessThan(600);
  });

  it('wait for the bandwidth of their link, in a queue that drops what does not fit', async () => {
    const world = simulate({ latency: 10, bandwidth: 1000, queue: 300 });
    const [a, b] = [world.host('a'), world.host('b')];
    const overflows: Packet[] = [];
    world.onPacket((packet, fate) => {
      if (fate === 'overflow') overflows.push(packet);
    });
    await world.run(async () => {
      const server = await udp(b, { port: 7000 });
      const client = await udp(a);
      for (const each of numbers(5)) send(client.socket, each.padStart(100, '0'), b.address, 7000);
      await world.sleep(109);
      expect(server.texts()).toHaveLength(0);
      await world.sleep(2);
      expect(server.texts()).toHaveLength(1);
      await world.sleep(200);
      expect(server.texts().map(Number)).toEqual([0, 1, 2]);
      expect(overflows).toHaveLength(2);
      // The queue is empty, and the other way has one of its own.
      send(client.socket, 'x'.repeat(300), b.address, 7000);
      send(server.socket, 'y'.repeat(100), client.socket.address.host, client.socket.address.port);
      await world.sleep(400);
      expect(server.texts()).toHaveLength(4);
      expect(overflows).toHaveLength(2);
    });
    expect(() => simulate({ bandwidth: 0 })).toThrow(RangeError);
    expect(() => simulate({ queue: -1 })).toThrow(RangeError);
  });

  it('go by name, to the host itself, and nowhere when nothing is bound', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const { datagrams } = a.platform;
      expect(await datagrams.resolve('b')).toBe(b.address);
      expect(await datagrams.resolve('localhost')).toBe('127.0.0.1');
      expect(await datagrams.resolve('10.9.9.9')).toBe('10.9.9.9');
      await expect(datagrams.resolve('nobody')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      const own = await udp(a, { port: 9000, host: '127.0.0.1' });
      const other = await udp(b, { port: 9000 });
      const client = await udp(a);
      send(client.socket, 'to me', '127.0.0.1', 9000);
      send(client.socket, 'to nobody', b.address, 9001);
      send(client.socket, 'to no host', '10.9.9.9', 9000);
      await world.sleep(10);
      expect(own.received).toEqual([
        { text: 'to me', from: { host: '127.0.0.1', port: client.socket.address.port } },
      ]);
      expect(other.texts()).toEqual([]);
    });
    expect(world.trace).toContain('unbound');
    expect(world.trace).toContain('unreachable');
  });

  it('refuses what the system refuses', async () => {
    const world = simulate();
    const a = world.host('a');
    await world.run(async () => {
      await udp(a, { port: 7000 });
      await expect(udp(a, { port: 7000 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await expect(udp(a, { port: 7001, host: '10.9.9.9' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
      const { socket } = await udp(a);
      const outcome = (bytes: number, port: number) =>
        new Promise(resolve => socket.send(Buffer.alloc(bytes), { host: a.address, port }, resolve));
      expect(await outcome(65_508, 7000)).toMatchObject({ code: 'EMSGSIZE' });
      expect(await outcome(1, 0)).toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
      expect(await outcome(65_507, 7000)).toBeNull();
    });
  });

  it('have bytes of their own: neither sender nor receiver changes what another gets', async () => {
    const world = simulate({ duplicate: 1 });
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const heard: string[] = [];
      await b.platform.datagrams.open({
        port: 7000,
        onMessage: message => {
          heard.push(message.toString());
          message.fill(0);
        },
      });
      const { socket } = await udp(a);
      const message = Buffer.from('intact');
      socket.send(message, { host: b.address, port: 7000 }, () => message.fill(0));
      await world.sleep(100);
      expect(heard).toEqual(['intact', 'intact']);
    });
  });
});

describe('links', () => {
  const pair = async (latency = 1) => {
    const world = simulate({ latency });
    const [a, b] = [world.host('a'), world.host('b')];
    const [atA, atB] = await world.run(() => Promise.all([udp(a, { port: 1 }), udp(b, { port: 1 })]));
    const exchange = async () => {
      send(atA.socket, 'to b', b.address, 1);
      send(atB.socket, 'to a', a.address, 1);
      await world.sleep(2 * latency);
      return [atA, atB].map(({ received }) => received.splice(0).length);
    };
    return { world, a, b, exchange };
  };

  it('are cut one way or both, and healed', async () => {
    const { world, exchange } = await pair();
    await world.run(async () => {
      expect(await exchange()).toEqual([1, 1]);
      world.cut('a', 'b');
      expect(await exchange()).toEqual([1, 0]);
      world.heal();
      world.partition(['a'], ['b']);
      expect(await exchange()).toEqual([0, 0]);
      world.heal();
      expect(await exchange()).toEqual([1, 1]);
      expect(() => world.cut('a', 'nobody')).toThrow("no host 'nobody'");
    });
  });

  it('have faults of their own before those of hosts, before those of the world, changed at any time', async () => {
    const { world, a, exchange } = await pair();
    await world.run(async () => {
      world.faults({ loss: 1 });
      expect(await exchange()).toEqual([0, 0]);
      a.faults({ loss: 0 });
      expect(await exchange()).toEqual([1, 1]);
      world.link('a', 'b', { loss: 1 });
      expect(await exchange()).toEqual([1, 0]);
      expect(() => world.faults({ loss: 1.5 })).toThrow(RangeError);
      expect(() => a.faults({ latency: [5, 1] })).toThrow(RangeError);
    });
  });

  it('show their packets, and let a script decide on each', async () => {
    const world = simulate({ loss: 1 });
    const [a, b] = [world.host('a'), world.host('b')];
    const captured: Packet[] = [];
    const fates: string[] = [];
    await world.run(async () => {
      const server = await udp(b, { port: 7000 });
      const client = await udp(a);
      const removeTap = world.onPacket((packet, fate) => {
        fates.push(fate);
        if (fate === 'sent') captured.push(packet);
      });
      const verdicts = [
        'drop',
        'deliver',
        'duplicate',
        { delay: 500 },
        { copies: [{ delay: 3, data: Buffer.from('forged') }, { delay: 4 }, { delay: 5 }] },
      ] as const;
      let turn = 0;
      const remove = world.intercept(() => verdicts[turn++]);
      for (const each of numbers(6)) {
        send(client.socket, each, b.address, 7000);
        await world.sleep(10);
      }
      expect(server.texts()).toEqual(['1', '2', '2', 'forged', '4', '4']);
      await world.sleep(1000);
      expect(server.texts().at(-1)).toBe('3');
      remove();
      removeTap();
      const before = fates.length;
      world.inject(captured[0]!);
      world.inject(
        { from: { host: '1.2.3.4', port: 5 }, to: captured[0]!.to, data: Buffer.from('spoofed') },
        20,
      );
      await world.sleep(30);
      expect(server.received.slice(-2)).toEqual([
        { text: '0', from: captured[0]!.from },
        { text: 'spoofed', from: { host: '1.2.3.4', port: 5 } },
      ]);
      expect(fates).toHaveLength(before);
      // The sixth met no verdict, and so the link's faults.
      expect(fates).toContain('lost');
      expect(captured[1]).toMatchObject({
        protocol: 'udp',
        sender: 'a',
        receiver: 'b',
        data: Buffer.from('1'),
      });
    });
  });
});
