/** The same deposit under each call semantics. */
import { type Channel, type Implementation, implement } from '@convoke/runtime';
import { Bank, CarelessBank, type Money } from '../../../generated/dist/bank/index.js';
import { type Books, createBank, createCarelessBank } from '../bank/bank.js';

export const semantics = ['maybe', 'at-least-once', 'at-most-once'] as const;

export type Semantics = (typeof semantics)[number];

export const schemes = ['udp', 'tcp'] as const;

export type Scheme = (typeof schemes)[number];

/** Milliseconds that a customer waits. Longer than the schema says, since this network is worse than any. */
const patience = 10_000;

/** How money is paid in. */
export interface Till {
  readonly procedure: string;
  /** What to use these semantics for. */
  readonly advice: string;
  implement(books: Books): Implementation;
  /** Resolves when the customer takes the deposit for done. */
  deposit(channel: Channel): (account: string, amount: Money) => Promise<unknown>;
}

export const tills: Readonly<Record<Semantics, Till>> = {
  maybe: {
    procedure: 'CarelessBank.dropIn',
    advice: 'Sent once, never answered: for what may get lost, such as a line of a journal.',
    implement: books => implement(CarelessBank, createCarelessBank(books)),
    deposit(channel) {
      const bank = channel.client(CarelessBank);
      return (account, amount) => bank.dropIn(account, amount);
    },
  },
  'at-least-once': {
    procedure: 'CarelessBank.deposit',
    advice: 'Repeated, and executed each time: for what may run twice, such as a query.',
    implement: books => implement(CarelessBank, createCarelessBank(books)),
    deposit(channel) {
      const bank = channel.client(CarelessBank);
      return (account, amount) => bank.deposit(account, amount, { deadline: patience });
    },
  },
  'at-most-once': {
    procedure: 'Bank.deposit',
    advice: 'Repeated, but executed once: for what must not run twice, such as a payment.',
    implement: books => implement(Bank, createBank(books)),
    deposit(channel) {
      const bank = channel.client(Bank);
      return (account, amount) => bank.deposit(account, amount, { deadline: patience });
    },
  },
};
