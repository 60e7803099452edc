/** Cases 41 to 46: messages that are larger than a datagram, than a limit, or than they claim. */
import { expect } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import type { Scenario } from '../stage.js';
import { bears, forge, framesOf } from '../wire.js';

const mebibyte = 1 << 20;

export const fragmentsAndBounds: readonly Scenario[] = [
  {
    number: 41,
    title: 'a fragment is lost',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      for (const name of ['requestFragment', 'replyFragment'] as const) {
        let fragments = 0;
        const lost = Math.floor(20 * stage.random());
        const remove = stage.world.intercept(packet =>
          bears(packet, name) && fragments++ === lost ? 'drop' : undefined,
        );
        const size = 20_000;
        await stage.succeed(client, 'once', { load: new Uint8Array(size), padding: size });
        await stage.succeed(client, 'atLeastOnce', { load: new Uint8Array(size), padding: size });
        remove();
      }
    },
  },
  {
    number: 42,
    title: 'fragments are duplicated, and overlap with those of another size',
    faults: { duplicate: 0.5, reorder: 0.3 },
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      // Beside each fragment one comes that claims to be of a message of another size.
      stage.world.onPacket((packet, fate) => {
        if (fate !== 'sent' || packet.sender !== 'client') return;
        const fragment = framesOf(packet).find(frame => frame.name === 'requestFragment');
        if (fragment === undefined || stage.random() < 0.5) return;
        const { from, to } = packet;
        const totalAt = fragment.start + 14;
        const data = forge(packet, bytes => bytes.writeUInt32BE(bytes.readUInt32BE(totalAt) + 1, totalAt));
        // Later than the first, by which the server knows the message.
        stage.world.inject({ from, to, data }, 50);
      });
      const load = Buffer.from(Array.from({ length: 30_000 }, (_, index) => index & 0xff));
      let seen: Uint8Array | undefined;
      stage.oracle.onEffect = job => {
        seen = job.load;
      };
      await stage.succeed(client, 'once', { load, padding: 30_000 });
      expect(seen !== undefined && load.equals(seen)).toBe(true);
    },
  },
  {
    number: 43,
    title: 'a message has the exact limit, and one byte more',
    async run(stage) {
      const messageBytes = 5000;
      await stage.serve({ limits: { messageBytes } });
      for (const scheme of ['udp', 'tcp'] as const) {
        const client = await stage.client(scheme);
        await stage.succeed(client, 'once');
        /** The longest load that passes. */
        let fits = 0;
        for (let step = 4096; step >= 1; step /= 2) {
          const told = await stage.call(client, 'once', { load: new Uint8Array(fits + step) });
          if (told.kind === 'receipt') fits += step;
          else {
            expect(told).toMatchObject({
              kind: 'failed',
              error: { code: 'resource-exhausted', outcome: 'not-executed' },
            });
          }
        }
        expect(fits).toBeGreaterThan(4500);
        expect(fits).toBeLessThan(messageBytes);
        // Replies: what is too large to be sent was executed all the same.
        await stage.succeed(client, 'once', { padding: 4900 });
        const error = await stage.fail(client, 'once', { padding: messageBytes });
        expect(error).toMatchObject({ code: 'resource-exhausted', outcome: 'executed' });
      }
    },
  },
  {
    number: 44,
    title: 'sixteen MiB go over UDP with five per cent loss',
    faults: { loss: 0.05, latency: 1 },
    large: true,
    async run(stage) {
      await stage.serve();
      const channel = await stage.connect('udp', 'client', { promotionBytes: Number.POSITIVE_INFINITY });
      const client = channel.client(Ledger);
      const size = Math.floor(16 * mebibyte * Math.max(stage.share, 0.05));
      const load = Buffer.alloc(size, 'convoke');
      let arrived = false;
      stage.oracle.onEffect = job => {
        arrived = job.load !== undefined && load.equals(job.load);
      };
      await stage.succeed(client, 'once', { load, padding: size }, { deadline: 3_600_000 });
      expect(arrived).toBe(true);
    },
  },
  {
    number: 45,
    title: 'four GiB are declared and a hundred bytes sent',
    async run(stage) {
      const server = await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const fragments = stage.capture('requestFragment');
      await stage.succeed(client, 'once', { load: new Uint8Array(5000) });
      const [fragment] = fragments;
      const { start } = framesOf(fragment!).find(frame => frame.name === 'requestFragment')!;
      for (const total of [0xffff_ffff, 0x7fff_ffff, 33 * mebibyte]) {
        const data = forge(fragment!, bytes => {
          bytes.writeUInt32BE(900 + Math.floor(1000 * stage.random()), start + 6);
          bytes.writeUInt32BE(total, start + 14);
        });
        stage.world.inject({ from: fragment!.from, to: fragment!.to, data });
      }
      await stage.world.sleep(100);
      expect(server.stats().malformed).toBe(3);
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 46,
    title: 'a reply is too large to keep',
    async run(stage) {
      const server = await stage.serve({ limits: { keptReplyBytes: 1000 } });
      const client = await stage.client();
      await stage.succeed(client, 'once', { padding: 500 });
      // It arrives at once, or not at all: then a copy is told that the call was executed.
      await stage.succeed(client, 'once', { padding: 1050 });
      stage.dropFirst('reply', 1);
      const error = await stage.fail(client, 'once', { key: 'tombstone', padding: 1050 });
      expect(error).toMatchObject({ code: 'resource-exhausted', outcome: 'executed' });
      expect(stage.oracle.executionsOf('tombstone')).toHaveLength(1);
      expect(server.stats().historyBytes).toBeLessThan(5000);
      const channel = await stage.connect('tcp');
      await stage.succeed(channel.client(Ledger), 'once', { padding: 100_000 });
    },
  },
];
