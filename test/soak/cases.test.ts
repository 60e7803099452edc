/** A thousand seeds of every case, but for those that take long. */
import { describe, test } from 'vitest';
import { scenarios } from '../simulation/cases.js';
import { play } from '../simulation/stage.js';

const seeds = Number(process.env.SEEDS ?? 1000);
const seedsOfLarge = Number(process.env.SEEDS_OF_LARGE ?? 20);
const first = Number(process.env.FIRST_SEED ?? 1000);

describe('cases that a call must survive', () => {
  // The mixture has a file of its own.
  for (const scenario of scenarios.filter(({ number }) => number > 0)) {
    const count = scenario.large ? seedsOfLarge : seeds;
    test(`${scenario.number}: ${scenario.title}, ${count} seeds`, async () => {
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed);
    });
  }
});
