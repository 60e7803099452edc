/** Cases that a call must survive, between real processes. Their numbers are those of the simulated ones. */
import { expect, test } from 'vitest';
import { Ending, Ledger } from '../../generated/testing/ledger/index.js';
import type { LedgerClientProgram, Program, Rule } from './programs.js';
import { createStage, localhost, type Stage, until, withConnectionsTo } from './stage.js';

/** A server, a wire before it, and a client of which the server has heard already. */
async function prepare(stage: Stage, fatal: readonly string[] = []) {
  const server = await stage.serve({ fatal });
  const wire = await stage.start('scriptedWire');
  const client = await stage.client(await wire.ask('relay', stage.ports.udp));
  await stage.succeed(client, 'once');
  const script = (...rules: Rule[]) => wire.ask('script', rules);
  /** All that was written down has happened. */
  const expectPlayed = async () => expect(await wire.ask('left')).toBe(0);
  return { server, client, script, expectPlayed };
}

test('1: the first request is lost', async () => {
  const stage = await createStage();
  const { client, script, expectPlayed } = await prepare(stage);
  for (const procedure of ['once', 'atLeastOnce'] as const) {
    await script({ frame: 'request', action: 'lose', times: 1 });
    await stage.succeed(client, procedure);
    await expectPlayed();
  }
  await script({ frame: 'request', action: 'lose', times: 1 });
  expect((await stage.call(client, 'perhaps', { key: 'lost' }, { deadline: 300 })).kind).toBe('nothing');
  expect(stage.executionsOf('lost')).toBe(0);
  await stage.judge();
});

test('2: every reply but the last is lost', async () => {
  const stage = await createStage();
  const { server, client, script, expectPlayed } = await prepare(stage);
  await script({ frame: 'reply', action: 'lose', times: 3 });
  await stage.succeed(client, 'once', { key: 'once' });
  await expectPlayed();
  expect((await server.ask('stats')).resent).toBeGreaterThanOrEqual(3);
  await script({ frame: 'reply', action: 'lose', times: 3 });
  await stage.succeed(client, 'atLeastOnce', { key: 'again' });
  await expectPlayed();
  expect(stage.executionsOf('once')).toBe(1);
  expect(stage.executionsOf('again')).toBeGreaterThan(1);
  await stage.judge();
});

test('4: a duplicate arrives while the procedure runs', async () => {
  const stage = await createStage();
  const { server, client, script, expectPlayed } = await prepare(stage);
  await script({ frame: 'request', action: 'double', times: 1 });
  await stage.succeed(client, 'once', { key: 'slow', work: 300 });
  await expectPlayed();
  expect((await server.ask('stats')).duplicates).toBeGreaterThan(0);
  expect(stage.executionsOf('slow')).toBe(1);
  await stage.judge();
});

test('21: the procedure throws, the reply is lost, and the request comes again', async () => {
  const stage = await createStage();
  const { client, script, expectPlayed } = await prepare(stage);
  await script({ frame: 'reply', action: 'lose', times: 1 });
  const { kind } = await stage.call(client, 'once', { key: 'refused', ending: Ending.refused });
  expect(kind).toBe('refused');
  await expectPlayed();
  await script({ frame: 'reply', action: 'lose', times: 1 });
  const error = await stage.fail(client, 'once', { key: 'surprise', ending: Ending.surprise });
  expect(error).toMatchObject({ code: 'internal', outcome: 'executed' });
  expect(error.message).not.toContain('secret');
  await expectPlayed();
  expect(stage.executionsOf('refused')).toBe(1);
  expect(stage.executionsOf('surprise')).toBe(1);
  await stage.judge();
});

test('24: the server dies before it executes', async () => {
  const stage = await createStage();
  const { server, client, script } = await prepare(stage);
  await script({ frame: 'request', action: 'lose', times: 1, kill: server.pid });
  const lost = stage.fail(client, 'once', { key: 'lost' });
  const repeated = stage.succeed(client, 'atLeastOnce');
  await server.gone;
  await stage.serve();
  expect(await lost).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  await repeated;
  expect(stage.executionsOf('lost')).toBe(0);
  await stage.succeed(client, 'once');
  await stage.judge();
});

test('25: the server dies after the effect and before the reply', async () => {
  const stage = await createStage();
  const { server, client } = await prepare(stage, ['fatal']);
  const fatal = stage.fail(client, 'once', { key: 'fatal' });
  await server.gone;
  const second = await stage.serve({ fatal: ['fatal twice'] });
  expect(await fatal).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  expect(stage.executionsOf('fatal')).toBe(1);
  const repeated = stage.succeed(client, 'atLeastOnce', { key: 'fatal twice' });
  await second.gone;
  await stage.serve();
  await repeated;
  expect(stage.executionsOf('fatal twice')).toBeGreaterThan(1);
  await stage.judge();
});

