/** A bank in memory: what `idl/bank.idl` promises, as procedures. */
import {
  type Account,
  type BankService,
  type CarelessBankService,
  type Money,
  NoSuchAccount,
  Overdrawn,
} from '../../../generated/dist/bank/index.js';

/** The books that a careful and a careless bank may share. */
export interface Books {
  readonly accounts: Map<string, Account>;
  readonly journal: string[];
}

export function createBooks(): Books {
  return { accounts: new Map(), journal: [] };
}

export function createBank({ accounts, journal }: Books): BankService {
  return {
    open(id, owner, currency) {
      const account = { id, owner, balance: { units: 0n, currency }, opened: new Date() };
      accounts.set(id, account);
      return account;
    },
    balance: id => find(accounts, id).balance,
    deposit: (id, amount) => book(find(accounts, id), amount.units),
    withdraw: (id, amount) => book(withEnough(find(accounts, id), amount), -amount.units),
    transfer(from, to, amount) {
      const source = withEnough(find(accounts, from), amount);
      book(find(accounts, to), amount.units);
      return book(source, -amount.units);
    },
    audit: line => void journal.push(line),
  };
}

/** The same deposits under promises that do not fit them. */
export function createCarelessBank({ accounts }: Books): CarelessBankService {
  return {
    deposit: (id, amount) => book(find(accounts, id), amount.units),
    dropIn: (id, amount) => void book(find(accounts, id), amount.units),
  };
}

function find(accounts: Books['accounts'], id: string): Account {
  const account = accounts.get(id);
  if (account === undefined) throw new NoSuchAccount({ id });
  return account;
}

function withEnough(account: Account, { units }: Money): Account {
  if (account.balance.units < units) throw new Overdrawn({ balance: account.balance });
  return account;
}

function book(account: Account, units: bigint): Money {
  account.balance = { ...account.balance, units: account.balance.units + units };
  return account.balance;
}
