/** Cases 56 to 60: streams whose consumers are slow or leave, whose producers throw, and whose connections break. */
import { expect } from 'vitest';
import { Ending } from '../../../generated/testing/ledger/index.js';
import type { Scenario, Stage } from '../stage.js';

const rough = { loss: 0.15, duplicate: 0.1, reorder: 0.1, latency: [1, 20] } as const;
const schemes = ['udp', 'tcp'] as const;

async function both(stage: Stage, run: (scheme: 'udp' | 'tcp') => Promise<void>): Promise<void> {
  await stage.serve();
  await Promise.all(schemes.map(run));
}

export const streams: readonly Scenario[] = [
  {
    number: 56,
    title: 'a slow consumer makes the producer wait',
    faults: rough,
    run: stage =>
      both(stage, async scheme => {
        const client = await stage.feed(scheme);
        const key = `slow over ${scheme}`;
        const told = stage.stream(client, 'watch', { key, count: 100_000, takes: 10 }, { deadline: 15_000 });
        const slow = `slow procedure over ${scheme}`;
        const sent = stage.stream(
          client,
          'load',
          { key: slow, sends: 100_000, interval: 10 },
          { deadline: 15_000 },
        );
        for (let round = 0; round < 5; round++) {
          await stage.world.sleep(2000);
          const consumed = stage.feedOracle.streams.get(key)!.received;
          const produced = stage.feedOracle.executions.get(key)?.[0]?.produced ?? 0;
          // A window of items on either side of the wire, and what is under way between them.
          expect(produced - consumed).toBeLessThan(2200);
          const taken = stage.feedOracle.executions.get(slow)?.[0]?.received ?? 0;
          expect(stage.feedOracle.streams.get(slow)!.sent - taken).toBeLessThan(2200);
        }
        for (const end of await Promise.all([told, sent]))
          expect(end).toMatchObject({ kind: 'failed', error: { code: 'deadline-exceeded' } });
      }),
  },
  {
    number: 57,
    title: 'a consumer leaves early',
    faults: rough,
    run: stage =>
      both(stage, async scheme => {
        const client = await stage.feed(scheme);
        const plan = { key: `left over ${scheme}`, count: 1_000_000, leavesAfter: 500 };
        expect(await stage.stream(client, 'watch', plan)).toMatchObject({ kind: 'left' });
        await stage.world.sleep(5000);
        const { produced } = stage.feedOracle.executions.get(plan.key)![0]!;
        expect(produced).toBeLessThan(10_000);
        await stage.world.sleep(5000);
        expect(stage.feedOracle.executions.get(plan.key)![0]!.produced).toBe(produced);
        const talk = { key: `hung up over ${scheme}`, sends: 1_000_000, leavesAfter: 100 };
        expect(await stage.stream(client, 'talk', talk)).toMatchObject({ kind: 'left' });
        await stage.world.sleep(5000);
        expect(stage.feedOracle.streams.get(talk.key)!.sent).toBeLessThan(10_000);
      }),
  },
  {
    number: 58,
    title: 'a producer throws after a thousand items',
    faults: rough,
    run: stage =>
      both(stage, async scheme => {
        const client = await stage.feed(scheme);
        const refused = { key: `refused over ${scheme}`, count: 1000, ending: Ending.refused };
        expect(await stage.stream(client, 'watch', refused)).toMatchObject({ kind: 'refused' });
        expect(stage.feedOracle.streams.get(refused.key)!.received).toBe(1000);
        const broken = { key: `broken over ${scheme}`, count: 1000, ending: Ending.surprise };
        expect(await stage.stream(client, 'watch', broken)).toMatchObject({
          kind: 'failed',
          error: { code: 'internal', outcome: 'executed' },
        });
        expect(stage.feedOracle.streams.get(broken.key)!.received).toBe(1000);
      }),
  },
  {
    number: 59,
    title: 'a connection breaks in the middle of a stream',
    async run(stage) {
      await stage.serve();
      const client = await stage.feed('tcp');
      const deadline = { deadline: 60_000 };
      const calls = [
        stage.stream(client, 'watch', { count: 500, interval: 6, padding: 100 }, deadline),
        stage.stream(client, 'load', { sends: 500, interval: 6, padding: 100 }, deadline),
        stage.stream(client, 'talk', { sends: 500, interval: 6, padding: 100 }, deadline),
      ];
      for (let round = 0; round < 5; round++) {
        await stage.world.sleep(200 + 500 * stage.random());
        stage.world.resetConnections('client', 'server');
      }
      for (const end of await Promise.all(calls)) expect(end).toMatchObject({ kind: 'done' });
      // And one that nothing can save.
      const lost = stage.stream(client, 'watch', { key: 'lost', count: 100_000, interval: 2 }, deadline);
      await stage.world.sleep(1000);
      await stage.restart(500);
      expect(await lost).toMatchObject({
        kind: 'failed',
        error: { code: 'unavailable', outcome: 'unknown' },
      });
    },
  },
  {
    number: 60,
    title: 'items go in both directions at once',
    faults: rough,
    run: stage =>
      both(stage, async scheme => {
        const client = await stage.feed(scheme);
        const ends = await Promise.all([
          stage.stream(client, 'talk', { sends: 400, padding: 50 }),
          stage.stream(client, 'talk', { sends: 300, interval: 5, takes: 3 }),
          stage.stream(client, 'watch', { count: 300, padding: 300 }),
          stage.stream(client, 'load', { sends: 300, padding: 300 }),
        ]);
        for (const end of ends) expect(end).toMatchObject({ kind: 'done' });
      }),
  },
];