test('26: the server dies after the reply, which is lost', async () => {
  const stage = await createStage();
  const { server, client, script } = await prepare(stage);
  await script({ frame: 'reply', action: 'lose', times: 1, kill: server.pid });
  const call = stage.fail(client, 'once', { key: 'told nothing' });
  await server.gone;
  await stage.serve();
  expect(await call).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  expect(stage.executionsOf('told nothing')).toBe(1);
  await stage.judge();
});

test('27: the server restarts on the same port', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const schemes = ['udp', 'tcp'] as const;
  const clients = await Promise.all(schemes.map(scheme => stage.client(stage.ports[scheme], scheme)));
  await Promise.all(clients.map(client => stage.succeed(client, 'once')));
  const endless = 600_000;
  const once = clients.map((client, i) => stage.fail(client, 'once', { key: `once ${i}`, work: endless }));
  const repeated = clients.map((client, i) =>
    stage.succeed(client, 'atLeastOnce', { key: `again ${i}`, work: endless }),
  );
  await stage.executed('once 0', 'once 1', 'again 0', 'again 1');
  await server.stop('SIGKILL');
  await stage.serve({ quick: true });
  for (const error of await Promise.all(once)) {
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  }
  await Promise.all(repeated);
  await Promise.all(clients.map(client => stage.succeed(client, 'once')));
  await stage.judge();
});

test('30: the client restarts and numbers its calls from 1 again', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const address = `udp://${localhost}:${stage.ports.udp}`;
  const once = async (life: Program<LedgerClientProgram>, key: string) => {
    const answer = life.ask('once', { key, work: 0, padding: 100, ending: Ending.receipt });
    expect((await stage.oracle.watch(key, 'at-most-once', answer)).kind).toBe('receipt');
  };
  const first = await stage.start('ledgerClient');
  await first.ask('connect', address);
  await once(first, 'first of the first life');
  const unfinished = first.ask('once', {
    key: 'unfinished',
    work: 600_000,
    padding: 0,
    ending: Ending.receipt,
  });
  unfinished.catch(() => {});
  await stage.executed('unfinished');
  await first.stop('SIGKILL');
  await expect(unfinished).rejects.toThrow('SIGKILL');
  const second = await stage.start('ledgerClient');
  await second.ask('connect', address);
  await once(second, 'first of the second life');
  await once(second, 'second of the second life');
  expect((await server.ask('stats')).sessions).toBe(2);
  // Nobody lives who could be told of it.
  stage.oracle.calls.set('unfinished', { semantics: 'at-most-once', told: { kind: 'nothing' } });
  expect(stage.executionsOf('unfinished')).toBe(1);
});

test('31: the event loop stalls for two seconds', async () => {
  const stage = await createStage();
  await stage.serve();
  const channel = await stage.connect(stage.ports.udp);
  const client = channel.client(Ledger);
  await stage.succeed(client, 'once');
  const keys = Array.from({ length: 50 }, (_, call) => `call ${call}`);
  const calls = keys.map(key => stage.succeed(client, 'once', { key, work: 500 }));
  await stage.executed(...keys);
  const before = channel.stats().retransmitted;
  // The client's loop is that of this very process.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
  await Promise.all(calls);
  // The answers lay in the socket all the time: a storm would have sent all fifty again.
  expect(channel.stats().retransmitted - before).toBeLessThan(50);
  await stage.judge();
});

test('32: the server is stopped and goes on', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const schemes = ['udp', 'tcp'] as const;
  const channels = await Promise.all(schemes.map(scheme => stage.connect(stage.ports[scheme], scheme)));
  const clients = channels.map(channel => channel.client(Ledger));
  await Promise.all(clients.map(client => stage.succeed(client, 'once')));
  const running = clients.map((client, i) =>
    stage.succeed(client, 'once', { key: `running ${i}`, work: 200 }),
  );
  await stage.executed('running 0', 'running 1');
  process.kill(server.pid, 'SIGSTOP');
  const waiting = clients.flatMap((client, i) => [
    stage.succeed(client, 'once', { key: `waiting ${i}` }),
    stage.succeed(client, 'atLeastOnce'),
  ]);
  const [overUdp] = channels;
  const before = overUdp!.stats().retransmitted;
  await until(() => overUdp!.stats().retransmitted >= before + 4);
  expect(stage.executionsOf('waiting 0') + stage.executionsOf('waiting 1')).toBe(0);
  process.kill(server.pid, 'SIGCONT');
  await Promise.all([...running, ...waiting]);
  const { duplicates, sessions } = await server.ask('stats');
  expect(duplicates).toBeGreaterThan(0);
  expect(sessions).toBe(schemes.length);
  await stage.judge();
});

