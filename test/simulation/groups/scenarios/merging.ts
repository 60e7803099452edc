import { expect } from 'vitest';
import type { Scenario } from '../stage.js';

export const merging: readonly Scenario[] = [
  {
    number: 26,
    title: '{A,B} and {C,D}: exactly one merge view',
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      stage.partition('ab', 'cd');
      await Promise.all([stage.viewOf('ab'), stage.viewOf('cd')]);
      const traffic = stage.traffic(actors, 20, {}, 50);
      await stage.world.sleep(1000 * stage.random());
      const before = actors.map(({ views }) => views.length);
      stage.heal();
      await stage.viewOf('abcd');
      await traffic;
      await stage.world.sleep(3000);
      const since = actors.map(({ views }, index) => views.length - before[index]!);
      expect(since).toEqual([1, 1, 1, 1]);
    },
  },
  {
    number: 27,
    title: 'ten members, random partitions, then one',
    large: true,
    async run(stage) {
      const names = [...'abcdefghij'];
      const actors = await stage.joinAll(names);
      const traffic = stage.traffic(
        actors,
        60,
        () => ({ order: stage.pick(['fifo', 'causal', 'total']) }),
        200,
      );
      for (let round = 0; round < 3; round++) {
        const shuffled = stage.shuffle(names);
        const parts: string[] = [];
        while (shuffled.length > 0) parts.push(shuffled.splice(0, stage.between(1, 5)).join(''));
        stage.partition(...parts);
        await stage.world.sleep(stage.between(1000, 8000));
        stage.heal();
        await stage.world.sleep(stage.between(0, 3000));
      }
      await stage.viewOf(names);
      await traffic;
    },
  },
  {
    number: 28,
    title: 'no side has a coordinator',
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      const traffic = stage.traffic(actors, 40, {}, 100);
      stage.fail('a');
      const parts = stage.pick([
        ['bc', 'de'],
        ['b', 'cde'],
        ['b', 'c', 'de'],
      ]);
      stage.partition(...parts);
      if (stage.random() < 0.7) await Promise.all(parts.map(part => stage.viewOf(part)));
      else await stage.world.sleep(4000 * stage.random());
      stage.heal();
      await stage.viewOf('bcde');
      await traffic;
    },
  },
];
