/** Cases 21 to 32: procedures that throw, and processes that die or stand still. */
import { expect } from 'vitest';
import { Ending, Ledger } from '../../../generated/testing/ledger/index.js';
import type { Scenario } from '../stage.js';
import { bears } from '../wire.js';

export const errorsAndCrashes: readonly Scenario[] = [
  {
    number: 21,
    title: 'the procedure throws, the reply is lost, and the request comes again',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      stage.dropFirst('reply', 1);
      const refused = await stage.call(client, 'once', { key: 'refused', ending: Ending.refused });
      expect(refused.kind).toBe('refused');
      expect(stage.oracle.executionsOf('refused')).toHaveLength(1);
      const surprised = await stage.fail(client, 'once', { ending: Ending.surprise });
      expect(surprised).toMatchObject({ code: 'internal', outcome: 'executed' });
      expect(surprised.message).not.toContain('secret');
    },
  },
  {
    number: 22,
    title: 'the procedure throws what it does not declare',
    async run(stage) {
      const thrown: unknown[] = [];
      await stage.serve({ onError: error => thrown.push(error) });
      const client = await stage.client();
      for (const procedure of ['once', 'atLeastOnce'] as const) {
        const error = await stage.fail(client, procedure, { ending: Ending.surprise });
        expect(error).toMatchObject({ code: 'internal', outcome: 'executed' });
        expect(`${error.message} ${error.stack}`).not.toContain('secret');
      }
      expect(thrown.length).toBeGreaterThanOrEqual(2);
    },
  },
  {
    number: 23,
    title: 'the procedure throws something that is no Error',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      for (const thrown of ['a secret', undefined, null, 42, { secret: true }]) {
        stage.oracle.onEffect = () => {
          throw thrown;
        };
        const error = await stage.fail(client, 'once');
        expect(error).toMatchObject({ code: 'internal', outcome: 'executed' });
        expect(error.message).not.toContain('secret');
      }
    },
  },
  {
    number: 24,
    title: 'the server dies before it executes',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const remove = stage.world.intercept(packet => {
        if (!bears(packet, 'request')) return undefined;
        remove();
        void stage.restart(500 * stage.random());
        return 'drop';
      });
      const [once] = await Promise.all([
        stage.fail(client, 'once', { key: 'lost' }),
        stage.succeed(client, 'atLeastOnce'),
      ]);
      expect(once).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      expect(stage.oracle.executionsOf('lost')).toHaveLength(0);
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 25,
    title: 'the server dies after the effect and before the reply',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      let alive = true;
      stage.oracle.onEffect = () => {
        if (alive) void stage.restart(500 * stage.random());
        alive = false;
      };
      const error = await stage.fail(client, 'once', { key: 'fatal', work: 50 });
      expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      expect(stage.oracle.executionsOf('fatal')).toHaveLength(1);
      alive = true;
      await stage.succeed(client, 'atLeastOnce', { key: 'twice', work: 50 });
      expect(stage.oracle.executionsOf('twice').length).toBeGreaterThan(1);
    },
  },
  {
    number: 26,
    title: 'the server dies after the reply, which is lost',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const remove = stage.world.intercept(packet => {
        if (!bears(packet, 'reply')) return undefined;
        remove();
        void stage.restart(500 * stage.random());
        return 'drop';
      });
      const error = await stage.fail(client, 'once', { key: 'lost' });
      expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      expect(stage.oracle.executionsOf('lost')).toHaveLength(1);
    },
  },
  {
    number: 27,
    title: 'the server restarts on the same port',
    async run(stage) {
      await stage.serve();
      const udp = await stage.client('udp');
      const tcp = await stage.client('tcp', 'other client');
      await Promise.all([stage.succeed(udp, 'once'), stage.succeed(tcp, 'once')]);
      const pending = [udp, tcp].flatMap(client => [
        stage.fail(client, 'once', { work: 1000 }),
        stage.succeed(client, 'atLeastOnce', { work: 1000 }),
      ]);
      await stage.world.sleep(100 + 300 * stage.random());
      await stage.restart(200 * stage.random());
      const [once, , onceOverTcp] = await Promise.all(pending);
      expect(once).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      expect(onceOverTcp).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      await Promise.all([stage.succeed(udp, 'once'), stage.succeed(tcp, 'once')]);
    },
  },
  {
    number: 28,
    title: 'a first copy is delayed past a restart',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const remove = stage.world.intercept(packet => {
        if (!bears(packet, 'request')) return undefined;
        remove();
        return { delay: 3000 };
      });
      const call = stage.fail(client, 'once', { key: 'late' });
      // Further copies are lost, so that none of them is executed before the restart.
      const removeLoss = stage.world.intercept(packet => (bears(packet, 'request') ? 'drop' : undefined));
      await stage.world.sleep(500);
      const server = await stage.restart(100);
      removeLoss();
      expect(await call).toMatchObject({ outcome: 'unknown' });
      await stage.world.sleep(5000);
      expect(stage.oracle.executionsOf('late')).toHaveLength(0);
      expect(server.stats().resets).toBeGreaterThan(0);
    },
  },
  {
    number: 29,
    title: 'the server restarts twice',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const once = stage.fail(client, 'once', { work: 3000 });
      const atLeastOnce = stage.succeed(client, 'atLeastOnce', { work: 300 });
      for (let restart = 0; restart < 2; restart++) {
        await stage.world.sleep(200 * stage.random());
        await stage.restart(300 * stage.random());
      }
      expect(await once).toMatchObject({ outcome: 'unknown' });
      await atLeastOnce;
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 30,
    title: 'the client restarts and numbers its calls from 1 again',
    async run(stage) {
      const server = await stage.serve();
      const before = await stage.client();
      await stage.succeed(before, 'once', { key: 'first of the first life' });
      void stage.call(before, 'once', { key: 'unfinished', work: 200 }).catch(() => {});
      await stage.world.sleep(20);
      stage.world.host('client').crash();
      stage.oracle.calls.delete('unfinished');
      stage.oracle.executions.delete('unfinished');
      stage.world.host('client').restart();
      const after = await stage.client();
      await stage.succeed(after, 'once', { key: 'first of the second life' });
      await stage.succeed(after, 'once', { key: 'second of the second life' });
      expect(server.stats().sessions).toBe(2);
    },
  },
  {
    number: 31,
    title: 'the event loop stalls for two seconds',
    async run(stage) {
      await stage.serve();
      const channel = await stage.connect();
      const client = channel.client(Ledger);
      await stage.succeed(client, 'once');
      const calls = Array.from({ length: 50 }, () => stage.succeed(client, 'once'));
      await stage.world.sleep(5);
      const before = channel.stats().retransmitted;
      stage.world.host('client').pause(2000);
      await stage.world.sleep(2000);
      await Promise.all(calls);
      // The answers lay in the socket all the time: a storm would have sent all fifty again.
      expect(channel.stats().retransmitted - before).toBeLessThan(50);
    },
  },
  {
    number: 32,
    title: 'the server is stopped and goes on',
    async run(stage) {
      await stage.serve();
      const clients = [await stage.client('udp'), await stage.client('tcp', 'other client')];
      await Promise.all(clients.map(client => stage.succeed(client, 'once')));
      const calls = clients.flatMap(client => [
        stage.succeed(client, 'once', { work: 200 }),
        stage.succeed(client, 'atLeastOnce'),
      ]);
      await stage.world.sleep(250 * stage.random());
      stage.world.host('server').pause(5000 + 5000 * stage.random());
      await Promise.all(calls);
    },
  },
];