test('37: a TCP connection is reset in the middle of a reply', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const wire = await stage.start('scriptedWire');
  const client = await stage.client(await wire.ask('proxy', stage.ports.tcp), 'tcp');
  await stage.succeed(client, 'once');
  let cuts = 0;
  for (const padding of [100, 100_000]) {
    for (const procedure of ['once', 'atLeastOnce'] as const) {
      await wire.ask('cutAfter', padding / 2);
      await stage.succeed(client, procedure, { padding });
      expect(await wire.ask('cuts')).toBe(++cuts);
    }
  }
  const { sessions, resent } = await server.ask('stats');
  expect(sessions).toBe(1);
  expect(resent).toBeGreaterThanOrEqual(2);
  await stage.judge();
});

test('38: a TCP connection is half open', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const wire = await stage.start('scriptedWire');
  const client = await stage.client(await wire.ask('proxyHalfOpen', stage.ports.tcp), 'tcp');
  await stage.succeed(client, 'once');
  await server.stop('SIGKILL');
  await stage.serve();
  const [once] = await Promise.all([stage.call(client, 'once'), stage.succeed(client, 'atLeastOnce')]);
  if (once.kind === 'failed') expect(once.error.outcome).not.toBe('executed');
  expect(await wire.ask('resets')).toBe(1);
  await stage.succeed(client, 'once');
  await stage.judge();
});

test('39: a channel moves from UDP to TCP in the middle of a call', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const wire = await stage.start('scriptedWire');
  const platform = withConnectionsTo(await wire.ask('proxy', stage.ports.tcp));
  const large = 300_000;
  const shapes = [{ padding: large }, { load: new Uint8Array(large), padding: large }];
  let cuts = 0;
  for (const shape of shapes) {
    for (const procedure of ['once', 'atLeastOnce'] as const) {
      const client = (await stage.connect(stage.ports.udp, 'udp', { platform })).client(Ledger);
      await stage.succeed(client, 'once');
      await wire.ask('cutAfter', large / 3);
      // On a busy machine datagrams may be done before the connection is there; then the next call goes over it.
      do await stage.succeed(client, procedure, shape);
      while ((await wire.ask('cuts')) === cuts);
      expect(await wire.ask('cuts')).toBe(++cuts);
      await stage.succeed(client, 'once', shape);
    }
  }
  expect((await server.ask('stats')).sessions).toBe(4);
  await stage.judge();
});

test('61: the server drains while calls run and requests are sent again', async () => {
  const stage = await createStage();
  const { server, client, script, expectPlayed } = await prepare(stage);
  const overTcp = await stage.client(stage.ports.tcp, 'tcp');
  const calls = [
    stage.succeed(client, 'once', { key: 'over udp', work: 500 }),
    stage.succeed(overTcp, 'once', { key: 'over tcp', work: 500 }),
  ];
  await stage.executed('over udp', 'over tcp');
  await script({ frame: 'reply', action: 'lose', times: 3 });
  const gone = server.stop('SIGTERM');
  await Promise.all(calls);
  await expectPlayed();
  await gone;
  expect(stage.executionsOf('over udp') + stage.executionsOf('over tcp')).toBe(2);
  await stage.judge();
});

test('63: a side closes with calls pending, and each of them fails', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const endless = 600_000;
  const schemes = ['udp', 'tcp'] as const;
  for (const scheme of schemes) {
    const channel = await stage.connect(stage.ports[scheme], scheme);
    const client = channel.client(Ledger);
    await stage.succeed(client, 'once');
    const calls = (['once', 'atLeastOnce'] as const).map(procedure =>
      stage.fail(client, procedure, { key: `${procedure} over ${scheme}`, work: endless }),
    );
    await stage.executed(`once over ${scheme}`, `atLeastOnce over ${scheme}`);
    await channel.close();
    for (const { code } of await Promise.all(calls)) expect(code).toBe('cancelled');
    expect(await stage.fail(client, 'once')).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
  }
  const calls = schemes.map(async scheme => {
    const client = await stage.client(stage.ports[scheme], scheme);
    return stage.fail(client, 'once', { key: `pending over ${scheme}`, work: endless });
  });
  await stage.executed('pending over udp', 'pending over tcp');
  await server.ask('close');
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  }
  await stage.judge();
});
