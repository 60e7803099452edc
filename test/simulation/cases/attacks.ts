/** Cases 49 to 55: datagrams that nobody of good faith has sent. */
import type { Packet } from '@convoke/runtime/testing';
import { expect } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import { packetHeaderBytes, sealPacket } from '../../../runtime/src/transport/packet.js';
import { port, type Scenario, type Stage } from '../stage.js';
import { bears, forge, framesOf } from '../wire.js';

const lease = 60_000;

/** All that a client sends for two calls, and what the server holds then. */
async function recordedConversation(stage: Stage) {
  const server = await stage.serve();
  const sent: Packet[] = [];
  const remove = stage.world.onPacket((packet, fate) => {
    if (fate === 'sent' && packet.sender === 'client') sent.push(packet);
  });
  const client = await stage.client();
  await stage.succeed(client, 'once', { key: 'first' });
  await stage.succeed(client, 'once', { key: 'second', load: new Uint8Array(3000) });
  await stage.world.sleep(1000);
  remove();
  return { server, client, sent };
}

function randomBytes(stage: Stage, length: number): Buffer {
  return Buffer.from(stage.world.host('director').platform.random.bytes(length));
}

export const attacks: readonly Scenario[] = [
  {
    number: 49,
    title: 'a source address is forged',
    async run(stage) {
      const { sent } = await recordedConversation(stage);
      const victim = { host: stage.world.host('victim').address, port: 9 };
      let inward = 0;
      let outward = 0;
      stage.world.onPacket((packet, fate) => {
        if (fate === 'sent' && packet.to.host === victim.host) outward += packet.data.length;
      });
      for (let round = 0; round < 20; round++) {
        for (const { to, data } of sent) {
          inward += data.length;
          stage.world.inject({ from: victim, to, data });
        }
      }
      await stage.world.sleep(1000);
      expect(outward).toBeLessThanOrEqual(3 * inward);
    },
  },
  {
    number: 50,
    title: 'a client id is forged',
    async run(stage) {
      const { server, client, sent } = await recordedConversation(stage);
      const before = server.stats();
      // The attacker knows the id, but neither the token nor the nonce.
      const hello = sent.find(packet => bears(packet, 'hello'))!;
      const { start } = framesOf(hello).find(frame => frame.name === 'hello')!;
      const attacker = { host: stage.world.host('attacker').address, port: 4000 };
      const data = forge(hello, bytes => randomBytes(stage, 8).copy(bytes, start + 17));
      for (let round = 0; round < 5; round++) stage.world.inject({ from: attacker, to: hello.to, data });
      const request = sent.find(packet => bears(packet, 'request'))!;
      const { start: session } = framesOf(request).find(frame => frame.name === 'session')!;
      const withoutToken = forge(request, bytes => randomBytes(stage, 8).copy(bytes, session + 16));
      stage.world.inject({ from: attacker, to: request.to, data: withoutToken });
      await stage.world.sleep(1000);
      expect(server.stats().executed).toBe(before.executed);
      expect(server.stats().sessions).toBe(1);
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 51,
    title: 'a flood of half-open messages comes',
    async run(stage) {
      const halfOpenBytes = 100_000;
      const server = await stage.serve({ limits: { halfOpenBytes, halfOpenBytesPerClient: halfOpenBytes } });
      const client = await stage.client();
      await stage.succeed(client, 'once');
      const fragments = stage.capture('requestFragment');
      await stage.succeed(client, 'once', { load: new Uint8Array(5000) });
      const [fragment] = fragments;
      const { start } = framesOf(fragment!).find(frame => frame.name === 'requestFragment')!;
      const executed = server.stats().executed;
      for (let number = 100; number < 1100; number++) {
        const data = forge(fragment!, bytes => bytes.writeUInt32BE(number, start + 6));
        stage.world.inject({ from: fragment!.from, to: fragment!.to, data });
      }
      await stage.world.sleep(100);
      expect(server.stats().halfOpenBytes).toBeLessThanOrEqual(halfOpenBytes);
      expect(server.stats().halfOpenBytes).toBeGreaterThan(halfOpenBytes / 2);
      expect(server.stats().executed).toBe(executed);
      await stage.succeed(client, 'once');
      await stage.world.sleep(lease);
      expect(server.stats().halfOpenBytes).toBe(0);
    },
  },
  {
    number: 52,
    title: 'random bytes come, and prefixes and flipped bits of valid datagrams',
    async run(stage) {
      const { server, client, sent } = await recordedConversation(stage);
      const { executed } = server.stats();
      const to = sent[0]!.to;
      const from = sent[0]!.from;
      for (let round = 0; round < 100; round++) {
        stage.world.inject({ from, to, data: randomBytes(stage, Math.floor(200 * stage.random())) });
        // With a good checksum, so that it is the frames that have to be looked at.
        const framed = Buffer.concat([Buffer.alloc(packetHeaderBytes), randomBytes(stage, 100)]);
        sealPacket(framed, 0, framed.length);
        stage.world.inject({ from, to, data: framed });
      }
      for (const packet of sent) {
        const step = Math.max(1, Math.floor(packet.data.length / 50));
        for (let length = 0; length < packet.data.length; length += step) {
          stage.world.inject({ from, to, data: packet.data.subarray(0, length) });
          const prefix = Buffer.from(packet.data.subarray(0, Math.max(length, packetHeaderBytes)));
          sealPacket(prefix, 0, prefix.length);
          stage.world.inject({ from, to, data: prefix });
          const bit = Math.floor(8 * packet.data.length * stage.random());
          const flipped = Buffer.from(packet.data);
          flipped[bit >> 3]! ^= 1 << (bit & 7);
          stage.world.inject({ from, to, data: flipped });
        }
      }
      await stage.world.sleep(1000);
      expect(server.stats().damaged).toBeGreaterThan(0);
      expect(server.stats().executed).toBe(executed);
      await stage.succeed(client, 'once');
    },
  },
  {
    number: 53,
    title: 'arguments nest ten thousand levels deep',
    async run(stage) {
      const server = await stage.serve();
      for (const scheme of ['udp', 'tcp'] as const) {
        const channel = await stage.connect(scheme);
        await stage.succeed(channel.client(Ledger), 'once');
        const once = Ledger.procedures.find(({ name }) => name === 'once')!;
        const nested = {
          ...once,
          writeArguments: (writer: { rawBytes(bytes: Uint8Array): void }) =>
            writer.rawBytes(Buffer.alloc(10_000, 0x91)),
        };
        const raw = channel.client({ ...Ledger, createClient: caller => caller });
        await expect(raw.unary(nested, [], undefined)).rejects.toMatchObject({
          code: 'invalid-argument',
          outcome: 'not-executed',
        });
        await stage.succeed(channel.client(Ledger), 'once');
      }
      expect(server.stats().malformed).toBe(0);
    },
  },
  {
    number: 54,
    title: '__proto__ and constructor are keys and names',
    async run(stage) {
      await stage.serve();
      const client = await stage.client();
      const names = ['constructor', 'toString', 'hasOwnProperty'];
      let seen: object | undefined;
      stage.oracle.onEffect = (_job, { metadata }) => {
        seen = metadata;
      };
      const metadata = Object.fromEntries(names.map(name => [name, `value of ${name}`]));
      for (const key of ['__proto__', 'constructor', 'prototype']) {
        await stage.succeed(client, 'once', { key }, { metadata });
        expect({ ...seen }).toEqual(metadata);
        expect(Object.getPrototypeOf(seen)).toBe(null);
      }
      expect(({} as Record<string, unknown>).polluted).toBe(undefined);
      const evil = Object.defineProperty({}, '__proto__', { value: { polluted: true }, enumerable: true });
      const error = await stage.fail(client, 'once', {}, { metadata: evil });
      expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
    },
  },
  {
    number: 55,
    title: 'captured datagrams are replayed after the lease and after a restart',
    async run(stage) {
      const { server, sent } = await recordedConversation(stage);
      await stage.world.sleep(2 * lease);
      stage.replay(sent);
      await stage.world.sleep(1000);
      expect(server.stats().sessions).toBe(0);
      const next = await stage.restart(10);
      stage.replay(sent);
      await stage.world.sleep(1000);
      expect(next.stats().executed).toBe(0);
      expect(next.addresses[0]).toContain(`:${port}`);
      for (const key of ['first', 'second']) expect(stage.oracle.executionsOf(key)).toHaveLength(1);
    },
  },
];
