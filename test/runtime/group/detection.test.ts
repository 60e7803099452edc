/** Heartbeats and connections together, in a group whose processes stop now and then and whose packets are lost. */
import { describe, expect, it } from 'vitest';
import { accrualDetection } from '../../../runtime/src/group/detection/accrual.js';
import { connectionDetection } from '../../../runtime/src/group/detection/connections.js';
import { boundedDetection } from '../../../runtime/src/group/detection/heartbeat.js';
import type { LayerSpec } from '../../../runtime/src/group/layer.js';
import { simulate } from '../../../runtime/src/testing/index.js';
import { createPrng } from '../../../runtime/src/testing/prng.js';
import { smallGroup } from './small-group.js';

const stacks: Readonly<Record<string, () => LayerSpec[]>> = {
  'a bound': () => [boundedDetection()],
  accrual: () => [accrualDetection()],
  'a bound and connections': () => [boundedDetection(), connectionDetection()],
};

/** After how many milliseconds whoever is gone is found. Accrual has learnt from the pauses that there were. */
const longest = (name: string): number => (name === 'accrual' ? 15_000 : 4500);

const seeds = Array.from({ length: 8 }, (_, seed) => seed);

describe.each(Object.keys(stacks))('detection by %s', name => {
  it.each(seeds)(
    'excludes nobody who stops for up to 2 s, and finds whoever is gone (seed %i)',
    async seed => {
      const world = simulate({ seed });
      const random = createPrng(`detection/${seed}`);
      await world.run(async () => {
        const group = await smallGroup(world, 5, stacks[name]!);
        group.loses = () => random.next() < 0.1;
        group.view(...group.members);
        const pick = () => group.members[Math.floor(random.next() * group.members.length)]!;
        const freeAt = new Map<unknown, number>();
        for (let round = 0; round < 12; round++) {
          const stopped = pick();
          // A second pause would make the first one longer.
          if (world.now >= (freeAt.get(stopped) ?? 0)) {
            const duration = random.next() * 2000;
            stopped.host.pause(duration);
            freeAt.set(stopped, world.now + duration + 1000);
          }
          await world.sleep(random.next() * 3000);
        }
        // Nobody is paused any more.
        await world.sleep(5000);
        const events = group.members.map(member => member.events.map(({ type }) => type));
        expect(events.flat()).not.toContain('dead');
        for (const types of events) {
          const count = (wanted: string) => types.filter(type => type === wanted).length;
          expect(count('unsuspect')).toBe(count('suspect'));
        }

        const crashed = pick();
        const crashedAt = world.now;
        crashed.host.crash();
        await world.sleep(longest(name) + 1000);
        for (const member of group.members) {
          if (member === crashed) continue;
          const deaths = member.events.filter(({ type }) => type === 'dead');
          expect(deaths).toMatchObject([{ member: crashed.id }]);
          expect(deaths[0]!.at - crashedAt).toBeLessThan(longest(name));
        }
      });
    },
  );

  it('finds a process that is frozen for good, not before 3 s and within 4.5 s', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await smallGroup(world, 4, stacks[name]!);
      group.view(...group.members);
      await world.sleep(5000);
      const [, frozen] = group.members;
      const frozenAt = world.now;
      frozen!.host.pause(60_000);
      await world.sleep(6000);
      for (const { id, events } of group.members) {
        if (id === frozen!.id) continue;
        const [death, ...more] = events.filter(({ type }) => type === 'dead');
        expect(death).toMatchObject({ member: frozen!.id });
        expect(more).toEqual([]);
        expect(death!.at - frozenAt).toBeGreaterThan(3000);
        expect(death!.at - frozenAt).toBeLessThan(4500);
      }
    });
  });

  it('has two members that are cut off from each other live by the word of the others', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await smallGroup(world, 4, stacks[name]!);
      const [one, other] = group.members;
      group.loses = (from, to) => (from === one && to === other) || (from === other && to === one);
      group.view(...group.members);
      await world.sleep(20_000);
      const types = one!.events.map(({ type }) => type);
      expect(types).toContain('suspect');
      expect(types).toContain('unsuspect');
      expect(group.members.flatMap(({ events }) => events.map(({ type }) => type))).not.toContain('dead');
    });
  });
});
