/** A thousand seeds of every scenario of groups, and ten thousand of everything at once. */
import { describe, test } from 'vitest';
import { playManyMembers } from '../simulation/groups/many-members.js';
import { mixture } from '../simulation/groups/mixture.js';
import { scenarios } from '../simulation/groups/scenarios.js';
import { play } from '../simulation/groups/stage.js';

const seeds = Number(process.env.SEEDS ?? 1000);
const seedsOfLarge = Number(process.env.SEEDS_OF_LARGE ?? 200);
const seedsOfMixture = Number(process.env.SEEDS_OF_MIXTURE ?? 10_000);
const first = Number(process.env.FIRST_SEED ?? 1000);

/** So many seeds are one test, so that progress is seen. */
const stretch = 500;

describe('what groups must survive', () => {
  for (const scenario of scenarios) {
    const count = scenario.large ? seedsOfLarge : seeds;
    test(`${scenario.number}: ${scenario.title}, ${count} seeds`, async () => {
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed);
    });
  }
});

describe(mixture.title, () => {
  for (let from = first; from < first + seedsOfMixture; from += stretch) {
    const to = Math.min(from + stretch, first + seedsOfMixture);
    test(`seeds ${from} to ${to - 1}`, async () => {
      for (let seed = from; seed < to; seed++) await play(mixture, seed);
    });
  }
});

test('200 members are in one view, take each other’s messages in one order, and exclude one that dies', () =>
  playManyMembers(200));
