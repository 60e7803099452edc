import { describe, expect, it } from 'vitest';
import { type MulticastAddress, parseGroupAddress } from '../../../runtime/src/group/address.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message } from '../../../runtime/src/group/message.js';
import { multicastTransport } from '../../../runtime/src/group/transport/multicast.js';
import { nodePlatform } from '../../../runtime/src/platform/node.js';
import { type Host, simulate } from '../../../runtime/src/testing/index.js';
import { type Bare, bareStack } from './transport-support.js';

function addressOf(host: string, options = 'ttl=1'): MulticastAddress {
  return parseGroupAddress(`udp+multicast://239.255.0.1:7400?interface=${host}&${options}`, 'ledger')
    .address as MulticastAddress;
}

async function start(host: Host, options?: string, group?: string): Promise<Bare> {
  const bare = bareStack(host.platform, [multicastTransport(addressOf(host.address, options))], group);
  await bare.stack.start();
  return bare;
}

function inWorld(body: (world: ReturnType<typeof simulate>) => Promise<void>): Promise<void> {
  const world = simulate({ seed: 1 });
  return world.run(() => body(world));
}

function enter({ stack }: Bare, members: readonly Bare[]): void {
  const view = {
    id: { counter: members.length, creator: members[0]!.id },
    members: members.map(member => member.stack.self),
  };
  stack.raise({ type: 'view', view, joined: [], sides: [] });
}

