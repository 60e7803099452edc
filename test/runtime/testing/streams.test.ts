import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../runtime/src/testing/index.js';
import { codeOf, tcpServer, watch } from './support.js';

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');
const minutes = 60_000;

const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    error => codeOf(error),
  );

describe('a stream', () => {
  it('carries bytes in order both ways, cut and put together anew, and ends in order', async () => {
    const world = simulate({ seed: 1, loss: 0.1, corrupt: 0.05, latency: [1, 20] });
    const [a, b] = [world.host('a'), world.host('b')];
    const text = lines(5000);
    await world.run(async () => {
      const server = await tcpServer(b, 80, true);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const sizes = new Set<number>();
      let back = '';
      const done = new Promise<void>(resolve => {
        socket.onData = chunk => {
          sizes.add(chunk.length);
          back += chunk;
          if (back.length === text.length) resolve();
        };
      });
      for (let at = 0; at < text.length; at += 1000) socket.write(Buffer.from(text.slice(at, at + 1000)));
      await done;
      expect(back).toBe(text);
      expect(server.text()).toBe(text);
      expect(sizes.size).toBeGreaterThan(5);
      expect(socket.remote).toEqual({ host: b.address, port: 80 });
      expect(server.sockets[0]!.remote).toEqual(socket.local);

      const ended = new Promise(resolve => {
        socket.onClose = resolve;
      });
      socket.end();
      expect(socket.write(Buffer.from('late'))).toBe(false);
      expect(await ended).toBeNull();
      expect(server.log).toEqual(['end']);
      expect(server.text()).toBe(text);
    });
  });

  it('delivers what was written before the end', async () => {
    const world = simulate({ latency: 30 });
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const near = watch(socket);
      socket.write(Buffer.from(lines(3000)));
      socket.end();
      await world.sleep(1000);
      expect(server.text()).toBe(lines(3000));
      expect([near.log, server.log]).toEqual([['end'], ['end']]);
    });
  });

  it('says that it is full while its reader is stopped, and when there is room', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      let drains = 0;
      socket.onDrain = () => {
        drains++;
      };
      await world.sleep(10);
      b.pause(10 * minutes);
      const chunk = Buffer.from('x'.repeat(10_000));
      let written = 0;
      do written += chunk.length;
      while (socket.write(chunk));
      expect(written).toBeGreaterThan(256 * 1024);
      expect(written).toBeLessThan(512 * 1024);
      await world.sleep(9 * minutes);
      expect(drains).toBe(0);
      await world.sleep(2 * minutes);
      expect(drains).toBe(1);
      expect(server.text().length).toBe(written);
    });
  });

  it('lets what arrives wait while it is paused, until the other end is full, and its end as well', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      await world.sleep(10);
      const [accepted] = server.sockets;
      accepted!.pause();
      let written = 0;
      const chunk = Buffer.alloc(10_000);
      do written += chunk.length;
      while (socket.write(chunk));
      socket.end();
      await world.sleep(1000);
      expect([server.text(), server.log]).toEqual(['', []]);
      accepted!.resume();
      await world.sleep(1000);
      expect(server.text()).toHaveLength(written);
      expect(server.log).toEqual(['end']);
    });
  });

  it('is destroyed in silence at one end, and ends at the other', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const near = watch(socket);
      await world.sleep(10);
      server.sockets[0]!.write(Buffer.from('under way'));
      socket.destroy();
      socket.destroy();
      await world.sleep(100);
      expect(near.text()).toBe('');
      expect(near.log).toEqual([]);
      expect(server.log).toHaveLength(1);
    });
  });

  it('reaches the host itself', async () => {
    const world = simulate({ loss: 1 });
    const a = world.host('a');
    await world.run(async () => {
      const server = await tcpServer(a, 80, true);
      for (const host of ['localhost', a.address]) {
        const socket = await a.platform.streams.connect({ host, port: 80 });
        const near = watch(socket);
        socket.write(Buffer.from('hello'));
        await world.sleep(10);
        expect(near.text()).toBe('hello');
      }
      expect(server.sockets).toHaveLength(2);
    });
  });
});

