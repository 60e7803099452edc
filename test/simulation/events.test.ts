/** What the protocol tells of itself, in runs in which everything happens that it can tell of. */
import { type ClientEvent, implement, type ServerEvent } from '@convoke/runtime';
import { type Packet, type SimulationOptions, simulate, type World } from '@convoke/runtime/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  Ending,
  Feed,
  type FeedService,
  type Item,
  Ledger,
  type LedgerService,
  Refused,
} from '../../generated/testing/ledger/index.js';
import { clientKinds, serverKinds } from '../event-kinds.js';
import { job } from '../runtime/ledger.js';
import { bears, forge, framesOf } from './wire.js';

async function* items(count: number): AsyncIterable<Item> {
  for (let sequence = 0; sequence < count; sequence++) yield { sequence, padding: new Uint8Array(300) };
}

/** A server, started anew when it is asked for, and a channel to it, which write down what they tell. */
async function open(world: World, client: ClientEvent[], server: ServerEvent[]) {
  const host = world.host('server');
  const start = async () => {
    const { clock } = host.platform;
    let executions = 0;
    const work: LedgerService['once'] = async ({ key, work, padding, ending }) => {
      if (work > 0) await new Promise<void>(resolve => void clock.setTimer(work, resolve));
      executions++;
      if (ending === Ending.refused) throw new Refused({ key, execution: executions });
      return { key, execution: executions, padding: new Uint8Array(padding) };
    };
    const feed: FeedService = {
      watch: ({ count }) => items(count),
      async load({ key }, received) {
        let count = 0;
        for await (const _ of received) count++;
        return { key, execution: 1, count, bytes: 0n };
      },
      talk: (_, received) => received,
    };
    const ledger = { once: work, atLeastOnce: work, perhaps: work, note() {} };
    const started = await host.serve({
      listen: 'udp://server:7000',
      services: [implement(Ledger, ledger), implement(Feed, feed)],
    });
    started.subscribe(event => server.push(event));
    return started;
  };
  const started = await start();
  const channel = await world.host('client').connect('udp://server:7000');
  channel.subscribe(event => client.push(event));
  const stubs = { ledger: channel.client(Ledger), feed: channel.client(Feed) };
  return { start, started, channel, host, ...stubs };
}

const streamJob = (count: number) => ({
  key: 'stream',
  count,
  padding: 0,
  ending: Ending.receipt,
  interval: 0,
});

const bad: SimulationOptions = { loss: 0.2, duplicate: 0.2, reorder: 0.2, corrupt: 0.02, latency: [1, 10] };

/** One of everything, over a bad network. */
async function everything(seed: number) {
  const world = simulate({ seed, ...bad });
  const client: ClientEvent[] = [];
  const server: ServerEvent[] = [];
  /** The latest datagrams that bore a request and a reply. */
  const seen: { request?: Packet; reply?: Packet } = {};
  world.onPacket(packet => {
    for (const name of ['request', 'reply'] as const) if (bears(packet, name)) seen[name] = packet;
  });
  const injectForged = (packet: Packet, change: (bytes: Buffer) => void) =>
    world.inject({ from: packet.from, to: packet.to, data: forge(packet, change) });

  await world.run(async () => {
    const { ledger, feed, channel, started, host, start } = await open(world, client, server);

    // Retransmissions, duplicates, probes.
    for (let i = 0; i < 20; i++) await ledger.once(job(`${i}`, { work: i % 5 === 0 ? 3000 : 0 }));
    await ledger.once(job('long', { load: new Uint8Array(30_000), padding: 30_000 }));
    await ledger.note(job('note'));
    for await (const _ of feed.watch(streamJob(200)));
    await feed.load(streamJob(0), items(200));

    // What is no copy of a request that is known, and what comes when the call is over.
    const slow = ledger.once(job('slow', { work: 2000 }));
    await world.sleep(1000);
    const copy = seen.request!;
    injectForged(copy, bytes => void bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1));
    await slow;
    await world.sleep(2000);
    injectForged(copy, () => {});

    // Frames that there are none of.
    for (const name of ['request', 'reply'] as const) {
      const packet = seen[name]!;
      const frame = framesOf(packet).find(each => each.name === name)!;
      injectForged(packet, bytes => void bytes.writeUInt8(250, frame.start - 1));
    }

    // Silences: of half a lease, and of two.
    await world.sleep(40_000);
    await ledger.once(job('renewed'));
    await world.sleep(120_000);
    await ledger.once(job('anew'));

    await started.drain({ timeout: 1000 });
    await ledger.once(job('refused')).catch(() => {});
    await started.close();
    host.kill();
    host.restart();
    const another = await start();
    await ledger.once(job('lost')).catch(() => {});
    await channel.close();
    await another.close();

    const nowhere = await world.host('client').connect('tcp://server:9');
    nowhere.subscribe(event => client.push(event));
    await nowhere
      .client(Ledger)
      .once(job('unreachable'))
      .catch(() => {});
  });
  return { client, server };
}

const kindsOf = (events: readonly { readonly kind: string }[]) =>
  [...new Set(events.map(each => each.kind))].sort();

/** The kinds of what was told of a call, in their order. */
const about = <Event extends ClientEvent | ServerEvent>(events: readonly Event[], number: number) =>
  events.filter(event => 'call' in event && event.call === number).map(({ kind }) => kind);

