import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  createRoundRobin,
  leastLoaded,
  pickers,
  weightedRank,
} from '../../../../runtime/src/client/balancing/pick.js';
import { createPrng } from '../../../../runtime/src/testing/prng.js';

interface Named extends Candidate {
  readonly name: string;
}

const server = (name: string, weight = 1, inFlight = 0): Named => ({ name, weight, inFlight });

/** Random numbers that are told. */
const told = (...numbers: number[]) => ({
  bytes: (n: number) => new Uint8Array(n),
  next: () => numbers.shift()!,
});

describe('pick-first', () => {
  it('is the first', () => {
    const pick = pickers['pick-first']<Named>(createPrng('a'));
    expect(pick([server('a', 1, 99), server('b')]).name).toBe('a');
  });
});

describe('round-robin', () => {
  const names = (candidates: readonly Named[], count: number) => {
    const pick = createRoundRobin<Named>();
    return Array.from({ length: count }, () => pick(candidates).name).join('');
  };

  it('takes each in turn', () => {
    expect(names([server('a'), server('b'), server('c')], 7)).toBe('abcabca');
  });

  it('takes one of more weight more often, and spreads it', () => {
    expect(names([server('a', 5), server('b', 1), server('c', 1)], 14)).toBe('aabacaaaabacaa');
  });

  it('goes on where one goes, and gives first what it owes', () => {
    const pick = createRoundRobin<Named>();
    const [a, b, c] = [server('a'), server('b'), server('c')];
    const picked = [pick([a, b, c]), pick([a, b, c]), pick([a, c]), pick([a, c]), pick([a, c]), pick([a, c])];
    expect(picked.map(({ name }) => name).join('')).toBe('abccac');
  });
});

describe('least-loaded', () => {
  it('draws two, and takes the less loaded one', () => {
    const candidates = [server('a', 1, 3), server('b', 1, 2), server('c', 1, 1)];
    expect(leastLoaded(candidates, told(0, 0)).name).toBe('b');
    expect(leastLoaded(candidates, told(0, 0.99)).name).toBe('c');
    expect(leastLoaded(candidates, told(0.99, 0)).name).toBe('c');
  });

  it('holds the load against the weight', () => {
    expect(leastLoaded([server('a', 4, 5), server('b', 1, 2)], told(0, 0)).name).toBe('a');
  });

  it('never draws the same one twice', () => {
    const random = createPrng('b');
    const busy = server('busy', 1, 9);
    for (let i = 0; i < 1000; i++) expect(leastLoaded([busy, server('free')], random).name).toBe('free');
  });

  it('takes the only one', () => {
    expect(leastLoaded([server('a')], told()).name).toBe('a');
  });
});

describe('the order of SRV records', () => {
  it('puts each first as often as its weight says', () => {
    const random = createPrng('c');
    const weights = [1, 2, 7];
    const firsts = [0, 0, 0];
    for (let i = 0; i < 10_000; i++) {
      const ranks = weights.map(weight => weightedRank(weight, random));
      firsts[ranks.indexOf(Math.min(...ranks))]!++;
    }
    weights.forEach((weight, index) => {
      expect(firsts[index]! / 10_000).toBeCloseTo(weight / 10, 1);
    });
  });
});
