import { describe, expect, it } from 'vitest';
import { type ListAddress, parseGroupAddress } from '../../../runtime/src/group/address.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message } from '../../../runtime/src/group/message.js';
import { framed } from '../../../runtime/src/group/transport/connection.js';
import { readHello, writeHello } from '../../../runtime/src/group/transport/hello.js';
import { groupKeyOf } from '../../../runtime/src/group/transport/layout.js';
import { PacketWriter } from '../../../runtime/src/group/transport/packet-writer.js';
import { tcpTransport } from '../../../runtime/src/group/transport/tcp.js';
import type { SocketAddress, StreamSocket } from '../../../runtime/src/platform/platform.js';
import { type Host, simulate, type World } from '../../../runtime/src/testing/index.js';
import { type Bare, bareStack } from './transport-support.js';

const places = 'a:7000,b:7000,c:7000';
const groupKey = groupKeyOf('ledger');

async function start(host: Host, address = places, key?: Uint8Array): Promise<Bare> {
  const parsed = parseGroupAddress(`tcp://${address}`, 'ledger').address;
  const bare = bareStack(host.platform, [tcpTransport(parsed as ListAddress, { key })]);
  await bare.stack.start();
  return bare;
}

function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const world = simulate({ seed: 1 });
  return world.run(() => body(world));
}

async function startAll(world: World): Promise<[Bare, Bare, Bare]> {
  const hosts = ['a', 'b', 'c'].map(name => world.host(name));
  return (await Promise.all(hosts.map(host => start(host)))) as [Bare, Bare, Bare];
}

function enter(...members: Bare[]): void {
  const view = {
    id: { counter: 1, creator: members[0]!.id },
    members: members.map(({ stack }) => stack.self),
  };
  for (const { stack } of members) stack.raise({ type: 'view', view, joined: [], sides: [] });
}

/** How many connections are opened between two hosts, counted by the packets of their handshakes. */
function countConnections(world: World): () => number {
  const opened = new Set<string>();
  world.onPacket(packet => {
    if (packet.protocol !== 'tcp') return;
    const ends = [packet.from, packet.to].map(({ host, port }) => `${host}:${port}`).sort();
    opened.add(ends.join(' '));
  });
  return () => opened.size;
}

function packetFrom(sender: number, text: string): Buffer {
  const writer = new PacketWriter({ groupKey, sender, sealing: undefined, packetBytes: 1400 });
  writer.begin(everyone);
  writer.add(new Message(Kind.channel, sender, everyone, Buffer.from(text)));
  return writer.finish();
}

async function dial(
  from: Host,
  at: SocketAddress,
): Promise<{ socket: StreamSocket; isClosed: () => boolean }> {
  const socket = await from.platform.streams.connect(at);
  let closed = false;
  socket.onClose = () => {
    closed = true;
  };
  return { socket, isClosed: () => closed };
}

