import { expect, it } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import { implement } from '../../../runtime/src/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

/** Runs a service of the user's own in a world, as a user's test does. */
async function play(seed: number, scheme: 'udp' | 'tcp') {
  const world = simulate({ seed, loss: 0.3, duplicate: 0.2, reorder: 0.2, corrupt: 0.02, latency: [1, 20] });
  const [server, client] = [world.host('server'), world.host('client')];
  const executed: string[] = [];
  const service = {
    once: ({ key }: { key: string }) => {
      executed.push(key);
      return { key, execution: executed.length, padding: new Uint8Array() };
    },
    atLeastOnce: () => expect.unreachable(),
    perhaps: () => expect.unreachable(),
    note: () => expect.unreachable(),
  };
  const answered = await world.run(async () => {
    await server.serve({
      listen: `${scheme}://${server.address}:7000`,
      services: [implement(Ledger, service)],
    });
    const channel = await client.connect(`${scheme}://server:7000`);
    const ledger = channel.client(Ledger);
    const receipts = [];
    for (let i = 0; i < 20; i++)
      receipts.push(await ledger.once({ key: `${i}`, work: 0, padding: 0, ending: 1 }));
    return receipts.map(({ key }) => key);
  });
  return { executed, answered, trace: world.trace };
}

it.each(['udp', 'tcp'] as const)(
  'a service over %s runs in the world, the same for the same seed',
  async scheme => {
    const run = await play(1, scheme);
    const keys = Array.from({ length: 20 }, (_, i) => `${i}`);
    expect(run.executed).toEqual(keys);
    expect(run.answered).toEqual(keys);
    expect(run.trace).toContain('lost');
    expect(await play(1, scheme)).toEqual(run);
    expect((await play(2, scheme)).trace).not.toBe(run.trace);
  },
);
