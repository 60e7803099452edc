/** One cell of the table: a fresh server process, a fresh client process, one contestant, one workload. */
import { startWorker } from './worker-process.mjs';
import { workloads } from './workloads.mjs';

const coresOf = { one: { server: 0, client: 0 }, two: { server: 1, client: 0 } };

/**
 * @param times `{ warmUp: { ms, calls, mostMs }, measureMs }`
 * @returns figures by the name of the column, or `{ error }`
 */
export async function runCell({ contestant, workload: name, times, isPinned }) {
  const workload = workloads[name];
  const cores = isPinned ? coresOf[workload.cores] : {};
  const started = [];
  const start = async core => {
    const worker = await startWorker({ contestant, workload: name, core });
    started.push(worker);
    return worker;
  };
  try {
    const server = await start(cores.server);
    const client = await start(cores.client);
    const address = await server.ask('serve');
    await client.ask('connect', address);
    const measure = workload.connections === undefined ? measureCalls : measureConnections;
    return await measure({ workload, times, server, client, address });
  } catch (error) {
    return { error: error.message };
  } finally {
    await Promise.all(started.map(worker => worker.end()));
  }
}

async function measureCalls({ workload, times, server, client }) {
  await client.ask('warmUp', times.warmUp);
  const before = await server.ask('usage', { isSettled: false });
  const { calls, seconds, p50, p99, cpu, stats } = await client.ask('measureCalls', times.measureMs);
  const after = await server.ask('usage', { isSettled: false });
  const rate = calls / seconds;
  const per100k = 100_000 / calls;
  return {
    value: workload.unit === 'MB/s' ? (rate * workload.bytes) / 1e6 : rate,
    calls,
    p50,
    p99,
    clientCpu: cpu * per100k,
    serverCpu: (after.cpu - before.cpu) * per100k,
    stats,
  };
}

async function measureConnections({ workload, server, client, address }) {
  const before = await server.ask('usage', { isSettled: true });
  await client.ask('openConnections', address);
  const after = await server.ask('usage', { isSettled: true });
  const perConnection = bytes => bytes / 1024 / workload.connections;
  return {
    value: perConnection(after.resident - before.resident),
    heap: perConnection(after.heap - before.heap),
  };
}
