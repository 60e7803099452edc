/** What the bank booked, held against what its customers were told. */
import type { CustomerReport } from './customer-program.js';
import type { Semantics } from './tills.js';
import { type Trial, units } from './trial.js';

/** In cents. */
export interface Money {
  readonly paid: bigint;
  readonly confirmed: bigint;
  readonly unknown: bigint;
  readonly booked: bigint;
}

/** The money of all customers of a trial. */
export function moneyOf(trial: Trial): Money {
  return [...trial.customers.keys()]
    .map(account => accountOf(trial, account))
    .reduce((sum, each) => ({
      paid: sum.paid + each.paid,
      confirmed: sum.confirmed + each.confirmed,
      unknown: sum.unknown + each.unknown,
      booked: sum.booked + each.booked,
    }));
}

/** How many cents too many or too few the bank has booked, by what its customers know. */
export function errorOf(trial: Trial): bigint {
  const { paid, confirmed, unknown, booked } = moneyOf(trial);
  const [least, most] = trial.semantics === 'maybe' ? [paid, paid] : [confirmed, confirmed + unknown];
  if (booked < least) return booked - least;
  return booked > most ? booked - most : 0n;
}

/** What these semantics promise of a customer's money. */
const promises: Readonly<Record<Semantics, (money: Money) => boolean>> = {
  // The wire makes two of a packet at the most.
  maybe: ({ booked, paid }) => booked <= 2n * paid,
  'at-least-once': ({ booked, confirmed }) => booked >= confirmed,
  'at-most-once': ({ booked, confirmed, unknown }) => booked >= confirmed && booked <= confirmed + unknown,
};

/** Whether each customer's account holds what was promised, and every call has ended in one way. */
export function isPromiseKept(trial: Trial): boolean {
  return [...trial.customers].every(
    ([account, report]) => promises[trial.semantics](accountOf(trial, account)) && isComplete(report),
  );
}

function accountOf({ customers, bank }: Trial, account: string): Money {
  const report = customers.get(account);
  const booked = bank.balances.get(account);
  if (report === undefined || booked === undefined) throw new Error(`nobody knows the account '${account}'`);
  return {
    paid: units * BigInt(report.stats.calls),
    confirmed: units * BigInt(report.confirmed),
    unknown: units * BigInt(report.unknown),
    booked,
  };
}

function isComplete({ confirmed, unknown, refused, unanswered, stats }: CustomerReport): boolean {
  return confirmed + unknown + refused + unanswered === stats.calls;
}
