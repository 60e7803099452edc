/**
 * Bounds how many requests a channel sends again, in all: a server in trouble gets little more than its calls. A token
 * bucket as in Finagle (`RetryBudget`): each call and each second put something in, each request sent again takes one out.
 */

export interface RetryBudgetOptions {
  /** How many requests may be sent again for each call, on average; 0.2 unless told otherwise. */
  readonly ratio?: number;
  /** How many more may be sent again in a second; 10 unless told otherwise. */
  readonly perSecond?: number;
}

export interface RetryBudget {
  /** A call was made. */
  deposit(now: number): void;
  /** Takes out what one request costs, if it is there. */
  withdraw(now: number): boolean;
}

/** For so long what is not used is kept, in milliseconds: so many calls and seconds fill the bucket. */
const kept = 10_000;

/** No bucket is so small that one request could never be sent again. */
const smallest = 10;

/** @throws RangeError when a number is negative or none */
export function createRetryBudget({ ratio = 0.2, perSecond = 10 }: RetryBudgetOptions): RetryBudget {
  for (const [name, value] of Object.entries({ ratio, perSecond })) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
      throw new RangeError(`the retry budget's ${name} must be 0 or more, not ${value}`);
  }
  const most = Math.max(smallest, (perSecond * kept) / 1000);
  let tokens = 0;
  let filledAt: number | undefined;
  const add = (more: number, now: number): void => {
    const waited = filledAt === undefined ? kept : now - filledAt;
    filledAt = now;
    tokens = Math.min(most, tokens + more + (perSecond * waited) / 1000);
  };
  return {
    deposit: now => add(ratio, now),
    withdraw(now) {
      add(0, now);
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
