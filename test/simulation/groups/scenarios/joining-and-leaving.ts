import { expect } from 'vitest';
import type { Actor } from '../actor.js';
import { atFirst, onGroupPackets, says } from '../packets.js';
import { RegistryGroup } from '../registry.js';
import type { Scenario } from '../stage.js';

const ten = 'abcdefghij';

export const joiningAndLeaving: readonly Scenario[] = [
  {
    number: 1,
    title: 'ten first joins at once, one view',
    async run(stage) {
      const actors = await Promise.all([...ten].map(name => stage.join(name)));
      await stage.viewOf(ten, 5000);
      // One founds the group, and is alone in it for a moment; the others come in its next view, or the one after.
      expect(actors.filter(({ views }) => views[0]!.members.length === 1)).toHaveLength(1);
      for (const { views } of actors) expect(views.length).toBeLessThanOrEqual(3);
      await stage.traffic(actors, 3);
    },
  },
  {
    number: 2,
    title: 'a late answer to a join after a retry',
    async run(stage) {
      await stage.joinAll('ab');
      // What the first attempt is told comes when a later one has long been through.
      const until = stage.world.now + stage.between(300, 1500);
      const stop = onGroupPackets(stage, packet => {
        if (packet.to !== 'c' || stage.world.now > until) return undefined;
        return says(packet, 'challenge') || says(packet, 'install') ? { delay: 4000 } : undefined;
      });
      await stage.join('c');
      stop();
      await stage.viewOf('abc');
      const { id } = stage.actor('a').member.view;
      await stage.traffic(stage.living, 5);
      await stage.world.sleep(6000);
      for (const { member } of stage.living) expect(member.view.id).toBe(id);
    },
  },
  {
    number: 3,
    title: 'the coordinator and the next in line leave together',
    async run(stage) {
      const [a, b, c, d, e] = await stage.joinAll('abcde');
      const traffic = stage.traffic([c!, d!, e!], 20);
      await stage.world.sleep(50 * stage.random());
      await Promise.all([a!.leave(), b!.leave()]);
      expect([a!.end, b!.end]).toEqual(['left', 'left']);
      await stage.viewOf('cde', 5000);
      expect(c!.member.view.coordinator).toBe(c!.address);
      await traffic;
    },
  },
  {
    number: 4,
    title: 'the coordinator dies between PREPARE and INSTALL',
    async run(stage) {
      const [, b, c] = await stage.joinAll('abc');
      const traffic = stage.traffic([b!, c!], 40, {}, 20);
      // The next view reaches some of those that have prepared it, or nobody.
      const reached = stage.pick(['', 'b', 'c', 'd']);
      const installing = atFirst(stage, packet => packet.from === 'a' && says(packet, 'install'));
      onGroupPackets(stage, packet =>
        packet.from === 'a' && says(packet, 'install') && packet.to !== reached ? 'drop' : undefined,
      );
      const joining = stage.join('d');
      await installing;
      stage.fail('a');
      await joining;
      await stage.viewOf('bcd');
      await traffic;
    },
  },
  {
    number: 5,
    title: 'one member misses a view',
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const traffic = stage.traffic(actors, 60, {}, 30);
      const until = stage.world.now + stage.between(200, 1500);
      onGroupPackets(stage, packet =>
        packet.to === 'c' && says(packet, 'install') && stage.world.now < until ? 'drop' : undefined,
      );
      await stage.join('d');
      await stage.viewOf('abcd');
      await traffic;
    },
  },
  {
    number: 6,
    title: "a view's slow installation while the next arrives",
    async run(stage) {
      const actors = await stage.joinAll('abcd');
      const traffic = stage.traffic(actors, 30, {}, 30);
      const slow = stage.pick(['b', 'c', 'd']);
      let held = false;
      onGroupPackets(stage, packet => {
        if (packet.to !== slow || !says(packet, 'install') || held) return undefined;
        held = true;
        return { delay: 800 };
      });
      const joining = stage.join('e');
      await stage.world.sleep(stage.between(50, 700));
      const other = stage.pick(['b', 'c', 'd'].filter(name => name !== slow));
      await Promise.all([joining, stage.join('f'), stage.actor(other).leave()]);
      await stage.viewOf('abcdef'.replace(other, ''));
      await traffic;
    },
  },
  {
    number: 7,
    title: 'a closed group refuses outsiders, an open one serves them',
    faults: { loss: 0.03 },
    async run(stage) {
      const access = stage.pick(['open', 'open', 'closed'] as const);
      const group = new RegistryGroup(stage, access);
      const [a] = await group.joinAll('abc');
      await Promise.all([...'bc'].map(name => group.openAt(name)));
      const outside = await group.outside('bc');
      let executions = 0;
      group.plan = () => {
        executions++;
      };
      if (access === 'closed') {
        const refusal = await outside.put('key', 'value').catch(error => error);
        expect(refusal).toMatchObject({ code: 'permission-denied', outcome: 'not-executed' });
        expect(executions).toBe(0);
        return;
      }
      // Half-way, the member by which they call may die.
      const dies = stage.pick(['b', 'c', undefined]);
      for (let call = 0; call < 8; call++) {
        if (call === 4 && dies !== undefined) stage.fail(dies, 'kill');
        await group.call(a!, 1, 20_000, (key, options) =>
          outside.append(key, 1, { ...options, replies: 'first' }),
        );
      }
      await stage.world.sleep(2000);
      expect(executions).toBeGreaterThanOrEqual(8 * 2);
    },
  },
  {
    number: 8,
    title: 'a process in two groups',
    async run(stage) {
      const address = 'udp+multicast://239.255.0.2:7400';
      const one = await stage.joinAll('abc');
      // The same multicast address, or another one.
      const where = stage.pick([address, undefined]);
      const other: Actor[] = [];
      for (const name of 'bcd')
        other.push(await stage.join(name, { name: 'another group' }, { address: where }));
      const names = new Map([
        ...one.map(each => [each, 'one'] as const),
        ...other.map(each => [each, 'other'] as const),
      ]);
      stage.groupOf = actor => names.get(actor)!;
      await stage.until('views of both groups', () =>
        [one, other].every(group => group.every(({ member }) => member.view.members.length === 3)),
      );
      await Promise.all([
        stage.traffic(one, 20, { order: 'total' }),
        stage.traffic(other, 20, { order: 'causal' }),
      ]);
      await one[1]!.leave();
      await stage.until('a view of two', () => one[0]!.member.view.members.length === 2);
      expect(other[0]!.member.view.members).toHaveLength(3);
      await stage.traffic(other, 5);
      const of = new Set(other.map(each => each.address));
      for (const { delivered } of one) expect(delivered.some(({ sender }) => of.has(sender))).toBe(false);
    },
  },
];