describe('a connection', () => {
  it('is refused when nobody listens, and times out when nothing answers', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    const dial = (host: string, port = 80) => failure(a.platform.streams.connect({ host, port }));
    await world.run(async () => {
      expect(await dial('b')).toBe('ECONNREFUSED');
      expect(await dial('nobody')).toBe('ENOTFOUND');
      expect(await dial('b', 0)).toBe('ERR_SOCKET_BAD_PORT');
      const { listener } = await tcpServer(b, 80);
      expect(await failure(tcpServer(b, 80))).toBe('EADDRINUSE');
      listener.close();
      expect(await dial('b')).toBe('ECONNREFUSED');
      const start = world.now;
      b.crash();
      expect(await dial('b')).toBe('ETIMEDOUT');
      expect(world.now - start).toBeGreaterThan(2 * minutes);
    });
  });

  it('is given up when its signal is aborted', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const reason = new Error('no time');
      const controller = new AbortController();
      world.partition(['a'], ['b']);
      const connecting = a.platform.streams.connect({ host: 'b', port: 80 }, { signal: controller.signal });
      const failed = expect(connecting).rejects.toBe(reason);
      await world.sleep(500);
      controller.abort(reason);
      await failed;
      world.heal();
      await world.sleep(10 * minutes);
      expect(server.sockets).toEqual([]);
    });
  });

  it('survives the close of its listener', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      await world.sleep(10);
      server.listener.close();
      socket.write(Buffer.from('still here'));
      await world.sleep(10);
      expect(server.text()).toBe('still here');
    });
  });

  it('holds bytes through a partition, and goes on when it heals', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const near = watch(socket);
      world.partition(['a'], ['b']);
      socket.write(Buffer.from('held'));
      await world.sleep(minutes);
      expect(server.text()).toBe('');
      world.heal();
      await world.sleep(minutes);
      expect(server.text()).toBe('held');
      expect([near.log, server.log]).toEqual([[], []]);
    });
  });

  it.each([
    ['the way there', 'a', 'b', ''],
    ['the way back', 'b', 'a', 'lost?'],
  ])('times out when %s stays cut, and its idle end learns nothing', async (_, from, to, arrived) => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const near = watch(socket);
      await world.sleep(10);
      world.cut(from, to);
      socket.write(Buffer.from('lost?'));
      await world.sleep(minutes);
      expect(near.log).toEqual([]);
      await world.sleep(4 * minutes);
      expect(near.log).toEqual(['ETIMEDOUT']);
      expect(server.text()).toBe(arrived);
      expect(server.log).toEqual([]);
    });
  });

  it('is half open after a crash: its traffic meets a reset once the host is up again', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const near = watch(socket);
      await world.sleep(10);
      b.crash();
      await world.sleep(60 * minutes);
      expect(near.log).toEqual([]);
      socket.write(Buffer.from('anyone?'));
      await world.sleep(30_000);
      expect(near.log).toEqual([]);
      b.restart();
      await world.sleep(minutes);
      expect(near.log).toEqual(['ECONNRESET']);
    });
  });

  it('is reset when the program of the other end is killed, whose machine then refuses', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const near = watch(await a.platform.streams.connect({ host: 'b', port: 80 }));
      await world.sleep(10);
      b.kill();
      await world.sleep(10);
      expect(near.log).toEqual(['ECONNRESET']);
      expect(server.log).toEqual([]);
      expect(await failure(a.platform.streams.connect({ host: 'b', port: 80 }))).toBe('ECONNREFUSED');
    });
  });

  it('is reset at both ends by a script, between the two hosts only', async () => {
    const world = simulate();
    const [a, b, c] = [world.host('a'), world.host('b'), world.host('c')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      const ends = [watch(socket), watch(await c.platform.streams.connect({ host: 'b', port: 80 }))];
      await world.sleep(10);
      const remove = world.onPacket((packet, fate) => {
        if (packet.protocol !== 'tcp' || packet.data.length === 0 || fate !== 'sent') return;
        remove();
        world.resetConnections('b', 'a');
      });
      socket.write(Buffer.from('never read'));
      await world.sleep(10);
      expect(ends.map(({ log }) => log)).toEqual([['ECONNRESET'], []]);
      expect(server.log).toEqual(['ECONNRESET']);
      expect(server.text()).toBe('');
    });
  });

  it('breaks when the address changes: here at once, there when it sends', async () => {
    const world = simulate();
    const [phone, b] = [world.host('phone'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const near = watch(await phone.platform.streams.connect({ host: 'b', port: 80 }));
      await world.sleep(10);
      phone.changeAddress();
      await world.sleep(10);
      expect(near.log).toEqual(['ECONNABORTED']);
      await world.sleep(10 * minutes);
      expect(server.log).toEqual([]);
      server.sockets[0]!.write(Buffer.from('are you there?'));
      await world.sleep(10 * minutes);
      expect(server.log).toEqual(['ETIMEDOUT']);
    });
  });

  it('fails where a firewall eats its segments, and is late where they are', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      const server = await tcpServer(b, 80);
      const remove = world.intercept(({ protocol }) => (protocol === 'tcp' ? 'drop' : undefined));
      expect(await failure(a.platform.streams.connect({ host: 'b', port: 80 }))).toBe('ETIMEDOUT');
      remove();
      const socket = await a.platform.streams.connect({ host: 'b', port: 80 });
      world.intercept(({ protocol }) => (protocol === 'tcp' ? { delay: 5000 } : undefined));
      socket.write(Buffer.from('late'));
      await world.sleep(4990);
      expect(server.text()).toBe('');
      await world.sleep(20);
      expect(server.text()).toBe('late');
    });
  });

  it('appears outside a translator under its address, each under its own port', async () => {
    const world = simulate();
    const [c1, c2, b] = [world.host('c1'), world.host('c2'), world.host('b')];
    const nat = world.nat(['c1', 'c2']);
    await world.run(async () => {
      const server = await tcpServer(b, 80, true);
      const ends = [];
      for (const client of [c1, c2]) {
        const socket = await client.platform.streams.connect({ host: 'b', port: 80 });
        ends.push(watch(socket));
        socket.write(Buffer.from(client.name));
      }
      await world.sleep(10);
      expect(ends.map(({ text }) => text())).toEqual(['c1', 'c2']);
      const [first, second] = server.sockets.map(({ remote }) => remote);
      expect([first!.host, second!.host]).toEqual([nat.address, nat.address]);
      expect(first!.port).not.toBe(second!.port);
    });
  });
});
