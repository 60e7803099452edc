import { describe, expect, it } from 'vitest';
import { type ListAddress, parseGroupAddress } from '../../../runtime/src/group/address.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message } from '../../../runtime/src/group/message.js';
import { unicastTransport } from '../../../runtime/src/group/transport/unicast.js';
import { type Host, simulate, type World } from '../../../runtime/src/testing/index.js';
import { type Bare, bareStack } from './transport-support.js';

const places = 'a:7000,b:7000,c:7000';

async function start(host: Host, address = places): Promise<Bare> {
  const parsed = parseGroupAddress(`udp://${address}`, 'ledger').address;
  const bare = bareStack(host.platform, [unicastTransport(parsed as ListAddress)]);
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

describe('the transport without multicast', () => {
  it('finds its own place in the list', () =>
    inWorld(async world => {
      const members = await startAll(world);
      expect(members.map(({ stack }) => stack.self.at)).toEqual(
        ['a', 'b', 'c'].map(name => ({ host: world.host(name).address, port: 7000 })),
      );
    }));

  it('takes the next place where one is another member’s, and tells when there is none', () =>
    inWorld(async world => {
      const a = world.host('a');
      await start(a, 'a:7000,a:7001');
      expect((await start(a, 'a:7000,a:7001')).stack.self.at.port).toBe(7001);
      await expect(start(a, 'a:7000,a:7001')).rejects.toThrow(/none of the places.*bind=HOST:PORT/);
      world.host('b');
      await expect(start(a, 'b:7000')).rejects.toThrow(/none of the places/);
      await expect(start(a, 'nobody:7000')).rejects.toThrow(/ENOTFOUND/);
    }));

  it('is where the address binds it, at a port of which nobody knew', () =>
    inWorld(async world => {
      world.host('b');
      world.host('c');
      const d = await start(world.host('d'), `b:7000?bind=${world.host('d').address}:0`);
      expect(d.stack.self.at.host).toBe(world.host('d').address);
      expect(d.stack.self.at.port).toBeGreaterThan(0);
      await expect(start(world.host('d'), 'b:7000?bind=0.0.0.0:0')).rejects.toThrow(/that of an interface/);
    }));

  it('takes what is for everyone to the whole list at first, and then to the view', () =>
    inWorld(async world => {
      const [a, b, c] = await startAll(world);
      a.say('first');
      await world.sleep(10);
      expect([a, b, c].map(each => each.texts())).toEqual([[], ['first'], ['first']]);
      enter(a, b);
      a.say('second');
      await world.sleep(10);
      expect([a, b, c].map(each => each.texts())).toEqual([[], ['first', 'second'], ['first']]);
      expect([a, b, c].map(each => each.drops())).toEqual([{}, {}, {}]);
    }));

  it('takes what discovery and merging say to everyone to the list and to the view, to each once', () =>
    inWorld(async world => {
      const [a, b, c] = await startAll(world);
      const d = await start(world.host('d'), `${places}?bind=${world.host('d').address}:0`);
      enter(a, b, d);
      for (const kind of [Kind.discovery, Kind.merge]) {
        a.stack.down([new Message(kind, a.id, everyone, Buffer.from(`kind ${kind}`))]);
      }
      await world.sleep(10);
      expect([a, b, c, d].map(each => each.texts())).toEqual([
        [],
        ['kind 16', 'kind 25'],
        ['kind 16', 'kind 25'],
        ['kind 16', 'kind 25'],
      ]);
      expect(b.batches).toHaveLength(1);
    }));

  it('does not try addresses that its socket cannot reach', () =>
    inWorld(async world => {
      const [a, b] = await startAll(world);
      a.stack.services.transport.places = [{ host: '::1', port: 7000 }, b.stack.self.at];
      const to = new Set<string>();
      world.onPacket(packet => to.add(packet.to.host));
      a.say('hello');
      await world.sleep(10);
      expect([...to]).toEqual([b.stack.self.at.host]);
    }));

  it('takes what is for one to that one', () =>
    inWorld(async world => {
      const [a, b, c] = await startAll(world);
      a.say('hello');
      await world.sleep(10);
      b.say('and to you', a.id);
      b.say('to nobody', 4711);
      await world.sleep(10);
      expect([a.texts(), c.texts(), b.drops()]).toEqual([['and to you'], ['hello'], { 'not-a-member': 1 }]);
    }));
});
