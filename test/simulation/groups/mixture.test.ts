/** Some seeds of everything at once; `npm run test:soak` runs ten thousand. */
import { test } from 'vitest';
import { mixture } from './mixture.js';
import { play } from './stage.js';

const seeds = Number(process.env.SEEDS_OF_MIXTURE ?? process.env.SEEDS ?? 12);
const first = Number(process.env.FIRST_SEED ?? 1);

test(`${mixture.title}, ${seeds} seeds`, async () => {
  for (let seed = first; seed < first + seeds; seed++) await play(mixture, seed);
});

/** Seeds by which a fault of the protocol was found: two leaders of one view; a leader that was paused, and that not all held to be gone. */
test.each([2118, 30321])('seed %d, which found a fault', async seed => {
  await play(mixture, seed);
});
