import { expect } from 'vitest';
import { Kind } from '../../../../runtime/src/group/message.js';
import { hasKind, hasMulticasts, idOf, onGroupPackets, readPacket } from '../packets.js';
import type { Scenario } from '../stage.js';

const mixed = ['unordered', 'fifo', 'causal', 'total'] as const;

export const losing: readonly Scenario[] = [
  {
    number: 13,
    title: '10 % loss both ways',
    faults: { loss: 0.1 },
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      const { id } = actors[0]!.member.view;
      await stage.traffic(actors, 40, () => ({ order: stage.pick(mixed), safe: stage.random() < 0.3 }), 5);
      await stage.delivered(actors, 5 * 40, 20_000);
      expect(actors[0]!.member.view.id).toBe(id);
    },
  },
  {
    number: 14,
    title: 'the last message and its HIGHEST lost',
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const [a] = actors;
      await stage.traffic([a!], 5);
      await stage.delivered(actors, 5);
      // To one of them, or to both: all that tells of the message, for the first time.
      const deaf = stage.pick(['b', 'c', 'bc']);
      let [messages, tellings] = [0, 0];
      const stop = onGroupPackets(stage, packet => {
        if (packet.from !== 'a' || !deaf.includes(packet.to)) return undefined;
        if (hasMulticasts(packet, idOf(a!.address)) && messages < deaf.length) {
          messages++;
          return 'drop';
        }
        if (hasKind(packet, Kind.highest) && tellings < deaf.length) {
          tellings++;
          return 'drop';
        }
        return undefined;
      });
      a!.send();
      await stage.delivered(actors, 6, 2000);
      expect(messages).toBe(deaf.length);
      stop();
    },
  },
  {
    number: 15,
    title: 'every packet twice',
    faults: { duplicate: 1 },
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      await stage.traffic(actors, 40, () => ({ order: stage.pick(mixed) }), 5);
      await stage.delivered(actors, 4 * 40, 10_000);
    },
  },
  {
    number: 16,
    title: 'shuffled packets, no storm of requests',
    faults: { reorder: 0.3, latency: [1, 3] },
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      let [requests, packets] = [0, 0];
      stage.world.onPacket((packet, fate) => {
        const read = fate === 'sent' ? readPacket(packet) : undefined;
        if (read === undefined) return;
        packets++;
        if (hasKind(read, Kind.missing)) requests++;
      });
      await stage.traffic(actors, 100, { length: 1200 }, 2);
      await stage.delivered(actors, 4 * 100, 10_000);
      // Nothing is lost: only what stays away for long is asked for.
      expect(requests, `requests in ${packets} packets`).toBeLessThan(0.2 * packets);
    },
  },
  {
    number: 17,
    title: 'a gap larger than one request can name',
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const a = actors[0]!;
      // Every second packet is lost: so many gaps that no request has room for all of them.
      let count = 0;
      const stop = onGroupPackets(stage, packet => {
        if (packet.from !== 'a' || packet.to !== 'c' || !hasMulticasts(packet, idOf(a.address)))
          return undefined;
        return count++ % 2 === 0 ? 'drop' : undefined;
      });
      const sent = 800;
      await stage.traffic([a], sent, { length: 1000 }, 0);
      stop();
      await stage.delivered(actors, sent, 20_000);
    },
  },
  {
    number: 18,
    title: 'a stray acknowledgement from a non-member',
    faults: { loss: 0.05 },
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      const strays: {
        from: { host: string; port: number };
        to: { host: string; port: number };
        data: Buffer;
      }[] = [];
      stage.world.onPacket((packet, fate) => {
        if (fate !== 'sent' || packet.sender !== 'd' || strays.length > 200) return;
        const read = readPacket(packet);
        if (read && hasKind(read, Kind.stability))
          strays.push({ from: packet.from, to: packet.to, data: packet.data });
      });
      await stage.traffic(actors, 30, {}, 5);
      stage.fail('d', 'kill');
      await stage.viewOf('abc');
      expect(strays.length).toBeGreaterThan(0);
      const others = actors.slice(0, 3);
      const traffic = stage.traffic(
        others,
        40,
        () => ({ safe: stage.random() < 0.5, order: stage.pick(mixed) }),
        5,
      );
      for (const stray of strays) {
        stage.world.inject(stray);
        await stage.world.sleep(2);
      }
      await traffic;
    },
  },
];
