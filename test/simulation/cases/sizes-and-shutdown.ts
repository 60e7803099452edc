/** Cases 47, 48 and 61 to 64: histories at their bounds, ends, and large numbers. */
import { expect } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import { createChannel } from '../../../runtime/src/client/channel.js';
import { CallerEndpoint } from '../../../runtime/src/request-reply/caller.js';
import { streamWindow } from '../../../runtime/src/request-reply/limits.js';
import { dial } from '../../../runtime/src/transport/open.js';
import { port, type Scenario } from '../stage.js';

export const sizesAndShutdown: readonly Scenario[] = [
  {
    number: 47,
    title: 'there are more replies than fit the history',
    async run(stage) {
      const entries = 8;
      await stage.serve({ limits: { historyEntriesPerClient: entries } });
      const client = await stage.client();
      await stage.succeed(client, 'once');
      await stage.world.sleep(1000);
      const told = await Promise.all(
        Array.from({ length: 2 * entries }, () => stage.call(client, 'once', { work: 300 })),
      );
      expect(told.filter(({ kind }) => kind === 'receipt')).toHaveLength(entries);
      for (const each of told) {
        if (each.kind === 'failed') {
          expect(each.error).toMatchObject({ code: 'resource-exhausted', outcome: 'not-executed' });
        }
      }
      await stage.world.sleep(1000);
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 48,
    title: 'one slow call and a hundred thousand fast ones come from the same client',
    faults: { latency: 1 },
    large: true,
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      const slow = stage.succeed(client, 'once', { key: 'slow', work: 3_600_000 }, { deadline: 7_200_000 });
      const rounds = Math.ceil(1000 * stage.share);
      let most = 0;
      for (let round = 0; round < rounds; round++) {
        await Promise.all(Array.from({ length: 100 }, () => stage.succeed(client, 'once')));
        most = Math.max(most, server.stats().historyEntries);
      }
      expect(most).toBeLessThan(300);
      await slow;
    },
  },
  {
    number: 61,
    title: 'the server drains while calls run and requests are sent again',
    faults: { loss: 0.03, duplicate: 0.2, reorder: 0.2 },
    async run(stage) {
      // Fewer than come, so that some wait for their turn.
      const server = await stage.serve({ limits: { runningCalls: 5 } });
      const clients = [await stage.client('udp'), await stage.client('tcp', 'other')];
      stage.dropFirst('reply', 2);
      const begin = (name: 'once' | 'atLeastOnce') =>
        clients.map(client =>
          stage.call(client, name, { work: 20_000 + 1000 * stage.random() }, { deadline: 600_000 }),
        );
      const repeated = begin('atLeastOnce');
      const once = [...begin('once'), ...begin('once'), ...begin('once')];
      while (server.stats().historyEntries < once.length) await stage.world.sleep(10);
      let told = 0;
      for (const call of once) void call.then(() => told++);
      await server.drain();
      expect(server.stats()).toMatchObject({ running: 0, queued: 0, historyEntries: 0 });
      expect(told).toBe(once.length);
      for (const { kind } of await Promise.all(once)) expect(kind).toBe('receipt');
      expect(server.stats().resent).toBeGreaterThan(0);
      await server.close();
      // Their replies are not kept: where one was lost, the next copy was refused, and the caller cannot know.
      for (const answer of await Promise.all(repeated)) {
        if (answer.kind === 'failed') expect(answer.error.outcome).toBe('unknown');
      }
    },
  },
  {
    number: 62,
    title: 'a call comes while the server drains',
    faults: { loss: 0.03, duplicate: 0.2, reorder: 0.2 },
    async run(stage) {
      const server = await stage.serve();
      const clients = [await stage.client('udp'), await stage.client('tcp', 'other')];
      const patient = { deadline: 600_000 };
      await Promise.all(clients.map(client => stage.succeed(client, 'once', {}, patient)));
      const { executed } = server.stats();
      const running = clients.map(client => stage.succeed(client, 'once', { work: 5000 }, patient));
      while (server.stats().executed < executed + running.length) await stage.world.sleep(10);
      const drain = server.drain();
      const requests = stage.capture('request');
      // Clients of which the server has not heard yet are told as well.
      clients.push(await stage.client('udp', 'stranger'), await stage.client('tcp', 'stranger'));
      const refused = { code: 'unavailable', outcome: 'not-executed' };
      for (const client of clients) {
        expect(await stage.fail(client, 'once', {}, patient)).toMatchObject(refused);
        expect(await stage.fail(client, 'atLeastOnce', {}, patient)).toMatchObject({
          code: 'unavailable',
        });
      }
      stage.replay(requests, 100 * stage.random());
      await Promise.all(running);
      await drain;
      expect(server.stats().executed).toBe(executed + running.length);
    },
  },
  {
    number: 63,
    title: 'a side closes with calls pending, and each of them fails',
    async run(stage) {
      const server = await stage.serve();
      for (const scheme of ['udp', 'tcp'] as const) {
        const channel = await stage.connect(scheme, `${scheme} client`);
        const client = channel.client(Ledger);
        await stage.succeed(client, 'once');
        const calls = [
          stage.fail(client, 'once', { work: 500 }),
          stage.fail(client, 'atLeastOnce', { work: 500 }),
        ];
        await stage.world.sleep(50 * stage.random());
        await channel.close();
        for (const { code } of await Promise.all(calls)) expect(code).toBe('cancelled');
        expect(await stage.fail(client, 'once')).toMatchObject({
          code: 'unavailable',
          outcome: 'not-executed',
        });
      }
      const clients = [await stage.client('udp'), await stage.client('tcp')];
      await Promise.all(clients.map(client => stage.succeed(client, 'once')));
      const calls = clients.map(client => stage.fail(client, 'once', { work: 500 }));
      await stage.world.sleep(50 + 50 * stage.random());
      await server.close();
      for (const { outcome } of await Promise.all(calls)) expect(outcome).toBe('unknown');
    },
  },
  {
    number: 64,
    title: 'sequence numbers pass 2^32',
    faults: { loss: 0.1, duplicate: 0.1 },
    async run(stage) {
      const server = await stage.serve();
      const platform = stage.world.host('client').platform;
      const endpoint = new CallerEndpoint({
        platform,
        dial,
        address: { scheme: 'udp', host: 'server', port },
        clientId: Buffer.from(platform.random.bytes(16)),
        messageBytes: 1 << 20,
        datagramBytes: 1200,
        streamWindow: streamWindow({}),
        firstNumber: 2 ** 32 - 5,
      });
      const channel = createChannel(endpoint, platform);
      const client = channel.client(Ledger);
      for (let call = 0; call < 10; call++)
        await stage.succeed(client, 'once', { padding: call === 5 ? 5000 : 0 });
      await Promise.all(Array.from({ length: 10 }, () => stage.succeed(client, 'once')));
      await stage.world.sleep(1000);
      expect(server.stats().duplicates).toBeGreaterThanOrEqual(0);
      await channel.close();
    },
  },
];
