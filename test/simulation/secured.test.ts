/** Sealed UDP and simulated TLS: the promises hold as over plain transports, and an attacker gets nothing. */
import type { Packet } from '@convoke/runtime/testing';
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../generated/testing/ledger/index.js';
import { sealedHeaderBytes } from '../../runtime/src/transport/seal.js';
import { SecuredProtocol } from '../../runtime/src/transport/tls.js';
import { mixture } from './mixture.js';
import { identityOf, play, port, type Scenario, type Stage } from './stage.js';

const seeds = Number(process.env.SEEDS ?? 5);
const first = Number(process.env.FIRST_SEED ?? 1);

const secured = (title: string, run: Scenario['run'], faults: Scenario['faults'] = {}): Scenario => ({
  number: -1,
  title,
  faults,
  secured: true,
  run,
});

const isSealed = ({ protocol, data }: Packet): boolean => protocol === 'udp' && data[3] === 1;

/** All sealed datagrams that are sent from now on, by whomever. */
function captureSealed(stage: Stage): Packet[] {
  const captured: Packet[] = [];
  stage.world.onPacket((packet, fate) => {
    if (fate === 'sent' && isSealed(packet)) captured.push(packet);
  });
  return captured;
}

const scenarios: readonly Scenario[] = [
  { ...mixture, secured: true },
  secured('one principal on each channel, whatever address it calls from', async stage => {
    await stage.serve();
    const callers: (string | undefined)[] = [];
    stage.oracle.onEffect = (_job, ctx) => {
      callers.push(ctx.peer.principal?.name);
    };
    const client = await stage.client('udp', 'alice');
    await stage.succeed(client, 'once');
    stage.world.host('alice').changeAddress();
    await stage.succeed(client, 'once', { load: new Uint8Array(5000) });
    await stage.succeed(await stage.client('tcp', 'bob'), 'once');
    expect(callers).toEqual(['alice', 'alice', 'bob']);
  }),
  secured('a recorded conversation is replayed, to the server and to the client', async stage => {
    const server = await stage.serve();
    const captured = captureSealed(stage);
    const channel = await stage.connect();
    const client = channel.client(Ledger);
    for (const key of ['first', 'second']) await stage.succeed(client, 'once', { key });
    await stage.succeed(client, 'atLeastOnce', { key: 'third' });
    await stage.world.sleep(1000);
    const recorded = [...captured];
    const before = { server: server.stats(), channel: channel.stats() };
    for (let round = 0; round < 3; round++) stage.replay(recorded);
    await stage.world.sleep(1000);
    const fromClient = recorded.filter(({ sender }) => sender === 'client').length;
    expect(fromClient).toBeGreaterThan(4);
    expect(server.stats()).toEqual({ ...before.server, replayed: 3 * fromClient });
    expect(channel.stats()).toEqual({ ...before.channel, replayed: 3 * (recorded.length - fromClient) });
    for (const key of ['first', 'second']) expect(stage.oracle.executionsOf(key)).toHaveLength(1);
  }),
  secured('datagrams are changed on their way, or made up', async stage => {
    const server = await stage.serve();
    const captured = captureSealed(stage);
    const client = await stage.client();
    await stage.succeed(client, 'once', { key: 'first' });
    await stage.world.sleep(1000);
    const before = server.stats();
    const original = captured.find(({ sender }) => sender === 'client')!;
    const { from, to } = original;
    for (let round = 0; round < 50; round++) {
      const data = Buffer.from(original.data);
      data.writeUInt32BE(1000 + round, sealedHeaderBytes - 4);
      data[Math.floor(stage.random() * (data.length - sealedHeaderBytes)) + sealedHeaderBytes]! ^= 1 + round;
      stage.world.inject({ from, to, data });
      stage.world.inject({ from, to, data: data.subarray(0, 3 + round) });
      // Plain datagrams are not taken where sealed ones are.
      const plain = Buffer.from(data);
      plain[3] = 0;
      stage.world.inject({ from, to, data: plain });
    }
    await stage.world.sleep(1000);
    const { forged, damaged, ...rest } = server.stats();
    expect(forged + damaged).toBe(before.forged + before.damaged + 150);
    expect(rest).toEqual((({ forged: _f, damaged: _d, ...others }) => others)(before));
    await stage.succeed(client, 'once', { key: 'second' });
  }),
  secured('nothing that a channel says can be read', async stage => {
    await stage.serve();
    const captured = captureSealed(stage);
    await stage.succeed(await stage.client(), 'once', { key: 'a-word-that-nobody-else-says' });
    expect(captured.length).toBeGreaterThan(2);
    for (const { data } of captured) expect(data.includes('a-word-that-nobody-else-says')).toBe(false);
  }),
  secured(
    'the server is started anew: its client gets another key, and is told what it lost',
    async stage => {
      await stage.serve();
      const client = await stage.client();
      await stage.succeed(client, 'once', { key: 'before' });
      const during = stage.call(client, 'once', { key: 'during', work: 3000 }, { deadline: 20_000 });
      await stage.world.sleep(500);
      await stage.restart(100);
      expect(await during).toMatchObject({ kind: 'failed', error: { outcome: 'unknown' } });
      await stage.succeed(client, 'once', { key: 'after' });
    },
  ),
  secured('an idle client whose key was dropped gets another', async stage => {
    await stage.serve();
    const client = await stage.client();
    await stage.succeed(client, 'once', { key: 'before' });
    await stage.world.sleep(700_000);
    await stage.succeed(client, 'once', { key: 'after' });
  }),
  secured('a busy client renews its key every hour, and no call notices', async stage => {
    await stage.serve();
    const captured = captureSealed(stage);
    const client = await stage.client();
    for (let minute = 0; minute < 150; minute += 5) {
      await stage.succeed(client, 'once');
      await stage.world.sleep(300_000);
    }
    const keys = new Set(captured.map(({ data }) => data.toString('hex', 4, 12)));
    expect(keys.size).toBe(3);
  }),
  secured('forged hints that a key is unknown cost a side connection a second at the most', async stage => {
    await stage.serve();
    const captured = captureSealed(stage);
    const client = await stage.client();
    await stage.succeed(client, 'once');
    let connections = 0;
    stage.world.onPacket((packet, fate) => {
      if (fate === 'sent' && packet.protocol === 'tcp' && packet.sender === 'client') connections++;
    });
    const before = connections;
    const { from, to, data } = captured.findLast(({ sender }) => sender === 'client')!;
    const hint = Buffer.from(data.subarray(0, 12));
    hint[3] = 2;
    for (let i = 0; i < 1000; i++) stage.world.inject({ from: to, to: from, data: hint }, 1500 + i);
    await stage.succeed(client, 'once', { work: 2500 });
    expect(connections - before).toBeGreaterThan(0);
    expect(connections - before).toBeLessThan(10);
    const strange = Buffer.from(hint).fill(9, 4);
    const settled = connections;
    for (let i = 0; i < 1000; i++) stage.world.inject({ from: to, to: from, data: strange }, 2000 + i);
    await stage.world.sleep(4000);
    expect(connections).toBe(settled);
  }),
  secured('a stolen token is worth nothing to another principal', async stage => {
    const server = await stage.serve();
    const stolen: Buffer[] = [];
    stage.world.onPacket(({ sender, data }, fate) => {
      if (fate === 'sent' && sender === 'alice') stolen.push(data);
    });
    await stage.succeed(await stage.client('tcp', 'alice'), 'once', { key: 'hers' });
    const { resets, executed } = server.stats();
    const { platform } = stage.world.host('mallory');
    const socket = await platform.streams.connect(
      { host: stage.world.host('server').address, port },
      { tls: { ...identityOf('mallory'), serverName: 'server', protocol: SecuredProtocol.frames } },
    );
    let answer = Buffer.alloc(0);
    socket.onData = chunk => {
      answer = Buffer.concat([answer, chunk]);
    };
    // All that Alice has said, which simulated TLS lets be read: her hello, her token, her call.
    for (const each of stolen) socket.write(each);
    await stage.world.sleep(1000);
    expect(answer.includes('the client id is in use by another client')).toBe(true);
    expect(server.stats()).toMatchObject({ executed, resets: resets + 1 });
  }),
];

