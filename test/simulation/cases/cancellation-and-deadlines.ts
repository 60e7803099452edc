/** Cases 14, 16, 17 and 20: callers that change their minds, and clocks that jump. */
import { expect } from 'vitest';
import type { Scenario } from '../stage.js';
import { bears } from '../wire.js';

export const cancellationAndDeadlines: readonly Scenario[] = [
  {
    number: 14,
    title: 'a call is cancelled before its request arrives',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      stage.world.intercept(packet => (bears(packet, 'request') ? { delay: 200 } : undefined));
      const controller = new AbortController();
      const call = stage.fail(client, 'once', { key: 'cancelled' }, { signal: controller.signal });
      await stage.world.sleep(5 + 20 * stage.random());
      controller.abort();
      expect((await call).code).toBe('cancelled');
      await stage.world.sleep(1000);
      expect(stage.oracle.executionsOf('cancelled')).toHaveLength(0);
      expect(server.stats().duplicates).toBeGreaterThan(0);
    },
  },
  {
    number: 16,
    title: 'a cancel races the completion',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      for (let round = 0; round < 5; round++) {
        const controller = new AbortController();
        const call = stage.call(client, 'once', { work: 40 }, { signal: controller.signal });
        await stage.world.sleep(30 + 40 * stage.random());
        controller.abort();
        await call;
      }
    },
  },
  {
    number: 17,
    title: 'a reply arrives after the cancel',
    faults: { latency: 20 },
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const controller = new AbortController();
      const call = stage.fail(client, 'once', { key: 'cancelled' }, { signal: controller.signal });
      await stage.world.sleep(21 + 18 * stage.random());
      expect(stage.oracle.executionsOf('cancelled')).toHaveLength(1);
      controller.abort();
      expect((await call).outcome).toBe('unknown');
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 20,
    title: 'the wall clock jumps an hour either way',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      const hour = 3_600_000;
      for (const jump of [hour, -hour, -hour, hour]) {
        const call = stage.succeed(client, 'once', { work: 300 }, { deadline: 2000 });
        await stage.world.sleep(100 * stage.random());
        stage.world.host(stage.random() < 0.5 ? 'client' : 'server').jumpWallClock(jump);
        await call;
      }
    },
  },
];
