import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from '../../../runtime/src/request-reply/number-set.js';

const limit = 60;
const stretch = fc.tuple(fc.nat(limit), fc.nat(limit));

describe('a set of call numbers', () => {
  it('holds what a plain set holds, whatever is added in whatever order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(stretch), (end, added) => {
        const numbers = new NumberSet(end);
        const plain = new Set(Array.from({ length: end }, (_, number) => number));
        for (const [from, to] of added) {
          numbers.add(from, to);
          for (let number = from; number < to; number++) plain.add(number);
        }
        let intervals = 0;
        for (let number = 0; number <= limit + 1; number++) {
          expect(numbers.has(number)).toBe(plain.has(number));
          if (plain.has(number) && !plain.has(number - 1)) intervals++;
        }
        expect(numbers.intervals).toBe(intervals);
        let floor = 0;
        while (plain.has(floor)) floor++;
        expect(numbers.floor).toBe(floor);
      }),
    );
  });

  it('merges stretches that touch', () => {
    const numbers = new NumberSet(1);
    expect(numbers.add(5, 7)).toBe(2);
    expect(numbers.add(9, 12)).toBe(3);
    expect(numbers.add(7, 9)).toBe(2);
    expect(numbers.add(1, 5)).toBe(1);
    expect(numbers.floor).toBe(12);
  });

  it('takes nothing from an empty stretch or one that runs backwards', () => {
    const numbers = new NumberSet(1);
    expect(numbers.add(5, 5)).toBe(1);
    expect(numbers.add(7, 5)).toBe(1);
    expect(numbers.has(5)).toBe(false);
  });

  it('counts beyond 2^32', () => {
    const numbers = new NumberSet(2 ** 32 - 1);
    numbers.add(2 ** 32 + 1, 2 ** 33);
    expect([2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1].map(number => numbers.has(number))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
