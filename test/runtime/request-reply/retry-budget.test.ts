import { describe, expect, it } from 'vitest';
import { createRetryBudget } from '../../../runtime/src/request-reply/retry-budget.js';

/** How many requests may be sent again at once. */
function empty(budget: ReturnType<typeof createRetryBudget>, now: number): number {
  let count = 0;
  while (budget.withdraw(now)) count++;
  return count;
}

describe('a retry budget', () => {
  it('grows with calls', () => {
    const budget = createRetryBudget({ ratio: 0.25, perSecond: 0 });
    expect(empty(budget, 1000)).toBe(0);
    for (let call = 0; call < 20; call++) budget.deposit(1000);
    expect(empty(budget, 1000)).toBe(5);
    expect(empty(budget, 100_000)).toBe(0);
  });

  it('grows with time', () => {
    const budget = createRetryBudget({ ratio: 0, perSecond: 4 });
    empty(budget, 1000);
    expect(empty(budget, 1249)).toBe(0);
    expect(empty(budget, 1250)).toBe(1);
    expect(empty(budget, 2250)).toBe(4);
  });

  it('keeps no more than ten seconds give, and at first has as much', () => {
    const budget = createRetryBudget({ ratio: 1, perSecond: 4 });
    expect(empty(budget, 1000)).toBe(40);
    for (let call = 0; call < 1000; call++) budget.deposit(1_000_000);
    expect(empty(budget, 1_000_000)).toBe(40);
  });

  it.each([
    { ratio: -0.1 },
    { ratio: Number.NaN },
    { perSecond: -1 },
    { perSecond: Number.POSITIVE_INFINITY },
  ])('refuses %o', options => {
    expect(() => createRetryBudget(options)).toThrow(RangeError);
  });
});
