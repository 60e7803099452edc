/** Everything at once: clients over UDP and TCP call, cancel and give up while the world around them breaks. */
import type { Channel } from '@convoke/runtime';
import {
  Ending,
  Feed,
  type FeedService,
  Ledger,
  type LedgerClient,
} from '../../generated/testing/ledger/index.js';
import type { Procedure, Scenario, Stage } from './stage.js';

const procedures: readonly Procedure[] = [
  'once',
  'once',
  'once',
  'atLeastOnce',
  'atLeastOnce',
  'perhaps',
  'note',
];
const hosts = ['client', 'other client'] as const;

/** Milliseconds for which calls are begun and things break. */
const turmoil = 20_000;

function pick<T>(stage: Stage, from: readonly T[]): T {
  return from[Math.floor(stage.random() * from.length)]!;
}

function oneIn(stage: Stage, times: number): boolean {
  return stage.random() * times < 1;
}

/** Calls whatever comes to mind; whatever comes of it is the oracle's matter. */
async function callAtRandom(stage: Stage, client: LedgerClient): Promise<void> {
  await stage.world.sleep(turmoil * stage.random());
  const controller = new AbortController();
  const call = stage.call(
    client,
    pick(stage, procedures),
    {
      work: oneIn(stage, 3) ? 3000 * stage.random() : 0,
      padding: oneIn(stage, 8) ? Math.floor(30_000 * stage.random()) : 10,
      ending: pick(stage, [Ending.receipt, Ending.receipt, Ending.receipt, Ending.refused, Ending.surprise]),
      ...(oneIn(stage, 8) ? { load: new Uint8Array(Math.floor(10_000 * stage.random())) } : {}),
    },
    { signal: controller.signal, deadline: pick(stage, [200, 2000, 20_000]) },
  );
  if (oneIn(stage, 5)) {
    await stage.world.sleep(1000 * stage.random());
    controller.abort();
  }
  await call;
}

const shapes: readonly (keyof FeedService)[] = ['watch', 'load', 'talk'];

/** Streams whatever comes to mind, in whatever direction; whatever comes of it is the oracle's matter. */
async function streamAtRandom(stage: Stage, channel: Channel): Promise<void> {
  await stage.world.sleep(turmoil * stage.random());
  const controller = new AbortController();
  const count = Math.floor(80 * stage.random());
  const end = stage.stream(
    channel.client(Feed),
    pick(stage, shapes),
    {
      count,
      sends: count,
      padding: oneIn(stage, 8) ? Math.floor(3000 * stage.random()) : 10,
      interval: oneIn(stage, 3) ? 30 * stage.random() : 0,
      takes: oneIn(stage, 3) ? 30 * stage.random() : 0,
      ending: pick(stage, [Ending.receipt, Ending.receipt, Ending.receipt, Ending.refused, Ending.surprise]),
      ...(oneIn(stage, 6) ? { leavesAfter: 1 + Math.floor(count * stage.random()) } : {}),
    },
    { signal: controller.signal, deadline: pick(stage, [500, 5000, 30_000]) },
  );
  if (oneIn(stage, 6)) {
    await stage.world.sleep(2000 * stage.random());
    controller.abort();
  }
  await end;
}

/** What breaks, each of it only for a while. */
const troubles: readonly ((stage: Stage) => Promise<void>)[] = [
  stage => stage.restart(1000 * stage.random()).then(() => {}),
  async ({ world }) => {
    world.partition(['server'], [...hosts]);
    await world.sleep(3000);
    world.heal();
  },
  async ({ world }) => {
    world.cut('server', 'client');
    await world.sleep(2000);
    world.heal();
  },
  async ({ world }) => world.resetConnections('client', 'server'),
  async ({ world }) => world.host('client').changeAddress(),
  async ({ world }) => {
    world.host('server').pause(1500);
    await world.sleep(1500);
  },
  async ({ world }) => {
    world.host('client').pause(2500);
    await world.sleep(2500);
  },
  async ({ world }) => world.host('server').jumpWallClock(-3_600_000),
];

export const mixture: Scenario = {
  number: 0,
  title: 'calls, streams, cancels, crashes, partitions and stalls, all at once',
  faults: { loss: 0.1, duplicate: 0.1, reorder: 0.1, corrupt: 0.01, latency: [1, 30] },
  async run(stage) {
    await stage.serve();
    const channels = await Promise.all(
      hosts.flatMap(host => [stage.connect('udp', host), stage.connect('tcp', host)]),
    );
    const calls = channels.flatMap(channel => [
      ...Array.from({ length: 8 }, () => callAtRandom(stage, channel.client(Ledger))),
      ...Array.from({ length: 2 }, () => streamAtRandom(stage, channel)),
    ]);
    for (const until = stage.world.now + turmoil; stage.world.now < until; ) {
      await stage.world.sleep(4000 * stage.random());
      await pick(stage, troubles)(stage);
    }
    await Promise.all(calls);
  },
};
