/** Two real processes, and between them a network that fails at random. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Ledger } from '../../generated/testing/ledger/index.js';
import type { LedgerProcedure } from '../judge/judged-calls.js';
import { createStage, type Scheme, type Stage } from './stage.js';

const datagramFaults = { loss: 0.3, duplicate: 0.2, reorder: 0.2, delay: [1, 4] } as const;
const streamFaults = { life: [1_000, 100_000] } as const;

/** The seed of the wire's faults; the processes' own timing is not repeatable. */
const seed = Number(process.env.FIRST_SEED ?? 1);

/** How much case 44 sends each way. */
const mebibytes = Number(process.env.MEBIBYTES ?? 1);

interface Wire {
  /** Where clients reach the server. */
  readonly port: number;
  readonly scheme: Scheme;
  /** Each must be above zero in the end: faults that did not happen prove nothing. */
  faults(): Promise<Readonly<Record<string, number>>>;
}

/** Loses, doubles and reorders packets. */
async function relay(stage: Stage): Promise<Wire> {
  const wire = await stage.start('randomWire');
  const port = await wire.ask('relay', { serverPort: stage.ports.udp, seed, faults: datagramFaults });
  return {
    port,
    scheme: 'udp',
    async faults() {
      const { lost, duplicated, reordered } = await wire.ask('relayed', port);
      return { lost, duplicated, reordered };
    },
  };
}

/** Cuts connections. */
async function proxy(stage: Stage): Promise<Wire> {
  const wire = await stage.start('randomWire');
  const port = await wire.ask('proxy', { serverPort: stage.ports.tcp, seed, faults: streamFaults });
  return { port, scheme: 'tcp', faults: async () => ({ cut: (await wire.ask('proxied', port)).cut }) };
}

async function play(
  createWire: (stage: Stage) => Promise<Wire>,
  procedures: readonly LedgerProcedure[],
  calls: number,
  /** Of each procedure. */
  atOnce: number,
): Promise<void> {
  const stage = await createStage();
  const server = await stage.serve();
  const { port, scheme, faults } = await createWire(stage);
  const client = await stage.client(port, scheme);

  const callMany = async (procedure: LedgerProcedure): Promise<void> => {
    const mayFail = procedure === 'perhaps' || procedure === 'note';
    let next = 0;
    const work = async (): Promise<void> => {
      for (let call = next++; call < calls; call = next++) {
        const job = { padding: call % 20 === 0 ? 20_000 : 0, work: call % 30 === 0 ? 50 : 0 };
        if (mayFail) await stage.call(client, procedure, job, { deadline: 500 });
        else await stage.succeed(client, procedure, job, { deadline: 30_000 });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  };
  await Promise.all(procedures.map(callMany));
  await stage.judge();

  for (const [fault, count] of Object.entries(await faults())) expect(count, fault).toBeGreaterThan(0);
  const { duplicates, sessions } = await server.ask('stats');
  expect(duplicates, 'duplicates filtered').toBeGreaterThan(0);
  expect(sessions).toBe(1);
}

test('13: thirty per cent loss, twenty per cent duplication and reordering, all at once', () =>
  play(relay, ['once', 'atLeastOnce', 'perhaps', 'note'], 50, 5));

test('44: one MiB, or MEBIBYTES of them, go over UDP with five per cent loss', async () => {
  const stage = await createStage();
  const server = await stage.serve();
  const wire = await stage.start('randomWire');
  const faults = { loss: 0.05, duplicate: 0, reorder: 0, delay: [0, 0] } as const;
  const port = await wire.ask('relay', { serverPort: stage.ports.udp, seed, faults });
  const channel = await stage.connect(port, 'udp', { promotionBytes: Number.POSITIVE_INFINITY });
  const client = channel.client(Ledger);
  const load = randomBytes(mebibytes << 20);
  await stage.succeed(client, 'once', { load, padding: load.length }, { deadline: 100_000 });
  expect(await server.ask('loadDigest')).toBe(createHash('sha256').update(load).digest('hex'));
  expect((await wire.ask('relayed', port)).lost).toBeGreaterThan(0);
  await stage.judge();
});

test('a thousand calls under each semantics keep every promise over UDP', () =>
  play(relay, ['once', 'atLeastOnce', 'perhaps'], 1000, 100));

test('a thousand calls under each semantics keep every promise over connections that are cut', () =>
  play(proxy, ['once', 'atLeastOnce', 'perhaps'], 1000, 100));
