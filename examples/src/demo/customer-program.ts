/** A customer as a process of its own: pays money in, and remembers what it was told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, type CallerCounters, connect } from '@convoke/runtime';
import { Currency } from '../../../generated/dist/bank/index.js';
import { offer } from '../processes.js';
import { type Semantics, tills } from './tills.js';

/** Deposits that one customer makes at the same time. */
const hands = 20;

/** Milliseconds between two deposits of one hand. */
const pause = 5;

export interface PayRequest {
  readonly address: string;
  readonly semantics: Semantics;
  readonly account: string;
  readonly deposits: number;
  /** Cents of each deposit. */
  readonly units: bigint;
}

/** What came of the deposits, each counted once, and what the protocol did for them. */
export interface CustomerReport {
  readonly confirmed: number;
  /** Failed, and nobody can tell whether they were booked. */
  readonly unknown: number;
  /** Failed, and were certainly not booked. */
  readonly refused: number;
  /** Neither confirmed nor failed: nobody answers a `maybe` call. */
  readonly unanswered: number;
  readonly stats: CallerCounters;
}

const duties = {
  async pay({ address, semantics, account, deposits, units }: PayRequest): Promise<CustomerReport> {
    const channel = await connect(address);
    const deposit = tills[semantics].deposit(channel);
    const told = { confirmed: 0, unknown: 0, refused: 0, unanswered: 0 };
    let left = deposits;
    const work = async (): Promise<void> => {
      while (left-- > 0) {
        const outcome = await deposit(account, { units, currency: Currency.eur }).then(
          () => (semantics === 'maybe' ? 'unanswered' : 'confirmed'),
          meaningOf,
        );
        told[outcome]++;
        await sleep(pause);
      }
    };
    await Promise.all(Array.from({ length: hands }, work));
    const stats = channel.stats();
    await channel.close();
    return { ...told, stats };
  },
};

/** What a customer concludes from a failure. */
function meaningOf(error: unknown): 'unknown' | 'refused' {
  if (!(error instanceof CallError)) throw error;
  return error.outcome === 'not-executed' ? 'refused' : 'unknown';
}

export type CustomerDuties = typeof duties;

offer(duties);
