/** What the trials are shown as. */
import type { ServerStats } from '@convoke/runtime';
import { errorOf, type Money, moneyOf } from './money.js';
import { type Row, table } from './table.js';
import { tills } from './tills.js';
import { type TrafficOf, type Trial, units } from './trial.js';

type Count = (trial: Trial) => number;

/** What the wire did, by transport. */
const wireRows: { readonly [S in keyof TrafficOf]: readonly (readonly [string, keyof TrafficOf[S]])[] } = {
  udp: [
    ['packets on the wire', 'packets'],
    ['  lost', 'lost'],
    ['  doubled', 'duplicated'],
    ['  overtaken by a later one', 'reordered'],
  ],
  tcp: [
    ['connections opened', 'connections'],
    ['  cut, often in mid-message', 'cut'],
  ],
};

const ofServer =
  (name: keyof ServerStats): Count =>
  trial =>
    trial.bank.stats[name];

const ofClients =
  (name: 'calls' | 'retransmitted'): Count =>
  trial =>
    [...trial.customers.values()].reduce((sum, { stats }) => sum + stats[name], 0);

const protocolRows: readonly (readonly [string, Count])[] = [
  ['requests retransmitted', ofClients('retransmitted')],
  ['duplicates filtered', ofServer('duplicates')],
  ['replies resent from the history', ofServer('resent')],
  ['procedures executed', ofServer('executed')],
];

export function reportOf<S extends keyof TrafficOf>(
  scheme: S,
  trials: readonly Trial<TrafficOf[S]>[],
): string {
  const counted = (label: string, count: (trial: Trial<TrafficOf[S]>) => number): Row => ({
    label,
    cells: trials.map(trial => count(trial).toLocaleString('en')),
  });
  const money = trials.map(moneyOf);
  const priced = (label: string, amount: (each: Money) => bigint): Row => ({
    label,
    cells: money.map(each => euros(amount(each))),
  });
  /** Who makes `maybe` calls is told nothing. */
  const told = (label: string, amount: (each: Money) => bigint): Row => ({
    label,
    cells: trials.map(({ semantics }, i) => (semantics === 'maybe' ? '-' : euros(amount(money[i]!)))),
  });
  return table([
    { label: '', cells: trials.map(({ semantics }) => ['bold', semantics]) },
    { label: '', cells: trials.map(({ semantics }) => ['dim', tills[semantics].procedure]) },
    counted(`calls made, ${euros(units)} each`, ofClients('calls')),
    ...wireRows[scheme].map(([label, name]) => counted(label, ({ traffic }) => Number(traffic[name]))),
    ...protocolRows.map(([label, count]) => counted(label, count)),
    undefined,
    priced('the customers paid in', ({ paid }) => paid),
    ...(money.some(({ unknown }) => unknown > 0n)
      ? [told('  and were told: unknown', ({ unknown }) => unknown)]
      : []),
    told('  and were told: booked', ({ confirmed }) => confirmed),
    priced('the bank booked', ({ booked }) => booked),
    {
      label: 'which is wrong by',
      cells: trials.map(trial => {
        const error = errorOf(trial);
        return error === 0n ? ['green', 'nothing'] : ['yellow', `${error > 0n ? '+' : ''}${euros(error)}`];
      }),
    },
  ]);
}

function euros(cents: bigint): string {
  return `${(Number(cents) / 100).toLocaleString('en', { minimumFractionDigits: 2 })} €`;
}
