/** A share of the seeds of every case; `npm run test:soak` runs them all. */
import { describe, test } from 'vitest';
import { scenarios } from './cases.js';
import { play } from './stage.js';

const seeds = Number(process.env.SEEDS ?? 5);
const first = Number(process.env.FIRST_SEED ?? 1);

const scenarioOf = (number: number) => scenarios.find(each => each.number === number)!;

describe('cases that a call must survive', () => {
  for (const scenario of scenarios) {
    test(`${scenario.number}: ${scenario.title}`, async () => {
      const count = scenario.large ? 1 : seeds;
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed, 0.02);
    });
  }
});

describe('found by a seed', () => {
  /** What went wrong, and the case and the seed that showed it. */
  const findings: readonly (readonly [title: string, number: number, seed: number])[] = [
    ['a maybe request was sent again because parts of its reply had come', 13, 42],
    ['an address to be validated was taken for a lost session', 34, 1],
    ["another server's reset was believed", 40, 1],
    ['a reset made an idle client open a session that nobody wanted', 69, 1],
    ['the rotation of acknowledgements never came round', 72, 1],
    ['a maybe request was sent again because the session in which its reply began was lost', 0, 23254],
    ['a stream whose last item came before the error behind it was taken for one that ended well', 58, 6],
    ['a constraint that every copy breaks was not enough for not-executed', 76, 1084],
  ];
  for (const [title, number, seed] of findings) {
    test(title, () => play(scenarioOf(number), seed, 0.02));
  }
});
