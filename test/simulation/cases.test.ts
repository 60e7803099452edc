/** A share of the seeds of every case; `npm run test:soak` runs them all. */
import { describe, expect, test } from 'vitest';
import { scenarios } from './cases.js';
import { play } from './stage.js';

const seeds = Number(process.env.SEEDS ?? 5);
const first = Number(process.env.FIRST_SEED ?? 1);

describe('cases that a call must survive', () => {
  for (const scenario of scenarios) {
    test(`${scenario.number}: ${scenario.title}`, async () => {
      const count = scenario.large ? 1 : seeds;
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed, 0.02);
    });
  }
});

describe('determinism', () => {
  for (const number of [13, 27, 35]) {
    test(`the same seed of case ${number} gives the same packet trace`, async () => {
      const scenario = scenarios.find(each => each.number === number)!;
      const trace = await play(scenario, 42);
      expect(trace.length).toBeGreaterThan(1000);
      expect(await play(scenario, 42)).toBe(trace);
      expect(await play(scenario, 43)).not.toBe(trace);
    });
  }
});
