/** One side of one cell, in a process of its own: does what the parent asks, an operation at a time. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { contestants } from './contestants.mjs';
import { checkEchoes, createLoad, measureCalls, warmUp } from './load.mjs';
import { workloads } from './workloads.mjs';

const [, , contestantName, workloadName] = process.argv;
const workload = workloads[workloadName];
const contestant = await contestants[contestantName].load();
const load = createLoad(workload, contestant);
let client;
let call;
/** Idle connections are held here, so that the collector leaves them alone. */
const connections = [];

const operations = {
  async serve() {
    const { address } = await contestant.startServer();
    return address;
  },
  async connect(address) {
    client = await contestant.connect(address);
    call = load.over(client);
    await checkEchoes(load, call, workload.checks);
  },
  warmUp: bounds => warmUp(call, workload.inFlight, bounds),
  async measureCalls(ms) {
    const { cpu: before } = await usage({ isSettled: false });
    const measured = await measureCalls(call, workload.inFlight, ms);
    const { cpu: after } = await usage({ isSettled: false });
    return { ...measured, cpu: after - before, stats: client.stats?.() };
  },
  async openConnections(address) {
    for (let index = 0; index < workload.connections; index++) {
      const connection = await contestant.connect(address);
      connections.push(connection);
      load.check(await load.over(connection)(index), index);
    }
  },
  usage,
};

/** CPU in seconds, memory in bytes; settled: after garbage was collected. */
async function usage({ isSettled }) {
  if (isSettled) {
    for (let i = 0; i < 3; i++) {
      globalThis.gc();
      await wait(60);
    }
  }
  const { user, system } = process.cpuUsage();
  return {
    cpu: (user + system) / 1e6,
    resident: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
  };
}

process.on('message', async ({ operation, argument }) => {
  try {
    process.send({ value: await operations[operation](argument) });
  } catch (error) {
    process.send({ error: error instanceof Error ? error.stack : String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send({ value: 'ready' });
