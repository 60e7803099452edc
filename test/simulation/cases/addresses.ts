/** Cases 33 to 40: clients that share or change their addresses, and ways that are cut. */
import { expect } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import type { Scenario } from '../stage.js';
import { framesOf } from '../wire.js';

export const addresses: readonly Scenario[] = [
  {
    number: 33,
    title: 'two clients are behind one address and port',
    faults: { loss: 0.1, duplicate: 0.1 },
    async run(stage) {
      stage.world.host('one');
      stage.world.host('two');
      stage.world.nat(['one', 'two']);
      const server = await stage.serve();
      const clients = [await stage.client('udp', 'one'), await stage.client('udp', 'two')];
      await Promise.all(
        clients.flatMap(client => [
          stage.succeed(client, 'once', { padding: 3000 }),
          stage.succeed(client, 'atLeastOnce'),
          stage.succeed(client, 'once', { work: 100 }),
        ]),
      );
      expect(server.stats().sessions).toBe(2);
    },
  },
  {
    number: 34,
    title: "the client's address changes in the middle of a call",
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      for (const procedure of ['once', 'atLeastOnce', 'once'] as const) {
        const call = stage.succeed(client, procedure, {
          work: 150,
          padding: procedure === 'once' ? 5000 : 0,
        });
        await stage.world.sleep(200 * stage.random());
        stage.world.host('client').changeAddress();
        await call;
      }
    },
  },
  {
    number: 35,
    title: 'a partition comes and heals',
    async run(stage) {
      await stage.serve();
      const clients = [await stage.client('udp'), await stage.client('tcp', 'other client')];
      await Promise.all(clients.map(client => stage.succeed(client, 'once')));
      const calls = clients.flatMap(client => [
        stage.succeed(client, 'once', { work: 200 }),
        stage.succeed(client, 'atLeastOnce', { work: 200 }),
      ]);
      await stage.world.sleep(250 * stage.random());
      stage.world.partition(['server'], ['client', 'other client']);
      await stage.world.sleep(10_000 * stage.random());
      stage.world.heal();
      await Promise.all(calls);
    },
  },
  {
    number: 36,
    title: 'one way is cut and the other is not',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      for (const [from, to] of [
        ['client', 'server'],
        ['server', 'client'],
      ] as const) {
        stage.world.cut(from, to);
        const calls = [stage.succeed(client, 'once'), stage.succeed(client, 'atLeastOnce')];
        await stage.world.sleep(100 + 5000 * stage.random());
        stage.world.heal();
        await Promise.all(calls);
      }
    },
  },
  {
    number: 37,
    title: 'a TCP connection is reset in the middle of a reply',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client('tcp');
      await stage.succeed(client, 'once');
      for (const padding of [100, 100_000]) {
        let resets = 0;
        stage.oracle.onEffect = () => {
          if (resets++ > 0) return;
          const clock = stage.world.host('server').platform.clock;
          clock.setTimer(20 * stage.random(), () => stage.world.resetConnections('client', 'server'));
        };
        await stage.succeed(client, 'once', { padding });
        resets = 0;
        await stage.succeed(client, 'atLeastOnce', { padding });
      }
      expect(server.stats().sessions).toBe(1);
    },
  },
  {
    number: 38,
    title: 'a TCP connection is half open',
    async run(stage) {
      await stage.serve();
      const client = await stage.client('tcp');
      await stage.succeed(client, 'once');
      // The server's machine fails and comes back: its end of the connection is gone, and nobody has told the client.
      await stage.restart(1000 * stage.random());
      const [once] = await Promise.all([stage.call(client, 'once'), stage.succeed(client, 'atLeastOnce')]);
      if (once.kind === 'failed') expect(once.error.outcome).not.toBe('executed');
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 39,
    title: 'a channel moves from UDP to TCP in the middle of a call',
    faults: { loss: 0.05, duplicate: 0.05 },
    async run(stage) {
      const server = await stage.serve();
      const client = (await stage.connect('udp', 'client', { promotionBytes: 8000 })).client(Ledger);
      await stage.succeed(client, 'once');
      let overTcp = 0;
      stage.world.onPacket((packet, fate) => {
        if (fate === 'delivered' && packet.protocol === 'tcp') overTcp += packet.data.length;
      });
      const long = 40_000 + Math.floor(80_000 * stage.random());
      const shapes = [
        { load: Buffer.alloc(long) },
        { padding: long },
        { load: Buffer.alloc(long), padding: long },
      ];
      for (const shape of shapes) {
        for (const procedure of ['once', 'atLeastOnce'] as const) {
          const call = stage.succeed(client, procedure, { ...shape, work: 100 * stage.random() });
          // In the handshake, in the request, while it works, in the reply, or after it.
          await stage.world.sleep(250 * stage.random());
          stage.world.resetConnections('client', 'server');
          await call;
        }
        expect((await stage.call(client, 'perhaps', shape)).kind).not.toBe('failed');
        // Long enough for the connection to be tried again.
        await stage.world.sleep(40_000);
        stage.world.faults({ loss: 0 });
        const before = overTcp;
        await stage.succeed(client, 'once', shape);
        // A reply may have come as datagrams before the connection is there.
        if (shape.load !== undefined) expect(overTcp - before).toBeGreaterThan(long);
        stage.world.faults({ loss: 0.05 });
      }
      expect(server.stats().sessions).toBe(1);
    },
  },
  {
    number: 40,
    title: 'a call is repeated at a second server',
    async run(stage) {
      await stage.serve();
      const second = await stage.serve({ listen: 'udp://second:7000' }, 'second');
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const address = stage.world.host('second').address;
      // Whatever the client sends reaches the second server too.
      stage.world.onPacket((packet, fate) => {
        if (fate === 'sent' && packet.sender === 'client' && framesOf(packet).length > 0) {
          stage.world.inject({ from: packet.from, to: { host: address, port: 7000 }, data: packet.data });
        }
      });
      await stage.succeed(client, 'once', { key: 'here', work: 50 });
      await stage.world.sleep(1000);
      expect(stage.oracle.executionsOf('here')).toHaveLength(1);
      expect(second.stats().executed).toBe(0);
      expect(second.stats().resets).toBeGreaterThan(0);
    },
  },
];