describe('the multicast transport', () => {
  it('takes a message to every other member and not back to its sender, from the address that it gave itself', () =>
    inWorld(async world => {
      const [a, b, c] = [
        await start(world.host('a')),
        await start(world.host('b')),
        await start(world.host('c')),
      ];
      expect(a.stack.self.at.host).toBe(world.host('a').address);
      a.say('hello');
      await world.sleep(10);
      expect([a, b, c].map(each => each.texts())).toEqual([[], ['hello'], ['hello']]);
      const [message] = b.batches[0]!;
      expect(message).toMatchObject({ sender: a.id, target: everyone, kind: Kind.channel, reliable: false });
      expect([a, b, c].map(each => each.drops())).toEqual([{}, {}, {}]);
      // Both learnt where the sender is, and so can answer it.
      b.say('hello yourself', a.id);
      await world.sleep(10);
      expect([a, b, c].map(each => each.texts())).toEqual([['hello yourself'], ['hello'], ['hello']]);
    }));

  it('sends what is said in one turn in one packet for each destination', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      a.say('hello');
      await world.sleep(10);
      let packets = 0;
      world.onPacket((_, fate) => {
        if (fate === 'sent') packets++;
      });
      for (const text of ['one', 'two']) b.say(text);
      for (const text of ['three', 'four']) b.say(text, a.id);
      b.say('five');
      await world.sleep(10);
      expect(a.batches.map(batch => batch.map(({ body }) => `${body}`))).toEqual([
        ['one', 'two', 'five'],
        ['three', 'four'],
      ]);
      // A multicast is judged on the way back to its own host too.
      expect(packets).toBe(3);
    }));

  it('sends to the only other member of the view alone, and multicasts to more', () =>
    inWorld(async world => {
      const members = [
        await start(world.host('a')),
        await start(world.host('b')),
        await start(world.host('c')),
      ];
      const [a, b, c] = members as [Bare, Bare, Bare];
      let packets = 0;
      world.onPacket((_, fate) => {
        if (fate === 'sent') packets++;
      });
      enter(a, [a, b]);
      a.say('to two');
      await world.sleep(10);
      expect(members.map(each => each.texts())).toEqual([[], ['to two'], []]);
      expect(packets).toBe(1);
      enter(a, [a, b, c]);
      a.say('to three');
      await world.sleep(10);
      expect(members.map(each => each.texts())).toEqual([[], ['to two', 'to three'], ['to three']]);
    }));

  it('fills packets up to the length that the address says', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a'), 'ttl=1&mtu=512'), await start(world.host('b'))];
      const lengths: number[] = [];
      world.onPacket(packet => lengths.push(packet.data.length));
      for (let index = 0; index < 20; index++) a.say('x'.repeat(100));
      await world.sleep(10);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(512);
      expect(b.batches.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4]);
    }));

  it('delivers what a member sends itself in the next turn', () =>
    inWorld(async world => {
      const a = await start(world.host('a'));
      a.say('note', a.id);
      expect(a.texts()).toEqual([]);
      await world.sleep(1);
      expect(a.texts()).toEqual(['note']);
    }));

  it('does not pass a router when its TTL is 0', () =>
    inWorld(async world => {
      world.router('r', ['one', 'two']);
      const a = await start(world.host('a', { subnets: ['one'] }), 'ttl=0');
      const b = await start(world.host('b', { subnets: ['two'] }));
      a.say('hello');
      await world.sleep(10);
      expect(b.texts()).toEqual([]);
    }));

  it('drops packets of other groups at the same address, and counts them', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'), undefined, 'bank')];
      a.say('hello');
      await world.sleep(10);
      expect([b.texts(), b.drops()]).toEqual([[], { 'foreign-group': 1 }]);
    }));

  it('drops packets for another incarnation at its address', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      b.say('hello');
      await world.sleep(10);
      a.stack.down([new Message(Kind.channel, a.id, b.id, Buffer.from('for b'))]);
      const captured: Buffer[] = [];
      world.intercept(packet => {
        captured.push(Buffer.from(packet.data));
        return 'drop';
      });
      await world.sleep(10);
      const c = await start(world.host('c'));
      for (const data of captured) world.inject({ from: a.stack.self.at, to: c.stack.self.at, data });
      await world.sleep(10);
      expect(captured).toHaveLength(1);
      expect([c.texts(), c.drops()]).toEqual([[], { 'not-a-member': 1 }]);
    }));

  it('41 a packet with a forged member address', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      const captured: Buffer[] = [];
      world.onPacket(packet => captured.push(Buffer.from(packet.data)));
      a.say('hello');
      await world.sleep(10);
      expect(b.texts()).toEqual(['hello']);
      const elsewhere = { host: world.host('c').address, port: 4711 };
      world.inject({ from: elsewhere, to: b.stack.self.at, data: captured[0]! });
      // Its own name from elsewhere is no better.
      world.inject({ from: elsewhere, to: a.stack.self.at, data: captured[0]! });
      await world.sleep(10);
      expect([b.texts(), b.drops()]).toEqual([['hello'], { forged: 1 }]);
      expect([a.texts(), a.drops()]).toEqual([[], { forged: 1 }]);
    }));

  it('40 random and truncated packets from outside', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      const from = { host: world.host('c').address, port: 4711 };
      const noise = world.host('c').platform.random;
      for (let index = 0; index < 200; index++) {
        world.inject({ from, to: b.stack.self.at, data: noise.bytes(Math.floor(noise.next() * 100)) });
      }
      a.say('hello');
      await world.sleep(10);
      expect([b.texts(), b.drops()]).toEqual([['hello'], { damaged: 200 }]);
    }));

  it('knows a member of the view where the view says it is, whoever spoke for it before', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      const captured: Buffer[] = [];
      world.intercept(packet => {
        captured.push(Buffer.from(packet.data));
        return 'drop';
      });
      a.say('hello');
      await world.sleep(10);
      world.inject({
        from: { host: world.host('c').address, port: 4711 },
        to: b.stack.self.at,
        data: captured[0]!,
      });
      await world.sleep(10);
      const view = { id: { counter: 1, creator: a.id }, members: [a.stack.self, b.stack.self] };
      b.stack.raise({ type: 'view', view, joined: [], sides: [] });
      world.inject({ from: a.stack.self.at, to: b.stack.self.at, data: captured[0]! });
      await world.sleep(10);
      expect([b.texts(), b.drops()]).toEqual([['hello', 'hello'], {}]);
    }));

  it('counts what is for a member that nobody knows', () =>
    inWorld(async world => {
      const a = await start(world.host('a'));
      a.say('hello', 4711);
      await world.sleep(1);
      expect(a.drops()).toEqual({ 'not-a-member': 1 });
    }));

  it('sends what was said last before it stops, and is silent afterwards', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      a.say('farewell');
      await a.stack.stop();
      b.say('too late');
      await world.sleep(10);
      expect([a.texts(), b.texts()]).toEqual([[], ['farewell']]);
    }));

  it('does so on this machine, by its loopback interface', async () => {
    const layers = [multicastTransport(addressOf('127.0.0.1', 'ttl=0'))];
    const [a, b] = [bareStack(nodePlatform, layers), bareStack(nodePlatform, layers)];
    await Promise.all([a.stack.start(), b.stack.start()]);
    const heard = new Promise<void>(resolve => {
      const poll = (): void => void (b.batches.length > 0 ? resolve() : setTimeout(poll, 5));
      poll();
    });
    a.say('hello');
    await heard;
    expect(b.texts()).toEqual(['hello']);
    expect([a.drops(), b.drops()]).toEqual([{}, {}]);
    await Promise.all([a.stack.stop(), b.stack.stop()]);
  });
});