describe('a run over a bad network', () => {
  let runs: Awaited<ReturnType<typeof everything>>[];

  beforeAll(async () => {
    runs = [];
    for (const seed of [1, 2, 3, 4]) runs.push(await everything(seed));
  });

  test('tells of everything that can happen', () => {
    expect(kindsOf(runs.flatMap(({ client }) => client))).toEqual(clientKinds);
    const server = runs.flatMap(each => each.server);
    expect(kindsOf(server)).toEqual(serverKinds);
    const reasons = server.flatMap(event => (event.kind === 'duplicate-filtered' ? [event.reason] : []));
    expect([...new Set(reasons)].sort()).toEqual(['answered', 'finished', 'mismatched', 'running']);
    const ends = server.flatMap(event => (event.kind === 'session-ended' ? [event.reason] : []));
    expect([...new Set(ends)].sort()).toEqual(['closed', 'lease-over']);
  });

  test('tells the same for the same seed, event for event', async () => {
    const [first, other] = runs;
    const again = await everything(1);
    expect(first!.client.length).toBeGreaterThan(200);
    expect(again.client).toEqual(first!.client);
    expect(again.server).toEqual(first!.server);
    expect(other!.client).not.toEqual(first!.client);
  });

  test('tells of each call when it begins, and once when it ends, and of nothing behind that but late replies', () => {
    for (const { client } of runs) {
      const ofOne = client.filter(event => 'clientId' in event && event.clientId === client[0]!.clientId);
      const numbers = new Set(ofOne.flatMap(event => ('call' in event ? [event.call] : [])));
      expect(numbers.size).toBeGreaterThan(20);
      for (const number of numbers) {
        const told = about(ofOne, number);
        const end = told.indexOf('call-ended');
        expect(told[0]).toBe('call-begun');
        expect(told.slice(0, end)).not.toContain('reply-unexpected');
        expect(told.slice(end + 1).filter(kind => kind !== 'reply-unexpected')).toEqual([]);
      }
    }
  });

  test('tells of each execution before its answer, and of each call of a client by the same number on both sides', () => {
    const { client, server } = runs[0]!;
    const executed = server.filter(event => event.kind === 'executing');
    expect(executed.length).toBeGreaterThan(20);
    for (const event of executed) {
      const told = about(server, event.call);
      expect(told.indexOf('request-received')).toBeLessThan(told.indexOf('executing'));
      expect(told.indexOf('executing')).toBeLessThan(told.indexOf('answered'));
      const begun = client.find(each => each.kind === 'call-begun' && each.call === event.call);
      expect(begun).toMatchObject({ clientId: event.clientId, procedure: event.procedure });
    }
  });
});

describe('a call', () => {
  const ended = async (body: (parts: Awaited<ReturnType<typeof open>>, world: World) => Promise<unknown>) => {
    const world = simulate({ seed: 1, latency: 5 });
    const client: ClientEvent[] = [];
    const server: ServerEvent[] = [];
    await world.run(async () => {
      await body(await open(world, client, server), world);
    });
    return { end: client.find(event => event.kind === 'call-ended'), client, server };
  };

  test('that returns is told of step by step, on both sides', async () => {
    const { client, server } = await ended(({ ledger }) => ledger.once(job('a')));
    expect(client).toMatchObject([
      { kind: 'call-begun', call: 1, procedure: 'convoke.testing.Ledger.once' },
      { kind: 'link-up', peer: 'udp://10.0.0.1:7000' },
      { kind: 'session-opened' },
      { kind: 'request-sent', attempt: 1 },
      { kind: 'reply-received', attempt: 1 },
      { kind: 'call-ended', end: 'result', code: 'ok', outcome: 'executed', attempts: 1 },
    ]);
    expect(server.map(({ kind }) => kind)).toEqual([
      'session-opened',
      'request-received',
      'executing',
      'answered',
    ]);
    const [begun, end] = [client[0]!, client.at(-1)!];
    expect(end).toMatchObject({ duration: end.at - begun.at });
    expect(end.at).toBeGreaterThanOrEqual(begun.at + 20);
  });

  test('that throws what is declared ends so', async () => {
    const { end, server } = await ended(({ ledger }) =>
      ledger.atLeastOnce(job('a', { ending: Ending.refused })).catch(() => {}),
    );
    const told = { end: 'declared-error', code: 'convoke.testing.Refused' };
    expect(end).toMatchObject({ ...told, outcome: 'executed' });
    expect(server.at(-1)).toMatchObject({ kind: 'answered', ...told });
  });

  test('that nobody answers ends with its deadline', async () => {
    const { end } = await ended(async ({ ledger, host }) => {
      host.crash();
      await ledger.once(job('a'), { deadline: 500 }).catch(() => {});
    });
    expect(end).toMatchObject({
      end: 'failure',
      code: 'deadline-exceeded',
      outcome: 'not-executed',
      attempts: 0,
      duration: 500,
    });
  });

  test('without a promise may end without anybody knowing', async () => {
    const { end } = await ended(async ({ ledger }, world) => {
      world.cut('server', 'client');
      await ledger.perhaps(job('a'), { deadline: 500 });
    });
    expect(end).toMatchObject({ end: 'result', code: 'ok', outcome: 'unknown' });
  });
});
