import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectGolden } from '../golden.js';
import { scenarios } from '../simulation/cases.js';
import { outcomes, unbuilt } from './reliability-outcomes.js';
import { readChapters, readProcessTests, reliabilityPage, root } from './reliability-page.js';

const numbersOf = (record: object) => Object.keys(record).map(Number);
const ascending = (numbers: readonly number[]) => numbers.toSorted((one, other) => one - other);

describe('docs/RELIABILITY.md', () => {
  it('is what `npm run docs:reliability` writes', async () => {
    expectGolden(join(root, 'docs/RELIABILITY.md'), await reliabilityPage());
  });

  it('has every scenario but the mixture', async () => {
    const shown = (await readChapters()).flatMap(chapter => chapter.scenarios);
    const played = scenarios.filter(({ number }) => number > 0);
    expect(shown.map(({ title }) => title).toSorted()).toEqual(played.map(({ title }) => title).toSorted());
  });

  it('numbers its cases without a gap, each of them built or not', () => {
    const played = scenarios.filter(({ number }) => number > 0).map(({ number }) => number);
    const all = ascending([...played, ...numbersOf(unbuilt)]);
    expect(all).toEqual(all.map((_, index) => index + 1));
  });

  it('says what happens, of every case that is built and of no other', () => {
    const played = scenarios.filter(({ number }) => number > 0).map(({ number }) => number);
    expect(ascending(numbersOf(outcomes))).toEqual(ascending(played));
  });

  it('finds the tests between real processes, each of which has a scenario', () => {
    const numbers = readProcessTests().map(({ number }) => number);
    expect(numbers).toContain(27);
    expect(numbers.filter(number => !scenarios.some(scenario => scenario.number === number))).toEqual([]);
  });
});
