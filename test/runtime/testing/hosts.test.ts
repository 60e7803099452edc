import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../runtime/src/testing/index.js';
import { send, udp } from './support.js';

const settled = (promise: Promise<unknown>) => {
  let isSettled = false;
  const note = () => {
    isSettled = true;
  };
  promise.then(note, note);
  return () => isSettled;
};

describe('a host that crashed', () => {
  it('is called back by nothing, and what it still does has no effect', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const ghost = await udp(a, { port: 7000 });
      const other = await udp(b, { port: 7000 });
      const called: string[] = [];
      const { platform } = a;
      platform.clock.setTimer(5, () => called.push('timer'));
      send(other.socket, 'under way', a.address, 7000);
      ghost.socket.send(Buffer.from('sent before'), { host: b.address, port: 7000 }, () =>
        called.push('sent'),
      );
      platform.clock.defer(() => called.push('deferred'));
      a.crash();
      expect(a.isUp).toBe(false);
      platform.clock.setTimer(5, () => called.push('later timer'));
      platform.clock.defer(() => called.push('later deferred'));
      send(ghost.socket, 'sent after', b.address, 7000);
      const promises = [
        platform.datagrams.open({ onMessage: () => {} }),
        platform.datagrams.resolve('b'),
        platform.streams.listen({ onConnection: () => {} }),
        platform.streams.connect({ host: b.address, port: 80 }),
      ].map(settled);
      await world.sleep(300_000);
      expect(called).toEqual([]);
      expect(ghost.texts()).toEqual([]);
      expect(other.texts()).toEqual(['sent before']);
      expect(promises.map(isSettled => isSettled())).toEqual([false, false, false, false]);
    });
    expect(world.trace).toMatch(/down$/m);
  });

  it('restarts with a new platform, the same address and free ports', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const { platform, address } = a;
      const firstDraw = platform.random.next();
      const ghost = await udp(a, { port: 7000 });
      a.crash();
      a.restart();
      expect(a.isUp).toBe(true);
      expect(a.address).toBe(address);
      expect(a.platform).not.toBe(platform);
      expect(a.platform.random.next()).not.toBe(firstDraw);
      const reborn = await udp(a, { port: 7000 });
      const other = await udp(b);
      send(other.socket, 'hello', address, 7000);
      send(ghost.socket, 'boo', b.address, other.socket.address.port);
      await world.sleep(10);
      expect(reborn.texts()).toEqual(['hello']);
      expect(ghost.texts()).toEqual([]);
      expect(other.texts()).toEqual([]);
      ghost.socket.close();
      send(other.socket, 'still there', address, 7000);
      await world.sleep(10);
      expect(reborn.texts()).toEqual(['hello', 'still there']);
    });
  });
});

describe('a host that pauses', () => {
  it('is called back late: timers first, then packets; what it does meanwhile leaves afterwards', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const order: string[] = [];
      const { socket } = await udp(a, { port: 7000, onMessage: message => order.push(message.toString()) });
      const other = await udp(b, { port: 7000 });
      const { clock } = a.platform;
      const start = clock.now();
      clock.setTimer(50, () => order.push(`timer at ${clock.now() - start}`));
      clock.setTimer(60, () => expect.unreachable()).cancel();
      const cancelledLate = clock.setTimer(70, () => expect.unreachable());
      a.pause(2000);
      send(other.socket, 'packet', a.address, 7000);
      send(socket, 'from the paused', b.address, 7000);
      await world.sleep(1500);
      cancelledLate.cancel();
      a.pause(100);
      await world.sleep(499);
      expect(order).toEqual([]);
      expect(other.texts()).toEqual([]);
      await world.sleep(10);
      expect(order).toEqual(['timer at 2000', 'packet']);
      expect(other.texts()).toEqual(['from the paused']);
    });
  });

  it('loses what its socket buffer does not hold', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const receiver = await udp(a, { port: 7000 });
      const { socket } = await udp(b);
      a.pause(1000);
      for (let i = 0; i < 40; i++) socket.send(Buffer.alloc(60_000), { host: a.address, port: 7000 });
      await world.sleep(2000);
      expect(receiver.received).toHaveLength(17);
      send(socket, 'room again', a.address, 7000);
      await world.sleep(10);
      expect(receiver.received).toHaveLength(18);
    });
    expect(world.trace.match(/overflow$/gm)).toHaveLength(23);
  });

  it('may crash in its pause', async () => {
    const world = simulate();
    const a = world.host('a');
    await world.run(async () => {
      a.platform.clock.setTimer(10, () => expect.unreachable());
      a.pause(100);
      await world.sleep(50);
      a.crash();
      a.restart();
      const { clock } = a.platform;
      const start = clock.now();
      await new Promise<void>(resolve => clock.setTimer(10, resolve));
      expect(clock.now() - start).toBe(10);
      await world.sleep(1000);
    });
  });
});

