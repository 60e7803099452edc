import { expect } from 'vitest';
import type { OpenRegistryClient } from '../../../../generated/testing/registry/index.js';
import { RegistryGroup } from '../registry.js';
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
  {
    number: 29,
    title: 'primary partition policy: the minority stops serving',
    async run(stage) {
      const group = new RegistryGroup(stage, 'open');
      const [a] = await group.joinAll('abcde');
      await Promise.all([...'abcde'].map(name => group.openAt(name)));
      const [major, minor] = [await group.outside('ab'), await group.outside('de')];
      const call = (client: OpenRegistryClient) =>
        group.call(a!, 1, 8000, (key, options) => client.put(key, 'value', { ...options, replies: 'first' }));
      await Promise.all([call(major), call(minor)]);
      stage.partition('abc', 'de');
      await Promise.all([stage.viewOf('abc'), stage.viewOf('de')]);
      const primaries = [...'abcde'].map(name => stage.actor(name).member.primary);
      expect(primaries).toEqual([true, true, true, false, false]);
      let executedBy = '';
      group.plan = name => {
        executedBy += name;
      };
      expect((await call(major))[0]?.kind).toBe('value');
      const refusal = await call(minor).catch(error => error);
      expect(refusal).toMatchObject({ code: 'unavailable' });
      await stage.world.sleep(500);
      expect([...executedBy].sort().join('')).toBe('abc');
      stage.heal();
      await stage.viewOf('abcde');
      for (const name of 'abcde') expect(stage.actor(name).member.primary, name).toBe(true);
      expect((await call(minor))[0]?.kind).toBe('value');
    },
  },
];
