/**
 * A server of the ledger as a process of its own. Each execution is a line of a file before its reply is sent, so that
 * SIGKILL loses none of them.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { implement, serve } from '@convoke/runtime';
import { offer } from '../../../examples/dist/processes.js';
import { Ending, Ledger, Refused } from '../../../generated/dist/testing/ledger/index.js';

let server;

/** Of the latest job that had one. */
let load;

offer({
  async serve({ listen, log, fatal = [], quick = false }) {
    server = await serve({ listen, services: [implement(Ledger, ledger(log, fatal, quick))], onError() {} });
    return server.addresses;
  },
  stats: () => server.stats(),
  loadDigest: () => createHash('sha256').update(load).digest('hex'),
  close: () => server.close(),
});

process.once('SIGTERM', async () => {
  await server.drain();
  await server.close();
  process.disconnect();
});

/** `fatal`: the keys of jobs in the middle of which the process dies. `quick`: no job takes any time. */
function ledger(log, fatal, quick) {
  let executions = readFileSync(log, 'utf8').split('\n').length - 1;
  const execute = job => {
    const execution = ++executions;
    load = job.load ?? load;
    appendFileSync(log, `${job.key}\n`);
    if (fatal.includes(job.key)) process.kill(process.pid, 'SIGKILL');
    const end = () => {
      if (job.ending === Ending.refused) throw new Refused({ key: job.key, execution });
      if (job.ending === Ending.surprise) throw new TypeError(`secret of ${job.key}`);
      return { key: job.key, execution, padding: Buffer.alloc(job.padding, execution) };
    };
    return job.work > 0 && !quick ? sleep(job.work).then(end) : end();
  };
  return {
    once: execute,
    atLeastOnce: execute,
    perhaps: execute,
    note: async job => void (await execute(job)),
  };
}
