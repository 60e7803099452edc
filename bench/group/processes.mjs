/** The processes of one cell of the benchmark: started together, asked together, ended together. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What is asked takes no longer than this; a process that does not answer fails its cell. */
const patience = 60_000;

/** @param script beside this file */
export async function start(script) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), [], {
    execArgv: process.env.BENCH_NODE_OPTIONS?.split(' ') ?? [],
  });
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script} ended with ${code ?? signal}`);
  });
  gone.catch(() => {});
  let last = 0;
  const waiting = new Map();
  child.on('message', ({ id, error, value }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  return {
    ask(duty, argument) {
      const id = ++last;
      let timer;
      const answer = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new Error(`${script} did not answer to '${duty}'`)), patience);
      });
      child.send({ id, duty, argument });
      return Promise.race([answer, gone]).finally(() => clearTimeout(timer));
    },
    /** Sends a signal, and tells when: milliseconds on the machine's monotonic clock. */
    signal(name) {
      child.kill(name);
      return Number(process.hrtime.bigint()) / 1e6;
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await gone.catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** In such a process: does what the parent asks. Ends when the parent has gone. */
export function serveDuties(duties) {
  process.on('message', async ({ id, duty, argument }) => {
    try {
      process.send({ id, value: await duties[duty](argument) });
    } catch (error) {
      if (process.connected) process.send({ id, error: error.stack ?? String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}

/** Milliseconds on a clock that all processes of the machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Processor time of this process so far, in milliseconds. */
export function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Calls by a number of callers, one after the other each, for so long; and how long they took. */
export async function callOnAndOn(call, inFlight, milliseconds) {
  const latencies = [];
  const begun = now();
  const cpu = processorTime();
  const caller = async () => {
    for (let at = now(); at - begun < milliseconds; ) {
      await call();
      const then = now();
      latencies.push(then - at);
      at = then;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const elapsed = now() - begun;
  latencies.sort((one, other) => one - other);
  const at = part => latencies[Math.floor(part * latencies.length)] * 1000;
  return {
    calls: latencies.length,
    rate: (latencies.length / elapsed) * 1000,
    p50: at(0.5),
    p99: at(0.99),
    cpu: processorTime() - cpu,
  };
}
