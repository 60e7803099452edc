/** Ten thousand seeds in all. */
import { describe, test } from 'vitest';
import { scenarios } from '../simulation/cases.js';
import { mixture } from '../simulation/mixture.js';
import { play } from '../simulation/stage.js';

const securedMixture = { ...mixture, secured: true, title: `${mixture.title}, over sealed UDP and TLS` };

const seeds = Number(process.env.SEEDS ?? 240);
const seedsOfLarge = Number(process.env.SEEDS_OF_LARGE ?? 20);
const first = Number(process.env.FIRST_SEED ?? 1000);

describe('cases that a call must survive', () => {
  for (const scenario of [...scenarios, securedMixture]) {
    const count = scenario.large ? seedsOfLarge : seeds;
    test(`${scenario.number}: ${scenario.title}, ${count} seeds`, async () => {
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed);
    });
  }
});
