import { Buffer } from 'node:buffer';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { nodePlatform } from '../../../runtime/src/platform/node.js';
import type {
  DatagramOptions,
  DatagramSocket,
  SocketAddress,
  StreamListener,
  StreamSocket,
} from '../../../runtime/src/platform/platform.js';

const { clock, datagrams, random, streams } = nodePlatform;
const loopback = '127.0.0.1';
const group = '239.255.77.1';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

const sleep = (ms: number) => new Promise<void>(resolve => clock.setTimer(ms, resolve));

interface Received {
  readonly text: string;
  readonly from: SocketAddress;
}

/** A socket that keeps what it receives, and a way to wait for the next datagram. */
async function udp(options: Partial<DatagramOptions> = {}) {
  const received: Received[] = [];
  const waiting: ((next: Received) => void)[] = [];
  const socket = await datagrams.open({
    host: loopback,
    ...options,
    onMessage: (message, from) => {
      const next = { text: message.toString(), from };
      const wake = waiting.shift();
      if (wake) wake(next);
      else received.push(next);
    },
  });
  opened.push(socket);
  const next = (): Promise<Received> => {
    const first = received.shift();
    return first ? Promise.resolve(first) : new Promise(resolve => waiting.push(resolve));
  };
  return { socket, next, received };
}

const send = (socket: DatagramSocket, text: string, to: SocketAddress) =>
  new Promise<Error | null>(resolve => socket.send(Buffer.from(text), to, resolve));

async function listen(onConnection: (socket: StreamSocket) => void): Promise<StreamListener> {
  const listener = await streams.listen({ host: loopback, onConnection });
  opened.push(listener);
  return listener;
}

/** A connected pair: the end that connected, and the end that was accepted. */
async function pair(): Promise<[StreamSocket, StreamSocket]> {
  let accept: (socket: StreamSocket) => void = () => {};
  const accepted = new Promise<StreamSocket>(resolve => {
    accept = resolve;
  });
  const listener = await listen(socket => accept(socket));
  const near = await streams.connect(listener.address);
  const far = await accepted;
  opened.push({ close: () => near.destroy() }, { close: () => far.destroy() });
  return [near, far];
}

const closed = (socket: StreamSocket) =>
  new Promise<Error | null>(resolve => {
    socket.onClose = resolve;
  });

describe('clock', () => {
  it('is never early', async () => {
    for (const delay of [0.4, 1.5, 7.9]) {
      const start = clock.now();
      await sleep(delay);
      // libuv counts whole milliseconds from the start of its turn.
      expect(clock.now() - start).toBeGreaterThan(delay - 1);
    }
  });

  it('does not fire a timer that was cancelled, nor one beyond what setTimeout can count', async () => {
    const fired: string[] = [];
    clock.setTimer(1, () => fired.push('cancelled')).cancel();
    const distant = clock.setTimer(2 ** 33, () => fired.push('distant'));
    const endless = clock.setTimer(Number.POSITIVE_INFINITY, () => fired.push('endless'));
    await sleep(5);
    distant.cancel();
    endless.cancel();
    expect(fired).toEqual([]);
  });

  it('defers to the end of the turn, before timers and promises of later turns', async () => {
    const order: string[] = [];
    clock.setTimer(0, () => order.push('timer'));
    clock.defer(() => order.push('deferred'));
    order.push('turn');
    await sleep(5);
    expect(order).toEqual(['turn', 'deferred', 'timer']);
  });
});

describe('random', () => {
  it('gives as many bytes as asked for, each time others, which share no memory', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 600; i++) {
      const bytes = random.bytes(16);
      expect(bytes.length).toBe(16);
      expect(bytes.buffer.byteLength).toBe(16);
      seen.add(Buffer.from(bytes).toString('hex'));
    }
    expect(seen.size).toBe(600);
    expect(random.bytes(10_000).length).toBe(10_000);
    expect(random.bytes(0).length).toBe(0);
  });
});

