import { expect } from 'vitest';
import type { Actor } from '../actor.js';
import { RegistryGroup } from '../registry.js';
import type { GroupStage, Scenario } from '../stage.js';

/** Sends until there is no room any more. */
async function fill(stage: GroupStage, actor: Actor): Promise<void> {
  for (let sent = 0; actor.member.writable; sent++) {
    if (sent > 100_000) throw new Error('there is always room, though nobody takes what is sent');
    actor.send({ length: 1000 });
    if (sent % 20 === 0) await stage.world.sleep(1);
  }
}

export const flowing: readonly Scenario[] = [
  {
    number: 30,
    title: 'slow member: senders wait, and are freed when it is excluded',
    async run(stage) {
      const [a, b] = await stage.joinAll('abc');
      stage.pause('c', 600_000);
      await Promise.all([fill(stage, a!), fill(stage, b!)]);
      expect(a!.member.view.members).toHaveLength(3);
      await Promise.all([a!.member.room(), b!.member.room()]);
      await stage.viewOf('ab');
      stage.fail('c', 'kill');
      await stage.traffic([a!, b!], 20, {}, 1);
      await stage.world.sleep(500);
      expect(a!.delivered.length).toBe(b!.delivered.length);
    },
  },
  {
    number: 31,
    title: 'closing while blocked returns',
    async run(stage) {
      const [a] = await stage.joinAll('abc');
      stage.pause('c', 2500);
      await fill(stage, a!);
      const room = a!.member.room().then(
        () => 'room',
        () => 'none',
      );
      const began = stage.world.now;
      await a!.leave();
      expect(stage.world.now - began).toBeLessThan(10_000);
      expect(a!.end).toBe('left');
      expect(['room', 'none']).toContain(await room);
      await stage.viewOf('bc');
    },
  },
  {
    number: 32,
    title: 'a nested group call larger than the credits',
    async run(stage) {
      const group = new RegistryGroup(stage);
      const [a, b] = await group.joinAll('abc');
      // More than a member may have under way. The handler holds back what was delivered after its call until then.
      const load = Buffer.alloc(700_000, 1);
      group.plan = async (name, line, ctx) => {
        if (!line.startsWith('call')) return;
        await group.memberOn(name).client.echo(load, { parent: ctx, replies: 'none', deadline: 20_000 });
      };
      const order = stage.pick(['fifo', 'causal', 'total'] as const);
      const others = stage.traffic(stage.living, 20, { order, length: 20_000 }, 5);
      const calls = [a!, b!].map(({ client }, index) =>
        group.call([a!, b!][index]!, 'all', 30_000, (key, options) =>
          client.append(key, 1, { ...options, order }),
        ),
      );
      for (const replies of await Promise.all(calls)) {
        expect(replies.map(({ kind }) => kind)).toEqual(['value', 'value', 'value']);
      }
      // Each of two calls makes each of three members call all three.
      await stage.until('18 echoes', () => group.echoes === 18, 20_000);
      await others;
    },
  },
  {
    number: 33,
    title: 'a message behind fragments keeps its place',
    faults: { loss: 0.05, reorder: 0.1 },
    async run(stage) {
      const actors = await stage.joinAll('abc');
      const order = stage.pick(['fifo', 'causal', 'total'] as const);
      await stage.traffic(actors, 10, () => ({ order, length: stage.pick([0, 100_000, 20_000]) }), 5);
      await stage.delivered(actors, 30, 20_000);
    },
  },
];
