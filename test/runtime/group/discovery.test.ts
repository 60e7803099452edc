import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ListAddress,
  type MulticastAddress,
  parseGroupAddress,
} from '../../../runtime/src/group/address.js';
import { MalformedBytes } from '../../../runtime/src/group/bytes.js';
import { dnsDiscovery } from '../../../runtime/src/group/discovery/dns.js';
import { readDiscovery, writeDiscovery } from '../../../runtime/src/group/discovery/frames.js';
import { listDiscovery, textDiscovery } from '../../../runtime/src/group/discovery/list.js';
import { multicastDiscovery } from '../../../runtime/src/group/discovery/multicast.js';
import type { LayerSpec } from '../../../runtime/src/group/layer.js';
import { createMember, type MemberId } from '../../../runtime/src/group/member.js';
import type { Discovered } from '../../../runtime/src/group/services.js';
import { multicastTransport } from '../../../runtime/src/group/transport/multicast.js';
import { unicastTransport } from '../../../runtime/src/group/transport/unicast.js';
import { type Host, simulate, type World } from '../../../runtime/src/testing/index.js';
import { type Bare, bareStack } from './transport-support.js';

function inWorld(body: (world: World) => Promise<void>, options = {}): Promise<void> {
  const world = simulate({ seed: 1, ...options });
  return world.run(() => body(world));
}

async function start(host: Host, finding: LayerSpec = multicastDiscovery()): Promise<Bare> {
  const { address } = parseGroupAddress(
    `udp+multicast://239.255.0.1:7400?interface=${host.address}&ttl=1`,
    'ledger',
  );
  const bare = bareStack(host.platform, [multicastTransport(address as MulticastAddress), finding]);
  await bare.stack.start();
  return bare;
}

async function startAt(host: Host, places: string, finding: LayerSpec = multicastDiscovery()): Promise<Bare> {
  const { address } = parseGroupAddress(`udp://${places}`, 'ledger');
  const bare = bareStack(host.platform, [unicastTransport(address as ListAddress), finding]);
  await bare.stack.start();
  return bare;
}

interface Outcome {
  readonly at: number;
  readonly found: readonly Discovered[];
  readonly seekers: readonly MemberId[];
}

function find(world: World, { stack }: Bare, timeout = 500): Promise<Outcome> {
  return new Promise(resolve => {
    stack.services.discovery.find(timeout, (found, seekers) => resolve({ at: world.now, found, seekers }));
  });
}

/** Puts them into one view, the first its coordinator. */
function inOneView(...members: Bare[]): void {
  const view = {
    id: { counter: 1, creator: members[0]!.id },
    members: members.map(({ stack }) => stack.self),
  };
  for (const { stack, id } of members) stack.services.discovery.answer = { view, primary: true, by: id };
}

const idsOf = (found: readonly Discovered[]) => found.map(({ by }) => by);

