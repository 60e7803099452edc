/** WebSockets keep the promises of calls while connections break, as TCP does. */
import { expect, it } from 'vitest';
import { Ledger } from '../../generated/testing/ledger/index.js';
import { type Procedure, port, type Scenario, Stage } from './stage.js';

const seeds = 20;
const address = `ws://server:${port}/calls`;
const procedures: readonly Procedure[] = ['once', 'atLeastOnce', 'perhaps', 'note'];

const scenario: Scenario = {
  number: 0,
  title: 'connections are reset and the server restarts, at random times',
  faults: { latency: [1, 20] },
  async run(stage) {
    await stage.serve({ listen: address });
    const channel = await stage.world.host('client').connect(address);
    const client = channel.client(Ledger);
    const calls: Promise<unknown>[] = [];
    for (let round = 0; round < 15; round++) {
      for (const name of procedures) {
        const work = Math.floor(stage.random() * 100);
        calls.push(stage.call(client, name, { work, padding: round === 7 ? 200_000 : 0 }));
      }
      await stage.world.sleep(stage.random() * 150);
      stage.world.resetConnections('client', 'server');
      if (round === 10) await stage.restart(100, { listen: address });
    }
    await Promise.all(calls);
    await stage.succeed(client, 'once');
    expect(channel.stats().retransmitted).toBeGreaterThan(0);
    await channel.close();
  },
};

it.each(Array.from({ length: seeds }, (_, seed) => seed))('seed %i', async seed => {
  const stage = new Stage(scenario, seed, 1);
  await stage.world.run(async () => {
    await scenario.run(stage);
    await stage.end();
  });
});

it('cannot be attached to an HTTP server there', async () => {
  const stage = new Stage(scenario, 0, 1);
  const server = { on: () => {}, off: () => {}, listenerCount: () => 0 };
  await expect(stage.world.run(() => stage.serve({ listen: [], web: { server } }))).rejects.toThrow(
    'a simulated host has no HTTP server',
  );
});
