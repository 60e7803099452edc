/** A day of few calls and an hour of many, with crashes and restarts of both sides: nothing grows. */
import { CallError, type Channel, implement, type Server } from '@convoke/runtime';
import { type SimulationOptions, simulate, type World } from '@convoke/runtime/testing';
import { expect, test } from 'vitest';
import { Ending, Ledger, type LedgerClient } from '../../generated/testing/ledger/index.js';
import { heapInUse } from './collect.js';

const minute = 60_000;
const hour = 60 * minute;

/** How long a call is remembered when it has ended: later than any copy of it can arrive. */
const memory = 3 * minute;

/** Bytes by which the heap of the last quarter may be above that of the first: the engine's own business. */
const noise = 8 << 20;

interface Plan {
  readonly hours: number;
  /** Calls a second. */
  readonly rate: number;
  readonly seed: number;
}

/** A call of the last minutes. */
interface NotedCall {
  readonly key: string;
  executions: number;
  /** How often it was executed, as far as its caller may conclude; a caller that crashed concludes nothing. */
  told: number | undefined;
  readonly forgetAt: number;
}

/** The calls of the last minutes, in the order in which they began. */
class Notes {
  private readonly calls = new Map<string, NotedCall>();
  made = 0;
  succeeded = 0;

  begin(now: number): NotedCall {
    const key = `call ${++this.made}`;
    const call = { key, executions: 0, told: undefined, forgetAt: now + memory };
    this.calls.set(key, call);
    return call;
  }

  execute(key: string): void {
    const call = this.calls.get(key);
    if (call === undefined) throw new Error(`${key} was executed long after it was called`);
    call.executions++;
  }

  verify(now: number): void {
    for (const [key, { executions, told, forgetAt }] of this.calls) {
      if (forgetAt > now) return;
      if (executions > 1 || (told !== undefined && executions !== told))
        throw new Error(`${key} was executed ${executions} times, and its caller was told ${told}`);
      this.calls.delete(key);
    }
  }
}

class Endurance {
  readonly world: World;
  readonly notes = new Notes();
  readonly heaps: number[] = [];
  private server: Server | undefined;
  private channels: Channel[] = [];
  private clients: LedgerClient[] = [];

  constructor(options: SimulationOptions) {
    this.world = simulate({ latency: [1, 5], loss: 0.01, duplicate: 0.01, trace: false, ...options });
  }

  async serve(): Promise<void> {
    const execute = ({ key }: { readonly key: string }) => {
      this.notes.execute(key);
      return { key, execution: 1, padding: new Uint8Array(20) };
    };
    this.server = await this.world.host('server').serve({
      listen: ['udp://server:7000', 'tcp://server:7000'],
      services: [
        implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note: () => {} }),
      ],
    });
  }

  async connect(): Promise<void> {
    const host = this.world.host('client');
    this.channels = await Promise.all(
      (['udp', 'tcp'] as const).map(scheme => host.connect(`${scheme}://server:7000`)),
    );
    this.clients = this.channels.map(channel => channel.client(Ledger));
  }

  /** Calls at a steady rate until the time has come. */
  async load(rate: number, until: number): Promise<void> {
    const pause = Math.max(1, 1000 / rate);
    const burst = Math.round((rate * pause) / 1000);
    while (this.world.now < until) {
      for (let each = 0; each < burst; each++) void this.call();
      await this.world.sleep(pause);
    }
  }

  async crash(name: 'server' | 'client'): Promise<void> {
    const host = this.world.host(name);
    host.crash();
    await this.world.sleep(500);
    host.restart();
    if (name === 'server') await this.serve();
    else await this.connect();
  }

  /** Looks at what is held. */
  look(): void {
    const stats = this.server!.stats();
    expect(stats.historyEntries).toBeLessThan(5000);
    expect(stats.sessions).toBeLessThan(10);
    expect(stats.halfOpenBytes).toBe(0);
    this.notes.verify(this.world.now);
  }

  private async call(): Promise<void> {
    const call = this.notes.begin(this.world.now);
    const client = this.clients[this.notes.made % this.clients.length]!;
    const job = { key: call.key, work: 0, padding: 0, ending: Ending.receipt };
    try {
      await client.once(job, { deadline: 20_000 });
      call.told = 1;
      this.notes.succeeded++;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      call.told = { 'not-executed': 0, executed: 1, unknown: undefined }[error.outcome];
    }
  }
}

async function endure({ hours, rate, seed }: Plan): Promise<void> {
  const run = new Endurance({ seed });
  const { world } = run;
  await world.run(async () => {
    await run.serve();
    await run.connect();
    const end = world.now + hours * hour;
    const load = run.load(rate, end);
    const stretch = (hours * hour) / 48;
    for (let part = 0; part < 48; part++) {
      await world.sleep(stretch - 1000);
      run.look();
      await run.crash(part % 3 === 2 ? 'client' : 'server');
      run.heaps.push(heapInUse());
    }
    await load;
  });
  const { made, succeeded } = run.notes;
  const quarter = run.heaps.length / 4;
  const first = Math.max(...run.heaps.slice(quarter, 2 * quarter));
  const last = Math.max(...run.heaps.slice(-quarter));
  console.log(
    `${hours} h at ${rate} calls/s: ${succeeded} of ${made} calls succeeded; heap ${first} then ${last}`,
  );
  expect(made).toBeGreaterThan(0.95 * hours * 3600 * rate);
  expect(succeeded).toBeGreaterThan(0.9 * made);
  expect(last).toBeLessThan(first + noise);
}

test('twenty-four hours at twenty calls a second', () => endure({ hours: 24, rate: 20, seed: 1 }));

test('one hour at a thousand calls a second', () => endure({ hours: 1, rate: 1000, seed: 2 }));