describe('datagrams', () => {
  it('travel both ways between two sockets', async () => {
    const a = await udp();
    const b = await udp();
    expect(await send(a.socket, 'ping', b.socket.address)).toBeNull();
    const ping = await b.next();
    expect(ping).toEqual({ text: 'ping', from: a.socket.address });
    await send(b.socket, 'pong', ping.from);
    expect((await a.next()).text).toBe('pong');
  });

  it('rejects with the system’s code when the port is taken', async () => {
    const { socket } = await udp();
    await expect(udp({ port: socket.address.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('tells how many bytes the system has not taken yet', async () => {
    const { socket } = await udp();
    const sent = send(socket, 'hello', socket.address);
    expect(socket.unsent).toBeLessThanOrEqual('hello'.length);
    await sent;
    expect(socket.unsent).toBe(0);
    socket.close();
    expect(socket.unsent).toBe(0);
  });

  it('tells a send that the system refuses, and goes on', async () => {
    const a = await udp();
    const b = await udp();
    expect(await send(a.socket, 'x', { host: loopback, port: 0 })).toMatchObject({
      code: 'ERR_SOCKET_BAD_PORT',
    });
    expect(await send(a.socket, 'x'.repeat(70_000), b.socket.address)).toMatchObject({ code: 'EMSGSIZE' });
    expect(await send(a.socket, 'still alive', b.socket.address)).toBeNull();
    expect((await b.next()).text).toBe('still alive');
  });

  it('calls nothing back after close', async () => {
    const a = await udp();
    const b = await udp();
    const calls: string[] = [];
    a.socket.send(Buffer.from('1'), b.socket.address, () => calls.push('sent'));
    a.socket.close();
    a.socket.close();
    a.socket.send(Buffer.from('2'), b.socket.address, () => calls.push('sent after close'));
    await sleep(10);
    expect(calls).toEqual([]);
  });

  it('resolves names, and leaves addresses as they are', async () => {
    expect(await datagrams.resolve('localhost')).toBe(loopback);
    expect(await datagrams.resolve('10.1.2.3')).toBe('10.1.2.3');
    expect(await datagrams.resolve('::1')).toBe('::1');
    await expect(datagrams.resolve('no-such-host.invalid')).rejects.toThrow('no-such-host.invalid');
  });
});

describe('multicast with TTL 0 on the loopback interface', () => {
  async function member(port: number) {
    const each = await udp({ host: group, port, reuseAddress: true });
    each.socket.joinGroup(group, loopback);
    return each;
  }

  async function sender() {
    const each = await udp({ host: '0.0.0.0' });
    each.socket.setMulticastInterface(loopback);
    each.socket.setMulticastTtl(0);
    return each;
  }

  it('reaches each member on one port, until it leaves', async () => {
    const { socket } = await sender();
    const first = await member(0);
    const { port } = first.socket.address;
    const second = await member(port);
    const to = { host: group, port };
    await send(socket, 'one', to);
    expect((await first.next()).text).toBe('one');
    expect((await second.next()).text).toBe('one');

    // Linux hands a datagram to each socket of the port while one socket of the host is a member.
    first.socket.leaveGroup(group, loopback);
    second.socket.leaveGroup(group, loopback);
    await send(socket, 'two', to);
    first.socket.joinGroup(group, loopback);
    await send(socket, 'three', to);
    expect((await first.next()).text).toBe('three');
  });

  it('refuses a group that is none, and to leave one that was not joined', async () => {
    const { socket } = await udp();
    expect(() => socket.joinGroup('10.0.0.1', loopback)).toThrow('EINVAL');
    expect(() => socket.leaveGroup(group, loopback)).toThrow('EADDRNOTAVAIL');
  });
});

describe('streams', () => {
  it('carry bytes both ways, and end in order', async () => {
    const [near, far] = await pair();
    expect(near.remote).toEqual(far.local);
    expect(far.remote).toEqual(near.local);
    const arrived = new Promise<string>(resolve => {
      let text = '';
      far.onData = chunk => {
        text += chunk;
        if (text.length === 6) resolve(text);
      };
    });
    near.write(Buffer.from('abc'));
    near.write(Buffer.from('def'));
    expect(await arrived).toBe('abcdef');
    const ends = Promise.all([closed(near), closed(far)]);
    near.end();
    expect(await ends).toEqual([null, null]);
    expect(near.write(Buffer.from('late'))).toBe(false);
  });

  it('gives up to connect when its signal is aborted, and is left alone by it afterwards', async () => {
    const reason = new Error('no time');
    const { address } = await listen(() => {});
    await expect(streams.connect(address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const connecting = streams.connect(address, { signal: controller.signal });
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    const late = new AbortController();
    const socket = await streams.connect(address, { signal: late.signal });
    opened.push({ close: () => socket.destroy() });
    late.abort();
    expect(socket.write(Buffer.from('hello'))).toBe(true);
  });

  it('keeps the code of a connection that is refused', async () => {
    const listener = await listen(() => {});
    listener.close();
    await expect(streams.connect(listener.address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('rejects with the system’s code when the port is taken', async () => {
    const { address } = await listen(() => {});
    await expect(
      streams.listen({ host: loopback, port: address.port, onConnection: () => {} }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('says that it is full, and when it has room again', async () => {
    const [near, far] = await pair();
    const chunk = Buffer.alloc(256 * 1024);
    let received = 0;
    far.onData = bytes => {
      received += bytes.length;
    };
    const drained = new Promise<void>(resolve => {
      near.onDrain = resolve;
    });
    let written = 0;
    do written += chunk.length;
    while (near.write(chunk));
    await drained;
    const ends = closed(far);
    near.end();
    await ends;
    expect(received).toBe(written);
  });

  it('reads nothing while it is paused, and everything once it goes on', async () => {
    const [near, far] = await pair();
    let received = 0;
    far.onData = bytes => {
      received += bytes.length;
    };
    far.pause();
    near.write(Buffer.alloc(1000));
    // What goes the other way shows that time enough has passed.
    const answered = new Promise<void>(resolve => {
      near.onData = () => resolve();
    });
    far.write(Buffer.alloc(1));
    await answered;
    await sleep(10);
    expect(received).toBe(0);
    const ends = closed(far);
    far.resume();
    near.end();
    await ends;
    expect(received).toBe(1000);
  });

  it('destroy is silent at the end that calls it, and told once at the other', async () => {
    const [near, far] = await pair();
    let silent = true;
    near.onClose = () => {
      silent = false;
    };
    let told = 0;
    const gone = new Promise<void>(resolve => {
      far.onClose = () => {
        told++;
        resolve();
      };
    });
    near.destroy();
    near.destroy();
    await gone;
    far.destroy();
    await sleep(5);
    expect({ silent, told }).toEqual({ silent: true, told: 1 });
  });

  it('hands a reset over as its error', async () => {
    const server = createServer(socket => socket.once('data', () => socket.resetAndDestroy()));
    opened.push(server);
    await new Promise<void>(resolve => server.listen(0, loopback, resolve));
    const near = await streams.connect({ host: loopback, port: (server.address() as AddressInfo).port });
    const failure = closed(near);
    near.write(Buffer.from('x'));
    expect(await failure).toMatchObject({ code: 'ECONNRESET' });
    expect(near.write(Buffer.from('x'))).toBe(false);
  });

  it('lets accepted connections live when the listener closes', async () => {
    const [near, far] = await pair();
    opened[0]?.close();
    const heard = new Promise<string>(resolve => {
      far.onData = chunk => resolve(chunk.toString());
    });
    near.write(Buffer.from('still here'));
    expect(await heard).toBe('still here');
  });
});
