import { expect } from 'vitest';
import type { Actor } from '../actor.js';
import type { Scenario } from '../stage.js';

/** What was delivered of these senders, as one list. */
const listOf = (actor: Actor): string =>
  actor.delivered.map(({ sender, number }) => `${sender}#${number}`).join();

export const ordering: readonly Scenario[] = [
  {
    number: 22,
    title: 'causal triangle',
    async run(stage) {
      const [a, b, c] = await stage.joinAll('abc');
      const order = stage.pick(['causal', 'total'] as const);
      for (let round = 1; round <= 5; round++) {
        // What a tells c takes its time, so that b's answer to it comes first.
        stage.world.link('a', 'c', { latency: stage.between(20, 200) });
        b!.onDelivery = ({ sender }) => {
          if (sender === a!.address) b!.send({ order });
        };
        a!.send({ order });
        await stage.delivered([a!, b!, c!], 2 * round);
        const last = c!.delivered.slice(-2).map(({ sender }) => sender);
        expect(last, 'the answer came before what it answers').toEqual([a!.address, b!.address]);
      }
    },
  },
  {
    number: 23,
    title: 'three senders, one list',
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const safe = stage.random() < 0.5;
      await stage.traffic(actors, 50, { order: 'total', safe }, stage.pick([1, 5]));
      await stage.delivered(actors, 150);
      const lists = new Set(actors.map(listOf));
      expect(lists.size).toBe(1);
    },
  },
  {
    number: 24,
    title: 'the sequencer dies in mid-stream',
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      const safe = stage.random() < 0.5;
      const traffic = stage.traffic(actors, 60, { order: 'total', safe }, 5);
      await stage.world.sleep(300 * stage.random());
      stage.fail('a', stage.pick(['crash', 'kill'] as const));
      await stage.viewOf('bcd');
      await traffic;
      await stage.world.sleep(500);
      const others = actors.slice(1);
      expect(new Set(others.map(listOf)).size).toBe(1);
      for (const each of others) expect(each.deliveredOf(each)).toHaveLength(60);
    },
  },
  {
    number: 25,
    title: 'order kept through a merge',
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      const order = stage.pick(['fifo', 'causal', 'total'] as const);
      const traffic = stage.traffic(actors, 150, { order }, 60);
      await stage.world.sleep(300);
      stage.partition('abc', 'de');
      await Promise.all([stage.viewOf('abc'), stage.viewOf('de')]);
      await stage.world.sleep(500);
      stage.heal();
      await stage.viewOf('abcde');
      await traffic;
    },
  },
];
