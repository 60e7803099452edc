/** Fifty thousand seeds of everything at once: the random faults in which no promise may break. */
import { describe, test } from 'vitest';
import { mixture } from '../simulation/mixture.js';
import { play } from '../simulation/stage.js';

const seeds = Number(process.env.SEEDS_OF_MIXTURE ?? 50_000);
const first = Number(process.env.FIRST_SEED ?? 1000);

/** So many seeds are one test, so that progress is seen. */
const stretch = 1000;

/** One stretch in five is played over sealed UDP and TLS. */
const secured = { ...mixture, secured: true };

describe(mixture.title, () => {
  for (let from = first; from < first + seeds; from += stretch) {
    const to = Math.min(from + stretch, first + seeds);
    const scenario = (from / stretch) % 5 === 0 ? secured : mixture;
    test(`seeds ${from} to ${to - 1}${scenario.secured ? ', secured' : ''}`, async () => {
      for (let seed = from; seed < to; seed++) await play(scenario, seed);
    });
  }
});
