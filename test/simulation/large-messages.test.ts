/** Long messages: beside each other, over a bad wire, and where one end vanishes or stands still. */
import type { Packet } from '@convoke/runtime/testing';
import { expect, test } from 'vitest';
import { Ledger, type LedgerClient } from '../../generated/testing/ledger/index.js';
import { play, type Scenario, type Stage } from './stage.js';
import { bears } from './wire.js';

const size = 300_000;
const load = Buffer.alloc(size, 'convoke');
const patient = { deadline: 3_600_000 };

/** How many datagrams with fragments are sent from now on. */
function countFragments(stage: Stage): () => number {
  let count = 0;
  stage.world.onPacket((packet: Packet, fate) => {
    if (fate === 'sent' && (bears(packet, 'requestFragment') || bears(packet, 'replyFragment'))) count++;
  });
  return () => count;
}

/** A client whose long messages go in fragments, although the server takes connections. */
async function fragmenting(stage: Stage, host = 'client'): Promise<LedgerClient> {
  return (await stage.connect('udp', host, { promotionBytes: Number.POSITIVE_INFINITY })).client(Ledger);
}

const scenarios: readonly Scenario[] = [
  {
    number: 101,
    title: 'two large messages share the path in each direction',
    async run(stage) {
      await stage.serve();
      const client = await fragmenting(stage);
      const count = countFragments(stage);
      await Promise.all([
        stage.succeed(client, 'once', { load, padding: size }, patient),
        stage.succeed(client, 'atLeastOnce', { load, padding: size }, patient),
      ]);
      // Without loss hardly any fragment is sent twice.
      expect(count()).toBeLessThan(1.05 * 4 * Math.ceil(size / 1100));
    },
  },
  {
    number: 102,
    title: 'a slow wire with a short queue carries large messages, and they do not flood it',
    faults: { latency: 10, bandwidth: 500_000, queue: 30_000 },
    async run(stage) {
      await stage.serve();
      const client = await fragmenting(stage);
      let lost = 0;
      stage.world.onPacket((_packet, fate) => {
        if (fate === 'overflow') lost++;
      });
      const count = countFragments(stage);
      for (let call = 0; call < 4; call++) {
        await stage.succeed(client, 'once', { load, padding: size }, patient);
      }
      expect(lost / count()).toBeLessThan(0.1);
    },
  },
  {
    number: 103,
    title: 'five per cent of all datagrams are lost, and each fragment is sent again only when it was',
    faults: { loss: 0.05 },
    async run(stage) {
      await stage.serve();
      const client = await fragmenting(stage);
      const count = countFragments(stage);
      await stage.succeed(client, 'once', { load, padding: size }, patient);
      expect(count()).toBeLessThan(1.15 * 2 * Math.ceil(size / 1100));
    },
  },
  {
    number: 104,
    title: 'the receiver of a large reply vanishes: the server stops to send it',
    async run(stage) {
      await stage.serve();
      const client = await fragmenting(stage, 'vanishing');
      await stage.call(client, 'once');
      const count = countFragments(stage);
      const remove = stage.world.intercept(packet => {
        if (!bears(packet, 'replyFragment')) return undefined;
        const vanishing = stage.world.host('vanishing');
        if (count() > 20 && vanishing.isUp) vanishing.crash();
        return 'deliver';
      });
      void stage.call(client, 'once', { key: 'unread', padding: size }).catch(() => {});
      await stage.world.sleep(20_000);
      remove();
      // Its caller is gone, so that nobody can be told.
      stage.oracle.calls.delete('unread');
      stage.oracle.executions.delete('unread');
      const before = count();
      await stage.world.sleep(60_000);
      expect(before).toBeGreaterThan(20);
      expect(before).toBeLessThan(size / 1100);
      expect(count()).toBe(before);
    },
  },
  {
    number: 105,
    title: 'the receiver of a large request vanishes: the call ends by its deadline, and no more is sent',
    async run(stage) {
      await stage.serve();
      const client = await fragmenting(stage);
      await stage.succeed(client, 'once');
      const count = countFragments(stage);
      const remove = stage.world.intercept(packet => {
        if (!bears(packet, 'requestFragment')) return undefined;
        const server = stage.world.host('server');
        if (count() > 20 && server.isUp) server.crash();
        return 'deliver';
      });
      const error = await stage.fail(client, 'once', { load }, { deadline: 5000 });
      remove();
      expect(error).toMatchObject({ code: 'deadline-exceeded', outcome: 'unknown' });
      const before = count();
      await stage.world.sleep(60_000);
      expect(count()).toBe(before);
      await stage.restart();
    },
  },
  {
    number: 106,
    title: 'an event loop that stood still for two seconds is no reason to send all again',
    async run(stage) {
      await stage.serve();
      const client = await fragmenting(stage);
      await stage.succeed(client, 'once');
      for (const host of ['client', 'server']) {
        const count = countFragments(stage);
        let isPaused = false;
        const remove = stage.world.intercept(() => {
          if (!isPaused && count() > 60) {
            isPaused = true;
            stage.world.host(host).pause(2000);
          }
          return undefined;
        });
        await stage.succeed(client, 'once', { load, padding: size }, patient);
        remove();
        expect(isPaused).toBe(true);
        expect(count()).toBeLessThan(1.3 * 2 * Math.ceil(size / 1100));
      }
    },
  },
];

test.each(scenarios)('$title', async scenario => {
  for (let seed = 1; seed <= 5; seed++) await play(scenario, seed);
});
