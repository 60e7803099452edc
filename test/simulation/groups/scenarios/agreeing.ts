import { expect } from 'vitest';
import { atFirst, hasMulticasts, idOf, onGroupPackets, says } from '../packets.js';
import type { Scenario } from '../stage.js';

const ordered = ['fifo', 'causal', 'total'] as const;

export const agreeing: readonly Scenario[] = [
  {
    number: 19,
    title: 'a message reaches some, its sender dies: all or none',
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      const sender = stage.pick(actors);
      const others = actors.filter(each => each !== sender);
      const share = stage.pick([0, 0.4, 0.4]);
      const reached = others.filter(() => stage.random() < share);
      // From now on its multicasts reach these alone, and nobody can ask it for them.
      onGroupPackets(stage, packet =>
        packet.from === sender.name &&
        hasMulticasts(packet, idOf(sender.address)) &&
        !reached.some(({ name }) => name === packet.to)
          ? 'drop'
          : undefined,
      );
      const count = stage.between(1, 5);
      // A safe message is delivered nowhere, not even at its sender, before a majority has it.
      const safe = reached.length === 0 || stage.random() < 0.5;
      for (let sent = 0; sent < count; sent++) sender.send({ order: stage.pick(ordered), safe, length: 100 });
      await stage.world.sleep(stage.between(6, 12));
      stage.fail(sender.name, stage.pick(['crash', 'kill'] as const));
      await stage.viewOf(others.map(({ name }) => name));
      await stage.world.sleep(200);
      const have = new Set(others.map(each => each.deliveredOf(sender).length));
      expect(have.size, 'some have it and some do not').toBe(1);
      expect([...have][0]).toBe(reached.length > 0 ? count : 0);
    },
  },
  {
    number: 20,
    title: 'loss during the flush',
    faults: { loss: 0.2 },
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      const traffic = stage.traffic(actors, 40, () => ({ order: stage.pick(ordered) }), 15);
      await stage.world.sleep(50);
      await stage.actor('b').leave();
      await stage.join('f');
      stage.fail('d', stage.pick(['crash', 'kill'] as const));
      await stage.viewOf('acef');
      await traffic;
    },
  },
  {
    number: 21,
    title: 'a participant or the leader of the flush dies',
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      const traffic = stage.traffic(actors, 40, () => ({ order: stage.pick(ordered) }), 10);
      await stage.world.sleep(60 * stage.random());
      const step = stage.pick(['flush', 'flushed', 'prepare', 'prepared', 'install'] as const);
      const dies = stage.pick(['a', 'b']);
      const begun = atFirst(stage, packet => says(packet, step));
      const leaving = stage.actor('e').leave();
      await begun;
      await stage.world.sleep(stage.pick([0, 1, 2, 4]));
      stage.fail(dies, stage.pick(['crash', 'kill'] as const));
      await stage.viewOf('abcd'.replace(dies, ''));
      await leaving;
      await traffic;
    },
  },
];
