/** A channel with several servers: what becomes of calls while these crash, drain, change their names, fail or dawdle. */
import type { Balance, ConnectOptions, Server } from '@convoke/runtime';
import { expect } from 'vitest';
import { Ending, type Job, Ledger, type LedgerClient } from '../../generated/testing/ledger/index.js';
import type { Told } from '../judge/oracle.js';
import type { Scenario, Stage } from './stage.js';
import { bears } from './wire.js';

const names = ['one', 'two', 'three'] as const;
const balances: readonly Balance[] = ['pick-first', 'round-robin', 'least-loaded'];

type Scheme = 'udp' | 'tcp';

const addressOf = (name: string, scheme: Scheme = 'udp') => `${scheme}://${name}:7000`;

function serveAt(stage: Stage, name: string): Promise<Server> {
  return stage.serve({ listen: [addressOf(name), addressOf(name, 'tcp')] }, name);
}

function serveAll(stage: Stage): Promise<Server[]> {
  return Promise.all(names.map(name => serveAt(stage, name)));
}

function pick<T>(stage: Stage, from: readonly T[]): T {
  return from[Math.floor(stage.random() * from.length)]!;
}

/** A client of all three, by a scheme and a policy that follow from the seed. */
async function connectAll(stage: Stage, options: ConnectOptions = {}) {
  const scheme = pick(stage, ['udp', 'tcp'] as const);
  const channel = await stage.connectTo(
    names.map(name => addressOf(name, scheme)),
    { balance: pick(stage, balances), ...options },
  );
  return { channel, client: channel.client(Ledger) };
}

/** One call after the other, for so many milliseconds. */
async function callFor(
  stage: Stage,
  client: LedgerClient,
  name: 'once' | 'atLeastOnce',
  duration: number,
): Promise<Told[]> {
  const told: Told[] = [];
  for (const until = stage.world.now + duration; stage.world.now < until; ) {
    told.push(await stage.call(client, name, { work: 20 * stage.random() }, { deadline: 20_000 }));
    await stage.world.sleep(20 * stage.random());
  }
  return told;
}

const isReceipt = ({ kind }: Told) => kind === 'receipt';
const executed = (server: Server) => server.stats().executed;

async function restart(stage: Stage, name: string): Promise<Server> {
  stage.world.host(name).restart();
  return serveAt(stage, name);
}

