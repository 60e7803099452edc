import { expect } from 'vitest';
import type { Actor } from '../actor.js';
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
