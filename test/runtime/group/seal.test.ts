import { describe, expect, it } from 'vitest';
import { type MulticastAddress, parseGroupAddress } from '../../../runtime/src/group/address.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message } from '../../../runtime/src/group/message.js';
import { createGroupSeal, type GroupSeal } from '../../../runtime/src/group/security/seal.js';
import {
  checksumAt,
  groupKeyOf,
  headerBytes,
  sealChecksum,
} from '../../../runtime/src/group/transport/layout.js';
import { multicastTransport } from '../../../runtime/src/group/transport/multicast.js';
import { readHeader } from '../../../runtime/src/group/transport/packet-reader.js';
import { PacketWriter } from '../../../runtime/src/group/transport/packet-writer.js';
import { type Host, simulate } from '../../../runtime/src/testing/index.js';
import { type Bare, bareStack } from './transport-support.js';

const secret = Buffer.from('0123456789abcdef');
const groupKey = groupKeyOf('ledger');
const [alice, bob] = [0x0a1b2c3d4e5f, 0x5f4e3d2c1b0a];

/** A member that sends packets of one message. */
function member(id = alice, key: Uint8Array = secret, group = 'ledger', packetsPerKey?: number) {
  const seal = createGroupSeal(key, group, id, packetsPerKey);
  const writer = new PacketWriter({ groupKey, sender: id, sealing: seal.sealing, packetBytes: 1400 });
  return {
    seal,
    packet: (text: string, target = everyone): Buffer => {
      writer.begin(target);
      writer.add(new Message(Kind.channel, id, target, Buffer.from(text)));
      return Buffer.from(writer.finish());
    },
  };
}

/** The text in a packet, or why there is none. The packet is left as it was. */
function open(seal: GroupSeal, packet: Buffer): string {
  const copy = Buffer.from(packet);
  const header = readHeader(copy, groupKey);
  if (typeof header === 'string') return header;
  expect(header.sealed).toBe(true);
  const frames = seal.open(copy, header);
  return typeof frames === 'string' ? frames : frames.toString('latin1', 3);
}

describe('a sealed packet', () => {
  it('shows what is in it to those who have the key alone', () => {
    const packet = member().packet('attack at dawn');
    expect(packet.includes('dawn')).toBe(false);
    expect(open(member(bob).seal, packet)).toBe('attack at dawn');
    expect(open(member(bob, Buffer.alloc(16)).seal, packet)).toBe('forged');
    expect(open(member(bob, secret, 'bank').seal, packet)).toBe('forged');
  });

  it('is forged when anything of it is changed', () => {
    const { packet } = member();
    const { seal } = member(bob);
    for (const sealed of [packet('attack at dawn'), packet('attack at dawn', bob)]) {
      for (let at = headerBytes; at < sealed.length; at++) {
        const changed = Buffer.from(sealed);
        changed[at]! ^= 1;
        sealChecksum(changed);
        expect(open(member(bob).seal, changed)).toBe('forged');
      }
      for (let length = headerBytes + 6; length < sealed.length; length++) {
        const cut = Buffer.from(sealed.subarray(0, length));
        sealChecksum(cut);
        expect(open(member(bob).seal, cut)).toBe('forged');
      }
      expect(open(seal, sealed)).toBe('attack at dawn');
    }
  });

  it('does not pass for another sender’s', () => {
    const sealed = member().packet('attack at dawn');
    sealed.writeUIntBE(4711, checksumAt - 6, 6);
    sealChecksum(sealed);
    expect(open(member(bob).seal, sealed)).toBe('forged');
  });

  it('is taken once, in whatever order it comes, and not when it is too old to tell', () => {
    const { packet } = member();
    const { seal } = member(bob);
    const packets = Array.from({ length: 1200 }, (_, index) => packet(`${index}`));
    for (const index of [1, 0, 3, 2]) expect(open(seal, packets[index]!)).toBe(`${index}`);
    for (const index of [0, 1, 2, 3]) expect(open(seal, packets[index]!)).toBe('replayed');
    expect(open(seal, packets[1199]!)).toBe('1199');
    expect(open(seal, packets[1000]!)).toBe('1000');
    expect(open(seal, packets[10]!)).toBe('replayed');
  });

  it('of one view is opened in another, by its own key, and is not taken twice there either', () => {
    const { seal: sealing, packet } = member();
    const { seal } = member(bob);
    const before = [packet('before'), packet('and before')];
    sealing.enter({ counter: 7, creator: bob });
    const after = packet('after');
    const again = member();
    again.seal.enter({ counter: 8, creator: bob });
    const other = again.packet('before');
    expect(other.subarray(headerBytes + 10)).not.toEqual(before[0]!.subarray(headerBytes + 10));
    expect([before[0]!, after, before[1]!].map(each => open(seal, each))).toEqual([
      'before',
      'after',
      'and before',
    ]);
    expect([...before, after].map(each => open(seal, each))).toEqual(['replayed', 'replayed', 'replayed']);
    const moved = packet('moved');
    moved.writeUInt32BE(8, headerBytes);
    sealChecksum(moved);
    expect(open(seal, moved)).toBe('forged');
  });

  it('has another key after so many', () => {
    const { packet } = member(alice, secret, 'ledger', 3);
    const { seal } = member(bob, secret, 'ledger', 3);
    const packets = Array.from({ length: 10 }, (_, index) => packet(`${index}`));
    expect(packets.map(each => open(seal, each))).toEqual([...'0123456789']);
    expect(open(member(bob).seal, packets[3]!)).toBe('forged');
  });

  it('needs a key that cannot be guessed', () => {
    expect(() => createGroupSeal(Buffer.alloc(15), 'ledger', alice)).toThrow(/16 bytes at least, not 15/);
  });
});