describe('over sealed UDP and TLS', () => {
  for (const scenario of scenarios) {
    test(scenario.title, async () => {
      for (let seed = first; seed < first + seeds; seed++) await play(scenario, seed, 0.02);
    });
  }
});

describe('a server that seals datagrams', () => {
  const onHost = (title: string, run: Scenario['run']): void => {
    test(title, () => play(secured(title, run), 1));
  };

  onHost('listens at one port for datagrams and for keys', async stage => {
    const server = await stage.serve();
    expect(server.addresses).toEqual([expect.stringMatching(new RegExp(`^udps://.*:${port}$`))]);
  });

  onHost('takes a port that is free for both', async stage => {
    const { streams } = stage.world.host('server').platform;
    const taken: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { address } = await streams.listen({ port: 0, onConnection: () => {} });
      taken.push(address.port);
    }
    const server = await stage.serve({ listen: 'udps://server:0' });
    const [address] = server.addresses;
    expect(taken).not.toContain(Number(address!.split(':').at(-1)));
    const channel = await stage.world
      .host('client')
      .connect(address!.replace(/\d+\.\d+\.\d+\.\d+/, 'server'), {
        tls: identityOf('client'),
      });
    await stage.succeed(channel.client(Ledger), 'once');
    await channel.close();
  });

  onHost('leaves a port alone that is taken for one of them', async stage => {
    const { streams, datagrams } = stage.world.host('server').platform;
    await streams.listen({ port: 7001, onConnection: () => {} });
    await expect(stage.serve({ listen: 'udps://server:7001' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await datagrams.open({ port: 7001, onMessage: () => {} });
    await expect(stage.serve({ listen: 'udps://server:7001' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