describe('clocks', () => {
  it('differ from host to host, and only the wall clock jumps', async () => {
    const world = simulate();
    const [a, b] = [world.host('a').platform.clock, world.host('b').platform.clock];
    await world.run(async () => {
      expect(a.now()).not.toBe(b.now());
      expect(a.wallTime()).toBe(b.wallTime());
      const [now, wall] = [a.now(), a.wallTime()];
      const due = new Promise<number>(resolve => a.setTimer(100, () => resolve(a.now() - now)));
      world.host('a').jumpWallClock(-3_600_000);
      expect(a.wallTime() - wall).toBe(-3_600_000);
      expect(b.wallTime()).toBe(wall);
      expect(await due).toBe(100);
      world.host('a').restart();
      expect(world.host('a').platform.clock.wallTime() - wall).toBe(-3_600_000 + 100);
    });
  });
});

describe('an address that changes', () => {
  it('is where later packets come from; the old one is nobody’s, and the name follows', async () => {
    const world = simulate();
    const [phone, server] = [world.host('phone'), world.host('server')];
    await world.run(async () => {
      const atServer = await udp(server, { port: 7000 });
      const wild = await udp(phone);
      const bound = await udp(phone, { host: phone.address });
      const before = phone.address;
      const speak = async () => {
        for (const { socket } of [wild, bound]) send(socket, 'x', server.address, 7000);
        await world.sleep(10);
        return atServer.received.splice(0).map(({ from }) => from);
      };
      const [old] = await speak();
      phone.changeAddress();
      expect(phone.address).not.toBe(before);
      expect((await speak()).map(({ host }) => host)).toEqual([phone.address, phone.address]);
      send(atServer.socket, 'to the old', old!.host, old!.port);
      send(atServer.socket, 'to the new', phone.address, old!.port);
      await world.sleep(10);
      expect(wild.texts()).toEqual(['to the new']);
      expect(await server.platform.datagrams.resolve('phone')).toBe(phone.address);
    });
  });
});

describe('hosts behind a translator', () => {
  it('share one address and one port, and get each other’s answers', async () => {
    const world = simulate();
    const [c1, c2, server] = ['c1', 'c2', 'server'].map(name => world.host(name));
    const nat = world.nat(['c1', 'c2']);
    await world.run(async () => {
      const atServer = await udp(server!, { port: 7000 });
      const clients = [await udp(c1!), await udp(c2!)];
      for (const { socket } of clients) send(socket, 'hello', server!.address, 7000);
      await world.sleep(10);
      const [first, second] = atServer.received;
      expect(first!.from).toEqual(second!.from);
      expect(first!.from.host).toBe(nat.address);
      send(atServer.socket, 'answer', first!.from.host, first!.from.port);
      send(atServer.socket, 'straight in', c1!.address, clients[0]!.socket.address.port);
      await world.sleep(10);
      expect(clients.map(({ texts }) => texts())).toEqual([['answer'], ['answer']]);
      expect(clients[0]!.received[0]!.from).toEqual({ host: server!.address, port: 7000 });

      nat.rebind();
      send(atServer.socket, 'lost', first!.from.host, first!.from.port);
      send(clients[0]!.socket, 'again', server!.address, 7000);
      await world.sleep(10);
      expect(atServer.received[2]!.from.host).toBe(nat.address);
      expect(atServer.received[2]!.from.port).not.toBe(first!.from.port);
      expect(clients[0]!.texts()).toEqual(['answer']);
    });
  });

  it('reach each other directly, and may have a port of their own each', async () => {
    const world = simulate();
    const [c1, c2, server] = ['c1', 'c2', 'server'].map(name => world.host(name));
    world.nat(['c1', 'c2'], { ports: 'own' });
    await world.run(async () => {
      const atServer = await udp(server!, { port: 7000 });
      const [one, two] = [await udp(c1!), await udp(c2!, { port: 5 })];
      send(one.socket, 'in private', c2!.address, 5);
      for (const { socket } of [one, two]) send(socket, 'hello', server!.address, 7000);
      await world.sleep(10);
      expect(two.received).toEqual([
        { text: 'in private', from: { host: c1!.address, port: one.socket.address.port } },
      ]);
      const [first, second] = atServer.received.map(({ from }) => from);
      expect(first!.host).toBe(second!.host);
      expect(first!.port).not.toBe(second!.port);
      send(atServer.socket, 'for one', first!.host, first!.port);
      await world.sleep(10);
      expect([one.texts(), two.texts()]).toEqual([['for one'], ['in private']]);
    });
  });
});