describe('a group with a key', () => {
  async function start(host: Host, key?: Uint8Array): Promise<Bare> {
    const text = `udp+multicast://239.255.0.1:7400?interface=${host.address}&ttl=1`;
    const address = parseGroupAddress(text, 'ledger').address as MulticastAddress;
    const bare = bareStack(host.platform, [multicastTransport(address, { key })]);
    await bare.stack.start();
    return bare;
  }

  it('hears its members, and nobody who has no key or another one', async () => {
    const world = simulate({ seed: 1 });
    await world.run(async () => {
      const [a, b, none, other] = [
        await start(world.host('a'), secret),
        await start(world.host('b'), secret),
        await start(world.host('none')),
        await start(world.host('other'), Buffer.alloc(32, 7)),
      ];
      for (const [name, bare] of Object.entries({ a, b, none, other })) bare.say(name);
      await world.sleep(10);
      expect([a, b, none, other].map(each => each.texts())).toEqual([['b'], ['a'], [], []]);
      expect([a, b, none, other].map(each => each.drops())).toEqual([
        { forged: 2 },
        { forged: 2 },
        { forged: 3 },
        { forged: 3 },
      ]);
    });
  });

  it('seals for the view that it is in, and takes nothing twice', async () => {
    const world = simulate({ seed: 1 });
    await world.run(async () => {
      const [a, b] = [await start(world.host('a'), secret), await start(world.host('b'), secret)];
      const captured: Buffer[] = [];
      world.onPacket((packet, fate) => {
        if (fate === 'sent' && packet.receiver === 'b') captured.push(Buffer.from(packet.data));
      });
      a.say('one');
      await world.sleep(10);
      const view = { id: { counter: 9, creator: a.id }, members: [a.stack.self, b.stack.self] };
      for (const { stack } of [a, b]) stack.raise({ type: 'view', view, joined: [], sides: [] });
      a.say('two');
      await world.sleep(10);
      expect(captured.map(data => data.readUInt32BE(headerBytes))).toEqual([0, 9]);
      for (const data of captured) world.inject({ from: a.stack.self.at, to: b.stack.self.at, data });
      await world.sleep(10);
      expect([b.texts(), b.drops()]).toEqual([['one', 'two'], { replayed: 2 }]);
    });
  });
});
