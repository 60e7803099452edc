/** A share of the seeds of every scenario of groups; `npm run test:soak` runs them all. */
import { describe, test } from 'vitest';
import { mixture } from './mixture.js';
import { scenarios } from './scenarios.js';
import { play } from './stage.js';

const seeds = Number(process.env.SEEDS ?? 2);
const first = Number(process.env.FIRST_SEED ?? 1);

describe('what groups must survive', () => {
  for (const scenario of scenarios) {
    test(`${scenario.number}: ${scenario.title}`, async () => {
      const count = scenario.large ? 1 : seeds;
      for (let seed = first; seed < first + count; seed++) await play(scenario, seed);
    });
  }
});

describe('found by a seed', () => {
  /** What went wrong, and the scenario and the seed that showed it; 0 is the mixture. */
  const findings: readonly (readonly [title: string, number: number, seed: number])[] = [
    ['a multicast that was sent again to one member was numbered as a unicast', 13, 1],
    ['an unordered message set free no message that had waited for it in the total order', 13, 2],
    ['what was fetched for one attempt at a view counted as there in the next', 0, 33],
    ['two attempts of a leader proposed different views of one id', 0, 34],
    ['a member waited for others that were in another view', 0, 1],
    ['who was taken for dead by one member stayed so, though nobody excluded it', 27, 15],
    ['two sides waited to be merged by a coordinator that was none any more', 0, 180],
    ['a side that had gone into another view was asked to merge', 0, 2],
    ['two leaders each waited for members that had followed the other', 0, 2118],
  ];
  for (const [title, number, seed] of findings) {
    test(title, () => play([...scenarios, mixture].find(each => each.number === number)!, seed));
  }
});
