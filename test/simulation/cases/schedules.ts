/** Cases 65 to 76: schedules that break naive designs, each exactly as told. */
import { expect } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import { packetHeaderBytes } from '../../../runtime/src/transport/packet.js';
import type { Scenario } from '../stage.js';
import { bears, forge, framesOf } from '../wire.js';

export const schedules: readonly Scenario[] = [
  {
    number: 65,
    title: 'one copy is doubled by the network, is executed, and its twin meets the next epoch',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      let copies = 0;
      stage.world.intercept(packet => {
        if (!bears(packet, 'request')) return undefined;
        return copies++ === 0 ? { copies: [{ delay: 5 }, { delay: 150 }] } : 'drop';
      });
      stage.dropFirst('reply', 1);
      let died = false;
      stage.oracle.onEffect = () => {
        if (!died) void stage.restart(50);
        died = true;
      };
      const error = await stage.fail(client, 'once', { key: 'doubled' });
      expect(error).toMatchObject({ outcome: 'unknown' });
      expect(stage.oracle.executionsOf('doubled')).toHaveLength(1);
    },
  },
  {
    number: 66,
    title: 'a call is refused for want of room, and a late copy of it comes when there is room',
    async run(stage) {
      const server = await stage.serve({ limits: { historyEntriesPerClient: 1 } });
      const client = await stage.client();
      await stage.succeed(client, 'once');
      await stage.world.sleep(1000);
      const first = stage.succeed(client, 'once', { work: 100 });
      await stage.world.sleep(20);
      // The client does not hear of the refusal before the first call is acknowledged, so its next copies find room.
      const refused = 3;
      const remove = stage.world.intercept(packet => (bears(packet, 'reply', refused) ? 'drop' : undefined));
      const call = stage.fail(client, 'once', { key: 'refused' });
      await first;
      await stage.world.sleep(1000);
      remove();
      expect(await call).toMatchObject({ code: 'resource-exhausted', outcome: 'not-executed' });
      expect(server.stats().historyEntries).toBe(1);
      expect(stage.oracle.executionsOf('refused')).toHaveLength(0);
    },
  },
  {
    number: 67,
    title: 'a call expires in the queue, and then a late copy comes',
    async run(stage) {
      await stage.serve({ limits: { runningCalls: 1 } });
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const requests = stage.capture('request');
      const first = stage.succeed(client, 'once', { work: 600 });
      await stage.world.sleep(20);
      const error = await stage.fail(
        client,
        'once',
        { key: 'expired' },
        { deadline: 200 + 100 * stage.random() },
      );
      expect(error.code).toBe('deadline-exceeded');
      stage.replay(requests, 500);
      await first;
      await stage.world.sleep(2000);
      expect(stage.oracle.executionsOf('expired')).toHaveLength(0);
    },
  },
  {
    number: 68,
    title: 'the cancel comes first and the request after it',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      await stage.world.sleep(1000);
      const remove = stage.world.intercept(packet => {
        if (!bears(packet, 'request')) return undefined;
        remove();
        return { delay: 300 };
      });
      const controller = new AbortController();
      const call = stage.fail(client, 'once', { key: 'cancelled' }, { signal: controller.signal });
      await stage.world.sleep(1);
      controller.abort();
      await call;
      await stage.world.sleep(1000);
      expect(stage.oracle.executionsOf('cancelled')).toHaveLength(0);
      expect(server.stats().duplicates).toBe(1);
    },
  },
  {
    number: 69,
    title: 'the lease ends, then a captured handshake and its old requests arrive in the same epoch',
    async run(stage) {
      const lease = 10_000;
      const server = await stage.serve({ limits: { lease } });
      const captured: Parameters<typeof stage.replay>[0][number][] = [];
      stage.world.onPacket((packet, fate) => {
        if (fate === 'sent' && packet.sender === 'client') captured.push(packet);
      });
      const client = await stage.client();
      await stage.succeed(client, 'once', { key: 'first' });
      await stage.succeed(client, 'once', { key: 'second' });
      await stage.world.sleep(2 * lease);
      expect(server.stats().sessions).toBe(0);
      for (let round = 0; round < 3; round++) {
        stage.replay([...captured]);
        await stage.world.sleep(100);
      }
      expect(server.stats().sessions).toBe(0);
      expect(stage.oracle.executionsOf('first')).toHaveLength(1);
      expect(stage.oracle.executionsOf('second')).toHaveLength(1);
    },
  },
  {
    number: 70,
    title: 'an acknowledgement is forged without the token',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      await stage.world.sleep(1000);
      const acknowledgements = stage.capture('acknowledgement');
      const requests = stage.capture('request');
      await stage.succeed(client, 'once', { key: 'kept' });
      const request = requests[0]!;
      const { start } = framesOf(request).find(frame => frame.name === 'session')!;
      const { start: vector } = framesOf(request).find(frame => frame.name === 'acknowledgement')!;
      const data = forge(acknowledgements[0]!, bytes => {
        bytes.fill(0xaa, start + 16, start + 24);
        bytes.writeUInt32BE(1000, vector + 12);
        // No call is open, it claims.
        bytes[vector + 16] = 0;
      });
      stage.world.inject({ from: request.from, to: request.to, data });
      await stage.world.sleep(10);
      expect(server.stats().historyEntries).toBe(1);
      const { resent } = server.stats();
      stage.replay([request]);
      await stage.world.sleep(20);
      expect(server.stats().resent).toBeGreaterThan(resent);
    },
  },
  {
    number: 71,
    title: 'two channels of one process call one server',
    faults: { loss: 0.2, duplicate: 0.2 },
    async run(stage) {
      const server = await stage.serve();
      const clients = [await stage.client(), await stage.client()];
      for (let round = 0; round < 5; round++) {
        await Promise.all(clients.map(client => stage.succeed(client, 'once')));
      }
      expect(server.stats().sessions).toBe(2);
    },
  },
  {
    number: 72,
    title: 'the oldest 33 calls are never answered while a hundred thousand newer ones finish',
    faults: { latency: 1 },
    large: true,
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const controller = new AbortController();
      const stuck = Array.from({ length: 33 }, () =>
        stage.fail(client, 'once', { work: 36_000_000 }, { deadline: 72_000_000, signal: controller.signal }),
      );
      const rounds = Math.ceil(1000 * stage.share);
      let most = 0;
      for (let round = 0; round < rounds; round++) {
        await Promise.all(Array.from({ length: 100 }, () => stage.succeed(client, 'once')));
        most = Math.max(most, server.stats().historyEntries);
      }
      expect(most).toBeLessThan(600);
      controller.abort();
      await Promise.all(stuck);
    },
  },
  {
    number: 73,
    title: 'a channel moves to TCP while a firewall drops TCP',
    async run(stage) {
      const server = await stage.serve();
      let attempts = 0;
      let passes = stage.random() < 0.5 ? 0 : Math.floor(40 * stage.random());
      stage.world.intercept(packet => {
        if (packet.protocol !== 'tcp' || passes-- > 0) return undefined;
        attempts++;
        return 'drop';
      });
      const client = (await stage.connect('udp', 'client', { promotionBytes: 8000 })).client(Ledger);
      await stage.succeed(client, 'once');
      const long = 20_000 + Math.floor(30_000 * stage.random());
      const shapes = [
        { load: Buffer.alloc(long) },
        { padding: long },
        { load: Buffer.alloc(long), padding: long },
      ];
      const calls = shapes.flatMap(shape =>
        (['once', 'atLeastOnce'] as const).map(procedure => stage.succeed(client, procedure, shape)),
      );
      await Promise.all(calls);
      // The firewall is known by now: nobody waits for a connection, and fewer and fewer are tried.
      const before = attempts;
      for (let minute = 0; minute < 20; minute++) {
        await stage.succeed(client, 'once', { padding: long });
        await stage.world.sleep(60_000);
      }
      expect(attempts - before).toBeLessThan(60);
      expect(attempts).toBeGreaterThan(0);
      expect(server.stats().sessions).toBe(1);
    },
  },
  {
    number: 74,
    title: 'nobody is bound at the port',
    async run(stage) {
      stage.world.host('server');
      const udp = await stage.client('udp');
      const tcp = await stage.client('tcp');
      expect((await stage.call(udp, 'note')).kind).toBe('nothing');
      expect((await stage.call(udp, 'perhaps', {}, { deadline: 500 })).kind).toBe('nothing');
      expect((await stage.call(tcp, 'note')).kind).toBe('nothing');
      expect((await stage.call(tcp, 'perhaps')).kind).toBe('nothing');
      expect(await stage.fail(udp, 'once', {}, { deadline: 500 })).toMatchObject({ outcome: 'not-executed' });
      for (const procedure of ['once', 'atLeastOnce'] as const) {
        expect(await stage.fail(tcp, procedure)).toMatchObject({
          code: 'unavailable',
          outcome: 'not-executed',
        });
      }
      // A server that comes later is found.
      await stage.serve();
      await stage.succeed(udp, 'once');
      await stage.succeed(tcp, 'once');
    },
  },
  {
    number: 75,
    title: 'a datagram is damaged, every bit in turn',
    faults: { latency: 1 },
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const damaged = new Set<number>();
      let bit = 0;
      stage.world.intercept(packet => {
        const [request] = framesOf(packet).filter(frame => frame.name === 'request');
        if (request === undefined || damaged.has(request.number) || bit >= packet.data.length * 8)
          return undefined;
        damaged.add(request.number);
        const data = Buffer.from(packet.data);
        data[bit >> 3]! ^= 1 << (bit & 7);
        return { copies: [{ data }] };
      });
      // A part of the bits, another with each seed; all of them when the whole scenario is played.
      const step = Math.max(1, Math.round(0.5 / stage.share));
      const bits = (packetHeaderBytes + 150) * 8;
      for (bit = Math.floor(step * stage.random()); bit < bits; bit += step) {
        const key = `bit ${bit}`.padEnd(12);
        await stage.succeed(client, 'once', { key });
        expect(stage.oracle.executionsOf(key)).toHaveLength(1);
      }
      expect(server.stats().damaged).toBeGreaterThan(0);
      expect(server.stats().malformed).toBe(0);
    },
  },
  {
    number: 76,
    title: 'a request breaks a constraint',
    async run(stage) {
      await stage.serve();
      for (const scheme of ['udp', 'tcp'] as const) {
        const client = await stage.client(scheme);
        for (const procedure of ['once', 'atLeastOnce'] as const) {
          const error = await stage.fail(client, procedure, { key: 'x'.repeat(65) });
          expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
        }
        await stage.succeed(client, 'once');
      }
    },
  },
];
