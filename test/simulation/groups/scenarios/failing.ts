import { expect } from 'vitest';
import type { Crash, Scenario } from '../stage.js';

export const failing: readonly Scenario[] = [
  {
    number: 9,
    title: 'paused and resumed before verification: suspected, unsuspected, same view',
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      const { id } = actors[0]!.member.view;
      const paused = stage.pick(actors);
      const traffic = stage.traffic(actors, 20, {}, 60);
      // By the clock of those that wait for it: suspected after 2 s, and never excluded before 3 s.
      stage.pause(paused.name, stage.between(2500, 2800));
      await stage.world.sleep(6000);
      await traffic;
      const others = actors.filter(each => each !== paused);
      for (const { member, name } of actors) expect(member.view.id, name).toBe(id);
      const of = others.map(({ suspicions }) => suspicions.filter(each => each.of === paused.address));
      expect(of.some(each => each.length > 0)).toBe(true);
      for (const each of of) expect(each.length % 2).toBe(0);
    },
  },
  {
    number: 10,
    title: 'frozen for good: out; returns as a new incarnation',
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      const frozen = stage.pick(actors);
      const traffic = stage.traffic(actors, 30, { order: stage.pick(['fifo', 'total']) }, 50);
      await stage.world.sleep(100 * stage.random());
      stage.pause(frozen.name, 600_000);
      const began = stage.world.now;
      await stage.viewOf('abcd'.replace(frozen.name, ''), 5000);
      expect(stage.world.now - began).toBeGreaterThan(2900);
      stage.fail(frozen.name, 'kill');
      stage.restart(frozen.name);
      const back = await stage.join(frozen.name);
      expect(back.address).not.toBe(frozen.address);
      await stage.viewOf('abcd');
      await stage.traffic(stage.living, 3);
      await traffic;
    },
  },
  {
    number: 11,
    title: 'kill -9 of a member, of the coordinator',
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      // Members need a moment to connect; who dies before is missed as one whose machine fails.
      await stage.world.sleep(1000);
      const traffic = stage.traffic(actors, 60, { order: stage.pick(['fifo', 'causal', 'total']) }, 20);
      await stage.world.sleep(100 * stage.random());
      const victim = stage.pick(['b', 'c', 'd', 'e']);
      stage.fail(victim, 'kill');
      await stage.viewOf('abcde'.replace(victim, ''), 1000);
      stage.fail('a', 'kill');
      await stage.viewOf('bcde'.replace(victim, ''), 1000);
      await traffic;
    },
  },
  {
    number: 12,
    title: 'two of five die at once',
    async run(stage) {
      const actors = await stage.joinAll('abcde');
      await stage.world.sleep(1000);
      const order = stage.pick(['fifo', 'causal', 'total'] as const);
      const traffic = stage.traffic(actors, 80, { order, safe: stage.random() < 0.5 }, 20);
      await stage.world.sleep(200 * stage.random());
      const [one, other] = stage.shuffle([...'abcde']);
      const how: Crash = stage.pick(['crash', 'kill']);
      stage.fail(one!, how);
      stage.fail(other!, how);
      await stage.viewOf(
        [...'abcde'].filter(name => name !== one && name !== other),
        how === 'kill' ? 1500 : 8000,
      );
      await traffic;
    },
  },
];
