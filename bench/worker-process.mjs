/** Starts, asks and ends the processes of a cell. */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const longestAnswerMs = 60_000;
const longestEndMs = 2_000;

/** Whether this machine can hold a process on core 0 and another on core 1. */
export function canPin() {
  return ['0', '1'].every(core => spawnSync('taskset', ['-c', core, 'true']).status === 0);
}

/**
 * Starts one side of a cell, on one core if a core is given.
 *
 * @param nodeOptions more options of Node's, such as `--cpu-prof`
 */
export async function startWorker({ contestant, workload, core, nodeOptions = [] }) {
  const execArgv = ['--expose-gc', ...nodeOptions];
  const pinned = { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...execArgv] };
  const child = fork(script, [contestant, workload], core === undefined ? { execArgv } : pinned);
  const worker = {
    async ask(operation, argument) {
      child.send({ operation, argument });
      return answerOf(child);
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), longestEndMs);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(timer);
    },
  };
  try {
    await answerOf(child);
  } catch (error) {
    await worker.end();
    throw error;
  }
  return worker;
}

async function answerOf(child) {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(longestAnswerMs)]);
  try {
    const [answer] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code, killedBy]) => {
        throw new Error(`the process ended with ${code ?? killedBy}`);
      }),
    ]);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  } catch (error) {
    if (error.name === 'AbortError') throw new Error(`no answer within ${longestAnswerMs / 1000} s`);
    throw error;
  } finally {
    over.abort();
  }
}
