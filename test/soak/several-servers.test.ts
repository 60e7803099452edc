/** More seeds of a channel with several servers. */
import { describe, test } from 'vitest';
import { severalServers } from '../simulation/several-servers.js';
import { play } from '../simulation/stage.js';

const seeds = Number(process.env.SEEDS ?? 240);
const first = Number(process.env.FIRST_SEED ?? 1000);

describe('a channel with several servers', () => {
  for (const scenario of severalServers) {
    test(`${scenario.number}: ${scenario.title}, ${seeds} seeds`, async () => {
      for (let seed = first; seed < first + seeds; seed++) await play(scenario, seed);
    });
  }
});
