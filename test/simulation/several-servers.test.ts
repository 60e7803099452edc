/** A share of the seeds; `npm run test:soak` runs more. */
import { describe, test } from 'vitest';
import { severalServers } from './several-servers.js';
import { play } from './stage.js';

const seeds = Number(process.env.SEEDS ?? 5);
const first = Number(process.env.FIRST_SEED ?? 1);

describe('a channel with several servers', () => {
  for (const scenario of severalServers) {
    test(`${scenario.number}: ${scenario.title}`, async () => {
      for (let seed = first; seed < first + seeds; seed++) await play(scenario, seed);
    });
  }
});

test('found by a seed: a call that may execute twice went round all servers once, while each was silent', async () => {
  await play(severalServers.find(({ number }) => number === 101)!, 1137);
});
