/** A share of the seeds of every scenario of groups; `npm run test:soak` runs them all. */
import { describe, test } from 'vitest';
import { mixture } from './mixture.js';
import { scenarios } from './scenarios.js';
import { play } from './stage.js';

const seeds = Number(process.env.SEEDS ?? 3);
const seedsOfMixture = Number(process.env.SEEDS_OF_MIXTURE ?? 30);
const first = Number(process.env.FIRST_SEED ?? 1);

describe('what groups must survive', () => {
  for (const scenario of scenarios) {
    test(`${scenario.number}: ${scenario.title}`, async () => {
      const count = scenario.large ? 1 : seeds;
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed);
    });
  }

  test(`${mixture.title}, ${seedsOfMixture} seeds`, async () => {
    for (let seed = first; seed < first + seedsOfMixture; seed++) await play(mixture, seed);
  });
});