describe('discovery', () => {
  it('finds the coordinator as soon as it answers, and where all members are', () =>
    inWorld(async world => {
      const [a, b, c] = [
        await start(world.host('a')),
        await start(world.host('b')),
        await start(world.host('c')),
      ];
      inOneView(a, b);
      const begun = world.now;
      const { at, found } = await find(world, c);
      expect([idsOf(found), found[0]!.view.members, found[0]!.primary]).toEqual([
        [a.id],
        [a.stack.self, b.stack.self],
        true,
      ]);
      expect(at - begun).toBe(2);
      c.say('to b', b.id);
      await world.sleep(10);
      expect(b.texts()).toEqual(['to b']);
    }));

  it('finds nobody where nobody is, when its time is over', () =>
    inWorld(async world => {
      const a = await start(world.host('a'));
      const begun = world.now;
      const { at, found, seekers } = await find(world, a, 700);
      expect([found, seekers, at - begun]).toEqual([[], [], 700]);
    }));

  it('tells who else looks, so that those who begin at one time do so together', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      const [one, other] = await Promise.all([find(world, a), find(world, b)]);
      expect([one.seekers, other.seekers, one.found]).toEqual([[b.id], [a.id], []]);
    }));

  it('asks again: what is lost costs time only', () =>
    inWorld(
      async world => {
        const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
        inOneView(a);
        for (let run = 0; run < 20; run++) {
          expect(idsOf((await find(world, b, 10_000)).found)).toEqual([a.id]);
        }
      },
      { loss: 0.4 },
    ));

  it('finds a member that is not the coordinator where that one is silent', () =>
    inWorld(async world => {
      const [a, b, c] = [
        await start(world.host('a')),
        await start(world.host('b')),
        await start(world.host('c')),
      ];
      inOneView(a, b);
      world.host('a').crash();
      const { found } = await find(world, c);
      expect([idsOf(found), found[0]!.view.members[0]]).toEqual([[b.id], a.stack.self]);
    }));

  it('replaces a search that has not ended', () =>
    inWorld(async world => {
      const a = await start(world.host('a'));
      let ended = 0;
      a.stack.services.discovery.find(100, () => ended++);
      await find(world, a, 300);
      expect(ended).toBe(0);
    }));

  it('announces the coordinator of a view to members of others, and to nobody else', () =>
    inWorld(async world => {
      const [a, b, c, d] = [
        await start(world.host('a')),
        await start(world.host('b')),
        await start(world.host('c')),
        await start(world.host('d')),
      ];
      inOneView(a, b);
      inOneView(c);
      const told: [string, MemberId][] = [];
      for (const [name, bare] of Object.entries({ a, b, c, d })) {
        bare.stack.services.discovery.onForeign = ({ by }) => told.push([name, by]);
      }
      a.stack.services.discovery.announce();
      await world.sleep(10);
      expect(told).toEqual([['c', a.id]]);
    }));

  it('42 flood of questions: so many answers a second, and the rest is counted', () =>
    inWorld(async world => {
      const [a, b] = [await start(world.host('a')), await start(world.host('b'))];
      inOneView(a);
      let answers = 0;
      world.onPacket((packet, fate) => {
        if (fate === 'sent' && packet.sender === 'a') answers++;
      });
      for (let question = 0; question < 3000; question++) {
        b.stack.services.discovery.find(1000, () => {});
        await world.sleep(1);
      }
      await world.sleep(10);
      expect(answers).toBeLessThan(360);
      expect(answers).toBeGreaterThan(300);
      expect(a.drops()).toEqual({ flood: 3000 - answers });
    }));

  it('is not asked by each of a view of many', () =>
    inWorld(async world => {
      const members: Bare[] = [];
      for (let index = 0; index < 40; index++) members.push(await start(world.host(`m${index}`)));
      inOneView(...members);
      world.host('m0').crash();
      const seeker = await start(world.host('seeker'));
      let answers = 0;
      world.onPacket((packet, fate) => {
        if (fate === 'delivered' && packet.receiver === 'seeker' && packet.sender !== 'seeker') answers++;
      });
      const { found } = await find(world, seeker, 600);
      expect(found.length).toBeGreaterThanOrEqual(3);
      expect(answers).toBeLessThan(40);
    }));

  it.each([
    ['a list', () => listDiscovery(['a:7000', 'c:7000'])],
    ['a text', () => textDiscovery(async () => '# members\na:7000\n\n  c:7000\n')],
    ['SRV records', () => dnsDiscovery('_ledger._udp.example')],
    ['A records', () => dnsDiscovery('ledger.example', 7000)],
  ])('finds members by %s', (_, finding) =>
    inWorld(async world => {
      const hosts = ['a', 'b', 'c'].map(name => world.host(name));
      world.names.set('ledger.example', ['a', 'c']);
      world.names.setServices(
        '_ledger._udp.example',
        ['a', 'c'].map(host => ({ host, port: 7000, priority: 0, weight: 0 })),
      );
      const [a, b, c] = await Promise.all(hosts.map(host => startAt(host, `${host.name}:7000`, finding())));
      inOneView(a!, b!);
      expect(idsOf((await find(world, c!)).found)).toEqual([a!.id]);
    }),
  );

  it('looks anew for each search where members may be', () =>
    inWorld(async world => {
      const [first, second] = [world.host('a'), world.host('b')];
      const a = await startAt(first, 'a:7000');
      inOneView(a);
      const b = await startAt(second, 'b:7000', dnsDiscovery('_ledger._udp.example'));
      expect((await find(world, b, 100)).found).toEqual([]);
      world.names.setServices('_ledger._udp.example', [{ host: 'a', port: 7000, priority: 0, weight: 0 }]);
      expect(idsOf((await find(world, b, 100)).found)).toEqual([a.id]);
    }));

  it('does without names that are not known yet, as long as it knows any', () =>
    inWorld(async world => {
      const a = await startAt(world.host('a'), 'late:7000,a:7000', listDiscovery(['late:7000', 'a:7000']));
      expect((await find(world, a, 100)).found).toEqual([]);
      const late = await startAt(world.host('late'), 'late:7000');
      inOneView(late);
      expect(idsOf((await find(world, a, 100)).found)).toEqual([late.id]);
      const nobody = listDiscovery([{ host: 'nobody', port: 7000 }]);
      await expect(startAt(world.host('a'), 'a:7001', nobody)).rejects.toThrow('ENOTFOUND');
    }));

  it('does not start where its list cannot be read', () =>
    inWorld(async world => {
      const failing = textDiscovery(() => Promise.reject(new Error('no such file')));
      await expect(startAt(world.host('a'), 'a:7000', failing)).rejects.toThrow('no such file');
      const wrong = textDiscovery(async () => 'nonsense');
      await expect(startAt(world.host('a'), 'a:7001', wrong)).rejects.toThrow("'nonsense' is not a place");
      expect(() => listDiscovery(['a'])).toThrow(TypeError);
    }));
});

describe('the messages of discovery', () => {
  const members = [
    createMember(1, { host: '10.0.0.1', port: 1 }),
    createMember(2, { host: '::1', port: 65_535 }),
  ];
  const found = { view: { id: { counter: 9, creator: 3 }, members }, primary: true, by: 2 };

  it('are read as they were written', () => {
    for (const frame of [
      { type: 'seek', attempt: 3 },
      { type: 'answer', found },
      { type: 'announce', found },
    ] as const) {
      expect(readDiscovery(writeDiscovery(frame), 2)).toEqual(frame);
    }
    expect(readDiscovery(writeDiscovery({ type: 'seek', attempt: 1000 }), 2)).toEqual({
      type: 'seek',
      attempt: 255,
    });
  });

  it('are refused when they are cut off, go on, or tell of a view without their sender', () => {
    const bytes = writeDiscovery({ type: 'answer', found });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readDiscovery(bytes.subarray(0, length), 2)).toThrow(MalformedBytes);
    }
    expect(() => readDiscovery(Buffer.concat([bytes, Buffer.alloc(1)]), 2)).toThrow(MalformedBytes);
    expect(() => readDiscovery(bytes, 3)).toThrow(MalformedBytes);
    const twice = { ...found, view: { ...found.view, members: [members[1]!, members[1]!] } };
    expect(() => readDiscovery(writeDiscovery({ type: 'answer', found: twice }), 2)).toThrow(MalformedBytes);
  });

  it('of random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        try {
          readDiscovery(bytes, 1);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
