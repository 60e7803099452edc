import { describe, expect, it } from 'vitest';
import { Ending, Ledger, type LedgerClient } from '../../../generated/testing/ledger/index.js';
import { implement } from '../../../runtime/src/index.js';
import { simulate, type World } from '../../../runtime/src/testing/index.js';
import { bears } from '../../simulation/wire.js';

const job = (key: string, work = 0, padding = 0) => ({ key, work, padding, ending: Ending.receipt });

/** A server 50 ms away whose procedure works as long as its job says. */
async function connect(world: World): Promise<LedgerClient> {
  const server = world.host('server');
  const execute = async ({ key, work, padding }: ReturnType<typeof job>) => {
    if (work > 0) await new Promise<void>(resolve => void server.platform.clock.setTimer(work, resolve));
    return { key, execution: 1, padding: Buffer.alloc(padding) };
  };
  await server.serve({
    listen: 'udp://server:7000',
    services: [implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note() {} })],
  });
  return (await world.host('client').connect('udp://server:7000')).client(Ledger);
}

/** When each request of a call was sent, while the first `lost` of them are lost. */
async function watchSending(world: World, lost: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const isRequest = (packet: Parameters<typeof bears>[0]) => bears(packet, 'request');
  let left = lost;
  const stopDropping = world.intercept(packet => (isRequest(packet) && left-- > 0 ? 'drop' : undefined));
  const stopListening = world.onPacket((packet, fate) => {
    if (fate === 'sent' && isRequest(packet)) times.push(world.now);
  });
  await call();
  stopDropping();
  stopListening();
  return times;
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - times[index]!);

/** The retransmission time-out that the client has now: how long it waits before it sends a lost request again. */
async function timeout(world: World, client: LedgerClient): Promise<number> {
  const [gap] = gaps(await watchSending(world, 1, () => client.once(job('probe'))));
  return gap!;
}

function within(value: number, least: number): void {
  expect(value).toBeGreaterThanOrEqual(least);
  // Up to a quarter more at random, and a timer's whole milliseconds.
  expect(value).toBeLessThanOrEqual(1.25 * least + 2);
}

describe('a client', () => {
  it('sends again after 200, 400 and 800 ms before it has measured anything, each up to a quarter later', async () => {
    const world = simulate({ seed: 1, latency: 50 });
    await world.run(async () => {
      const client = await connect(world);
      const [first, second, third] = gaps(await watchSending(world, 3, () => client.once(job('a'))));
      within(first!, 200);
      within(second!, 400);
      within(third!, 800);
    });
  });

  it('measures from the copy that the server names, not from the first', async () => {
    const world = simulate({ seed: 2, latency: 50 });
    await world.run(async () => {
      const client = await connect(world);
      await watchSending(world, 1, () => client.once(job('a')));
      // One sample of 100 ms: SRTT 100, RTTVAR 50.
      within(await timeout(world, client), 300);
    });
  });

  it('measures from the first copy where the server names that, though a second went out meanwhile', async () => {
    const world = simulate({ seed: 3, latency: 130 });
    await world.run(async () => {
      const client = await connect(world);
      const times = await watchSending(world, 0, () => client.once(job('a')));
      expect(times).toHaveLength(2);
      within(await timeout(world, client), 780);
    });
  });

  it('does not take the work of a procedure for the way to it', async () => {
    const world = simulate({ seed: 4, latency: 50 });
    await world.run(async () => {
      const client = await connect(world);
      await client.once(job('a', 150));
      within(await timeout(world, client), 300);
    });
  });

  it('nor that of a procedure so slow that it asked for the reply meanwhile', async () => {
    const world = simulate({ seed: 5, latency: 50 });
    await world.run(async () => {
      const client = await connect(world);
      await client.once(job('a', 5000));
      // Two samples of 100 ms, of which the first is that of 'busy': SRTT 100, RTTVAR 37.5.
      within(await timeout(world, client), 250);
    });
  });

  it('measures the way of fragments, not the time that a request of many of them takes', async () => {
    const world = simulate({ seed: 6, latency: 50 });
    await world.run(async () => {
      const client = await connect(world);
      await client.once(job('a'));
      await client.once({ ...job('a'), load: Buffer.alloc(200_000) });
      // Many samples of 100 ms: no variation is left, but for the clock's granularity.
      within(await timeout(world, client), 105);
    });
  });
});
