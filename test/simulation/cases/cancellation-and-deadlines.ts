/** Cases 14 to 20: callers that change their minds, and clocks that jump. */
import { expect } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
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
    number: 15,
    title: 'the cancel is lost',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      stage.world.intercept(packet => (bears(packet, 'cancel') ? 'drop' : undefined));
      let aborted = false;
      stage.oracle.onEffect = (_job, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
      };
      const controller = new AbortController();
      const call = stage.fail(client, 'once', { work: 10_000 }, { signal: controller.signal });
      await stage.world.sleep(100 + 500 * stage.random());
      controller.abort();
      expect((await call).outcome).toBe('unknown');
      // The next acknowledgement names the call as finished, which says as much.
      await stage.world.sleep(1000);
      expect(aborted).toBe(true);
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
    number: 18,
    title: "the deadline runs out in the server's queue",
    async run(stage) {
      const server = await stage.serve({ limits: { runningCalls: 1 } });
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const first = stage.succeed(client, 'once', { work: 600 });
      await stage.world.sleep(30);
      const late = (['once', 'atLeastOnce'] as const).map(procedure =>
        stage.fail(client, procedure, { key: `late ${procedure}` }, { deadline: 200 + 200 * stage.random() }),
      );
      for (const { code } of await Promise.all(late)) expect(code).toBe('deadline-exceeded');
      await first;
      await stage.world.sleep(1000);
      expect(stage.oracle.executionsOf('late once')).toHaveLength(0);
      expect(stage.oracle.executionsOf('late atLeastOnce')).toHaveLength(0);
      expect(server.stats().queued).toBe(0);
    },
  },
  {
    number: 19,
    title: 'a nested call inherits what remains',
    async run(stage) {
      await stage.serve();
      await stage.serve({ listen: 'udp://front:7000' }, 'front');
      const back = await stage.client('udp', 'front');
      const front = (await stage.world.host('client').connect('udp://front:7000')).client(Ledger);
      await Promise.all([stage.succeed(back, 'once'), stage.succeed(front, 'once')]);
      /** Milliseconds that remained, of the outer call and then of the inner. */
      const remaining: number[] = [];
      let innerAborted = false;
      stage.oracle.onEffect = (job, ctx) => {
        remaining.push(ctx.deadline - ctx.clock.now());
        if (job.key === 'outer')
          return stage.call(back, 'once', { key: 'inner', work: 5000 }, { parent: ctx });
        ctx.signal.addEventListener('abort', () => {
          innerAborted = true;
        });
        return undefined;
      };
      const error = await stage.fail(front, 'once', { key: 'outer' }, { deadline: 800 });
      expect(error.code).toBe('deadline-exceeded');
      const [outer, inner] = remaining as [number, number];
      expect(outer).toBeLessThanOrEqual(800);
      expect(inner).toBeLessThanOrEqual(outer);
      await stage.world.sleep(1000);
      expect(innerAborted).toBe(true);
      const told = stage.oracle.calls.get('inner')?.told;
      expect(told).toMatchObject({
        kind: 'failed',
        error: { code: expect.stringMatching(/deadline|cancel/) },
      });
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
