/** Two real processes and between them a network that loses, doubles and reorders packets at random. */
import { expect, test } from 'vitest';
import type { LedgerClient } from '../../generated/testing/ledger/index.js';
import { createStage } from './stage.js';

const faults = { loss: 0.3, duplicate: 0.2, reorder: 0.2, delay: [1, 4] } as const;

/** The seed of the wire's faults; the processes' own timing is not repeatable. */
const seed = Number(process.env.FIRST_SEED ?? 1);

/** Calls that are under way at the same time, per procedure. */
const atOnce = 100;

async function play(procedures: readonly (keyof LedgerClient)[], calls: number): Promise<void> {
  const stage = await createStage();
  const server = await stage.serve();
  const wire = await stage.start('randomWire');
  const port = await wire.ask('relay', { serverPort: stage.ports.udp, seed, faults });
  const client = await stage.client(port);

  const callMany = async (procedure: keyof LedgerClient): Promise<void> => {
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

  const { lost, duplicated, reordered } = await wire.ask('relayed', port);
  for (const count of [lost, duplicated, reordered]) expect(count).toBeGreaterThan(0);
  expect((await server.ask('stats')).duplicates).toBeGreaterThan(0);
}

test('13: thirty per cent loss, twenty per cent duplication and reordering, all at once', () =>
  play(['once', 'atLeastOnce', 'perhaps', 'note'], 40));

test('a thousand calls under each semantics keep every promise', () =>
  play(['once', 'atLeastOnce', 'perhaps'], 1000));