describe('the transport by TCP', () => {
  it('takes what is for everyone to the whole list at first, and then to the view', () =>
    inWorld(async world => {
      const [a, b, c] = await startAll(world);
      a.say('first');
      await world.sleep(50);
      expect([a, b, c].map(each => each.texts())).toEqual([[], ['first'], ['first']]);
      enter(a, b);
      a.say('second');
      await world.sleep(50);
      expect([a, b, c].map(each => each.texts())).toEqual([[], ['first', 'second'], ['first']]);
      expect([a, b, c].map(each => each.drops())).toEqual([{}, {}, {}]);
    }));

  it('answers by the connection by which it was asked', () =>
    inWorld(async world => {
      const [a, b, c] = await startAll(world);
      const connections = countConnections(world);
      a.say('hello', everyone);
      await world.sleep(50);
      b.say('hello a', a.id);
      c.say('hello a', a.id);
      await world.sleep(50);
      a.say('once more', b.id);
      await world.sleep(50);
      expect([a.texts(), b.texts()]).toEqual([
        ['hello a', 'hello a'],
        ['hello', 'once more'],
      ]);
      expect(connections()).toBe(2);
    }));

  it('connects again when a connection broke, and soon after a member came back', () =>
    inWorld(async world => {
      const [a, b] = await startAll(world);
      a.say('one');
      await world.sleep(50);
      world.resetConnections('a', 'b');
      await world.sleep(50);
      a.say('two');
      await world.sleep(50);
      expect(b.texts()).toEqual(['one', 'two']);
      world.host('b').kill();
      await world.sleep(50);
      a.say('lost');
      await world.sleep(10);
      expect(a.drops()).toEqual({ unreachable: 1 });
      a.say('too soon');
      expect(a.drops()).toEqual({ unreachable: 1 });
      await world.sleep(10);
      expect(a.drops()).toEqual({ unreachable: 2 });
      world.host('b').restart();
      const again = await start(world.host('b'));
      await world.sleep(100);
      a.say('three');
      await world.sleep(50);
      expect(again.texts()).toEqual(['three']);
    }));

  it('takes long packets whole, however the stream is cut', () =>
    inWorld(async world => {
      const [a, b] = await startAll(world);
      const texts = [1, 2, 3, 4, 5].map(index => `${index}`.repeat(9000 * index));
      for (const text of texts) a.say(text);
      await world.sleep(500);
      expect(b.texts()).toEqual(texts);
    }));

  it('drops what a member that does not read has no room for, and counts it', () =>
    inWorld(async world => {
      const [a, b] = await startAll(world);
      a.say('hello');
      await world.sleep(50);
      world.host('b').pause(60_000);
      for (let round = 0; round < 200; round++) {
        a.say('x'.repeat(60_000));
        await world.sleep(1);
      }
      expect(a.drops().overflow).toBeGreaterThan(10);
      await world.sleep(120_000);
      expect(b.texts().length).toBeGreaterThan(50);
      a.say('and on');
      await world.sleep(1000);
      expect(b.texts().at(-1)).toBe('and on');
    }));

  it('41 a packet with a forged member address', () =>
    inWorld(async world => {
      const [a, b] = await startAll(world);
      a.say('hello');
      await world.sleep(50);
      const { socket } = await dial(world.host('c'), b.stack.self.at);
      // It says to be a, and then speaks for somebody else.
      socket.write(framed(writeHello(groupKey, a.stack.self)));
      socket.write(framed(packetFrom(a.id, 'forged')));
      socket.write(framed(packetFrom(4711, 'forged')));
      await world.sleep(50);
      expect([b.texts(), b.drops()]).toEqual([['hello'], { forged: 2 }]);
      b.say('for a', a.id);
      await world.sleep(50);
      expect(a.texts()).toEqual(['for a']);
    }));

  it('believes a hello where packets are sealed, and only those that are', () =>
    inWorld(async world => {
      const key = Buffer.alloc(16, 5);
      const hosts = ['a', 'b', 'c'].map(name => world.host(name));
      const [a, b, c] = await Promise.all(hosts.map(host => start(host, places, key)));
      a!.say('hello');
      await world.sleep(50);
      expect([b!.texts(), c!.texts()]).toEqual([['hello'], ['hello']]);
      const { socket } = await dial(world.host('d'), b!.stack.self.at);
      socket.write(framed(writeHello(groupKey, a!.stack.self)));
      socket.write(framed(packetFrom(a!.id, 'forged')));
      await world.sleep(50);
      expect([b!.texts(), b!.drops()]).toEqual([['hello'], { forged: 1 }]);
    }));

  it('40 random and truncated packets from outside', () =>
    inWorld(async world => {
      const [, b] = await startAll(world);
      const c = world.host('c');
      const hello = framed(writeHello(groupKey, { id: 4711, at: { host: c.address, port: 1 } }));
      const bad = [
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.alloc(4),
        framed(Buffer.from('hello')),
        framed(writeHello(groupKeyOf('bank'), { id: 4711, at: { host: c.address, port: 1 } })),
        Buffer.concat([hello, Buffer.from([255, 255, 255, 255, 1])]),
      ];
      for (const bytes of bad) {
        const { socket, isClosed } = await dial(c, b.stack.self.at);
        socket.write(bytes);
        await world.sleep(50);
        expect(isClosed()).toBe(true);
      }
      const { socket, isClosed } = await dial(c, b.stack.self.at);
      socket.write(
        Buffer.concat([hello, framed(Buffer.from('no packet')), framed(packetFrom(4711, 'sound'))]),
      );
      await world.sleep(50);
      expect([isClosed(), b.texts(), b.drops()]).toEqual([
        false,
        ['sound'],
        { malformed: bad.length, damaged: 1 },
      ]);
    }));

  it('has so many connections with strangers', () =>
    inWorld(async world => {
      const [, b] = await startAll(world);
      for (let index = 0; index < 300; index++) await dial(world.host('c'), b.stack.self.at);
      await world.sleep(50);
      expect(b.drops()).toEqual({ flood: 300 - 256 });
    }));

  it('sends what was said last before it stops, and is silent afterwards', () =>
    inWorld(async world => {
      const [a, b] = await startAll(world);
      a.say('hello');
      await world.sleep(50);
      a.say('farewell');
      await a.stack.stop();
      b.say('too late', a.id);
      await world.sleep(5000);
      expect([a.texts(), b.texts()]).toEqual([[], ['hello', 'farewell']]);
    }));
});

describe('a hello', () => {
  const hello = { id: 0x0a1b2c3d4e5f, at: { host: '10.0.0.1', port: 7000 } };

  it('is read as it was written', () => {
    expect(readHello(writeHello(groupKey, hello), groupKey)).toEqual(hello);
  });

  it('is none when a byte is missing or too many, or of another group', () => {
    const bytes = writeHello(groupKey, hello);
    for (let length = 0; length < bytes.length; length++) {
      expect(readHello(bytes.subarray(0, length), groupKey)).toBe(undefined);
    }
    expect(readHello(Buffer.concat([bytes, Buffer.alloc(1)]), groupKey)).toBe(undefined);
    expect(readHello(bytes, groupKeyOf('bank'))).toBe(undefined);
  });
});
