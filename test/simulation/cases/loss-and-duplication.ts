/** Cases 1 to 13: requests, replies and acknowledgements that are lost, doubled, late or in another order. */

import type { Packet } from '@convoke/runtime/testing';
import { expect } from 'vitest';
import type { Procedure, Scenario, Stage } from '../stage.js';
import { bears, forge, framesOf } from '../wire.js';

const lease = 60_000;

/** A call that was answered, the datagram of its request, and the server's counters before what happens next. */
async function answeredCall(stage: Stage) {
  const server = await stage.serve();
  const client = await stage.client();
  const requests = stage.capture('request');
  await stage.succeed(client, 'once', { key: 'the call' });
  return { server, client, request: requests[0] as Packet };
}

export const lossAndDuplication: readonly Scenario[] = [
  {
    number: 1,
    title: 'the first request is lost',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      stage.dropFirst('request', 1);
      await stage.succeed(client, 'once');
      await stage.succeed(client, 'atLeastOnce');
      const told = await stage.call(client, 'perhaps', {}, { deadline: 500 });
      expect(told.kind).toBe('nothing');
    },
  },
  {
    number: 2,
    title: 'every reply but the last is lost',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      stage.dropFirst('reply', 3);
      await stage.succeed(client, 'once', { key: 'once' });
      await stage.succeed(client, 'atLeastOnce', { key: 'again and again' });
      expect(stage.oracle.executionsOf('once')).toHaveLength(1);
      expect(stage.oracle.executionsOf('again and again').length).toBeGreaterThan(1);
    },
  },
  {
    number: 3,
    title: 'an acknowledgement is lost',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      const remove = stage.world.intercept(packet => {
        const names = framesOf(packet).map(frame => frame.name);
        return names.includes('acknowledgement') && !names.includes('request') ? 'drop' : undefined;
      });
      await stage.succeed(client, 'once');
      await stage.world.sleep(5000);
      expect(server.stats().historyEntries).toBe(1);
      remove();
      await stage.succeed(client, 'once');
      await stage.world.sleep(5000);
      expect(server.stats().historyEntries).toBe(0);
    },
  },
  {
    number: 4,
    title: 'a duplicate arrives while the procedure runs',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      stage.world.intercept(packet =>
        bears(packet, 'request') ? { copies: [{ delay: 5 }, { delay: 20 }] } : undefined,
      );
      await stage.succeed(client, 'once', { work: 400 });
      expect(server.stats().duplicates).toBeGreaterThan(0);
    },
  },
  {
    number: 5,
    title: 'a duplicate arrives after the reply',
    async run(stage) {
      const { server, request } = await answeredCall(stage);
      const { resent } = server.stats();
      stage.replay([request, request]);
      await stage.world.sleep(20);
      expect(server.stats().resent).toBeGreaterThanOrEqual(resent + 2);
      expect(stage.oracle.executionsOf('the call')).toHaveLength(1);
    },
  },
  {
    number: 6,
    title: 'a duplicate arrives after the acknowledgement',
    async run(stage) {
      const { server, request } = await answeredCall(stage);
      await stage.world.sleep(1000);
      expect(server.stats().historyEntries).toBe(0);
      stage.replay([request]);
      await stage.world.sleep(20);
      expect(server.stats().stale).toBeGreaterThan(0);
    },
  },
  {
    number: 7,
    title: 'a duplicate arrives after the lease',
    async run(stage) {
      const { server, request } = await answeredCall(stage);
      await stage.world.sleep(2 * lease);
      expect(server.stats().sessions).toBe(0);
      stage.replay([request]);
      await stage.world.sleep(20);
      expect(server.stats().resets).toBeGreaterThan(0);
    },
  },
  {
    number: 8,
    title: 'a duplicate has another body',
    async run(stage) {
      const { server, request } = await answeredCall(stage);
      const data = forge(request, bytes => {
        // The key's letters are the last of the request: another key, another body.
        const at = bytes.indexOf('the call');
        bytes.write('another!', at);
      });
      stage.world.inject({ from: request.from, to: request.to, data });
      await stage.world.sleep(20);
      expect(server.stats().mismatched).toBe(1);
      const { resent } = server.stats();
      stage.replay([request]);
      await stage.world.sleep(20);
      expect(server.stats().resent).toBeGreaterThan(resent);
    },
  },
  {
    number: 9,
    title: 'two calls are reordered',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      let held = false;
      stage.world.intercept(packet => {
        if (!bears(packet, 'request') || held) return undefined;
        held = true;
        return { delay: 50 + 100 * stage.random() };
      });
      const first = stage.succeed(client, 'once', { key: 'first' });
      await stage.world.sleep(1);
      await Promise.all([first, stage.succeed(client, 'once', { key: 'second' })]);
    },
  },
  {
    number: 10,
    title: 'an old packet arrives after many newer calls',
    faults: { latency: 1 },
    async run(stage) {
      const { server, client, request } = await answeredCall(stage);
      for (let round = 0; round < 20; round++) {
        await Promise.all(Array.from({ length: 10 }, () => stage.succeed(client, 'once')));
      }
      stage.replay([request]);
      await stage.world.sleep(20);
      expect(server.stats().stale).toBeGreaterThan(0);
      expect(stage.oracle.executionsOf('the call')).toHaveLength(1);
    },
  },
  {
    number: 11,
    title: 'the delay is longer than the retransmission time-out of a fast procedure',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      stage.world.faults({ latency: [300, 500] });
      await Promise.all([
        stage.succeed(client, 'once'),
        stage.succeed(client, 'once'),
        stage.succeed(client, 'atLeastOnce'),
      ]);
    },
  },
  {
    number: 12,
    title: 'the delay is longer than the deadline',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      stage.world.faults({ latency: [800, 3000] });
      const errors = await Promise.all([
        stage.fail(client, 'once', {}, { deadline: 1000 }),
        stage.fail(client, 'atLeastOnce', {}, { deadline: 1000 }),
      ]);
      for (const { code, outcome } of errors) {
        expect(code).toBe('deadline-exceeded');
        expect(outcome).toBe('unknown');
      }
    },
  },
  {
    number: 13,
    title: 'thirty per cent loss, twenty per cent duplication and reordering, all at once',
    faults: { loss: 0.3, duplicate: 0.2, reorder: 0.2, corrupt: 0.02, latency: [1, 40] },
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      const procedures: Procedure[] = ['once', 'atLeastOnce', 'once', 'perhaps', 'once', 'note'];
      const calls = Array.from({ length: 30 }, async (_, index) => {
        await stage.world.sleep(stage.random() * 500);
        const procedure = procedures[index % procedures.length]!;
        const job = {
          work: index % 5 === 0 ? 300 * stage.random() : 0,
          padding: index % 7 === 0 ? 20_000 : 0,
        };
        if (procedure === 'note' || procedure === 'perhaps')
          await stage.call(client, procedure, job, { deadline: 2000 });
        else await stage.succeed(client, procedure, job, { deadline: 60_000 });
      });
      await Promise.all(calls);
    },
  },
];