export const severalServers: readonly Scenario[] = [
  {
    number: 101,
    title: 'a server crashes: calls that may execute twice all succeed, the others end with what is known',
    faults: { loss: 0.05, duplicate: 0.05, reorder: 0.1 },
    async run(stage) {
      await serveAll(stage);
      const { client } = await connectAll(stage);
      const calls = Promise.all(
        (['once', 'once', 'atLeastOnce', 'atLeastOnce'] as const).map(name =>
          callFor(stage, client, name, 15_000),
        ),
      );
      await stage.world.sleep(3000 * stage.random());
      const victim = pick(stage, names);
      stage.world.host(victim).crash();
      await stage.world.sleep(5000);
      await restart(stage, victim);
      const [, , ...repeated] = await calls;
      expect(repeated.flat().every(isReceipt)).toBe(true);
    },
  },
  {
    number: 102,
    title:
      'a call of which a copy was sent to a server that is gone does not move, and one of which none was does',
    async run(stage) {
      await serveAt(stage, 'one');
      const two = await serveAt(stage, 'two');
      const channel = await stage.connectTo([addressOf('one'), addressOf('two')]);
      const client = channel.client(Ledger);
      await stage.succeed(client, 'once');
      stage.oracle.onEffect = () => {
        stage.world.host('one').crash();
        stage.oracle.onEffect = () => {};
      };
      const [sent, unsure] = await Promise.all([
        stage.fail(client, 'once', { key: 'sent' }, { deadline: 8000 }),
        stage.call(client, 'atLeastOnce', { key: 'unsure' }, { deadline: 8000 }),
      ]);
      expect(sent.outcome).toBe('unknown');
      expect(stage.oracle.executionsOf('sent')).toHaveLength(1);
      expect(unsure.kind).toBe('receipt');
      const before = executed(two);
      await stage.succeed(client, 'once', { key: 'later' });
      expect(executed(two)).toBe(before + 1);
    },
  },
  {
    number: 103,
    title: 'servers are drained and restarted one after the other: no call is lost',
    async run(stage) {
      const servers = new Map<string, Server>();
      for (const name of names) servers.set(name, await serveAt(stage, name));
      const { client } = await connectAll(stage);
      const calls = Promise.all(
        Array.from({ length: 4 }, (_, index) =>
          callFor(stage, client, index % 2 === 0 ? 'once' : 'atLeastOnce', 20_000),
        ),
      );
      for (const name of names) {
        await stage.world.sleep(3000);
        await servers.get(name)!.drain({ timeout: 5000 });
        // Every client calls once more, and so learns of it.
        await stage.world.sleep(1000);
        await servers.get(name)!.close();
        await stage.world.sleep(500);
        await restart(stage, name);
      }
      expect((await calls).flat().filter(told => !isReceipt(told))).toEqual([]);
    },
  },
  {
    number: 104,
    title: 'a name gets other addresses: new calls go there, and those under way end where they are',
    async run(stage) {
      const [one, two, three] = await serveAll(stage);
      stage.world.names.set('ledger.example', ['one', 'two']);
      const scheme = pick(stage, ['udp', 'tcp'] as const);
      const channel = await stage.connectTo(addressOf('ledger.example', scheme), { balance: 'round-robin' });
      const client = channel.client(Ledger);
      await callFor(stage, client, 'once', 2000);
      expect(executed(one!)).toBeGreaterThan(0);
      expect(executed(two!)).toBeGreaterThan(0);
      const long = [0, 1].map(() => stage.succeed(client, 'once', { work: 45_000 }, { deadline: 90_000 }));
      stage.world.names.set('ledger.example', ['three']);
      // The old answer may be half a minute old.
      await callFor(stage, client, 'once', 35_000);
      const before = [executed(one!), executed(two!), executed(three!)];
      await callFor(stage, client, 'once', 2000);
      expect([executed(one!), executed(two!)]).toEqual(before.slice(0, 2));
      expect(executed(three!)).toBeGreaterThan(before[2]!);
      const states = channel.servers().map(({ state }) => state);
      expect(states.filter(state => state === 'leaving')).toHaveLength(2);
      await Promise.all(long);
      await stage.world.sleep(5000);
      expect(channel.servers()).toHaveLength(1);
    },
  },
  {
    number: 105,
    title: 'a server that always fails is ejected, and called again later',
    async run(stage) {
      const [one] = await serveAll(stage);
      const channel = await stage.connectTo(
        names.map(name => addressOf(name)),
        {
          balance: 'round-robin',
          outliers: { consecutiveFailures: 3, baseEjection: 10_000 },
        },
      );
      const client = channel.client(Ledger);
      // It hears the requests and answers nothing that matters.
      const forget = stage.world.intercept(packet =>
        packet.sender === 'one' && bears(packet, 'reply') ? 'drop' : undefined,
      );
      const stateOfOne = () => channel.servers()[0]?.state;
      for (let i = 0; i < 60 && stateOfOne() !== 'ejected'; i++)
        await stage.call(client, 'once', {}, { deadline: 400 });
      expect(stateOfOne()).toBe('ejected');
      const before = executed(one!);
      for (let i = 0; i < 20; i++) await stage.succeed(client, 'once');
      expect(executed(one!)).toBe(before);
      forget();
      await stage.world.sleep(12_000);
      for (let i = 0; i < 20; i++) await stage.succeed(client, 'once');
      expect(executed(one!)).toBeGreaterThan(before);
    },
  },
  {
    number: 106,
    title:
      'a slow server and hedged calls: the first answer counts, and no more copies are executed than were asked for',
    async run(stage) {
      await serveAll(stage);
      // A connection sends nothing twice, so that executions count copies.
      const channel = await stage.connectTo(
        names.map(name => addressOf(name, 'tcp')),
        { balance: pick(stage, balances) },
      );
      const client = channel.client(Ledger);
      const slow = pick(stage, names);
      stage.world.link(slow, 'client', { latency: 1500 });
      for (let i = 0; i < 12; i++) {
        const job: Job = { key: `hedged-${i}`, work: 0, padding: 0, ending: Ending.receipt };
        const hedge = { after: 100, copies: pick(stage, [2, 3]) };
        const answer = client.atLeastOnce(job, { deadline: 10_000, hedge });
        const told = await stage.oracle.watch(job.key, 'at-least-once', answer);
        expect(told.kind).toBe('receipt');
        expect(stage.oracle.executionsOf(job.key).length).toBeLessThanOrEqual(hedge.copies);
      }
    },
  },
  {
    number: 107,
    title: 'the first server comes back, and calls go there again',
    async run(stage) {
      const one = await serveAt(stage, 'one');
      const two = await serveAt(stage, 'two');
      const scheme = pick(stage, ['udp', 'tcp'] as const);
      const channel = await stage.connectTo([addressOf('one', scheme), addressOf('two', scheme)]);
      const client = channel.client(Ledger);
      await stage.succeed(client, 'once');
      expect(executed(one)).toBe(1);
      stage.world.partition(['client'], ['one']);
      const told = await callFor(stage, client, 'atLeastOnce', 5000);
      expect(told.every(isReceipt)).toBe(true);
      expect(executed(two)).toBeGreaterThan(0);
      stage.world.heal();
      await callFor(stage, client, 'atLeastOnce', 40_000);
      const before = executed(two);
      await callFor(stage, client, 'once', 2000);
      expect(executed(two)).toBe(before);
    },
  },
  {
    number: 108,
    title: 'SRV records: the lowest priority that can be reached, by weight',
    async run(stage) {
      const [one, two, three] = await serveAll(stage);
      stage.world.names.setServices('_ledger._udp.example', [
        { host: 'three', port: 7000, priority: 20, weight: 1 },
        { host: 'one', port: 7000, priority: 10, weight: 3 },
        { host: 'two', port: 7000, priority: 10, weight: 1 },
      ]);
      const channel = await stage.connectTo('srv+udp://_ledger._udp.example', { balance: 'round-robin' });
      const client = channel.client(Ledger);
      for (let i = 0; i < 40; i++) await stage.succeed(client, 'once');
      expect([executed(one!), executed(two!), executed(three!)]).toEqual([30, 10, 0]);
      for (const name of ['one', 'two']) stage.world.host(name).kill();
      await stage.succeed(client, 'atLeastOnce', {}, { deadline: 20_000 });
      expect(executed(three!)).toBe(1);
    },
  },
  {
    number: 109,
    title: 'a call without a deadline to servers that vanished ends',
    async run(stage) {
      await serveAll(stage);
      const { client } = await connectAll(stage);
      await stage.succeed(client, 'once');
      const calls = ['once', 'atLeastOnce', 'perhaps'] as const;
      const running = calls.map(name =>
        stage.call(client, name, { work: 5000 }, { deadline: Number.POSITIVE_INFINITY }),
      );
      await stage.world.sleep(100);
      for (const name of names) stage.world.host(name).crash();
      const late = calls.map(name => stage.call(client, name, {}, { deadline: Number.POSITIVE_INFINITY }));
      for (const told of await Promise.all([...running, ...late])) {
        if (told.kind === 'failed') expect(told.error.code).toBe('unavailable');
        else expect(told.kind).toBe('nothing');
      }
    },
  },
];
