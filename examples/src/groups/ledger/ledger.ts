/** A replicated ledger: each branch of the bank holds all accounts, and all book the same in the same order. */
import { implement } from '@convoke/runtime';
import type { GroupMember } from '@convoke/runtime/group';
import {
  AccountExists,
  type AccountsService,
  Ledger,
  type LedgerClient,
  NoSuchAccount,
  Overdrawn,
} from '../../../../generated/dist/ledger/index.js';
import type { Join } from '../scene.js';

export interface Branch {
  readonly member: GroupMember;
  /** Calls all branches, this one included. */
  readonly ledger: LedgerClient;
  /** This branch's copy, in cents. */
  readonly accounts: ReadonlyMap<string, bigint>;
}

export async function openBranch(join: Join): Promise<Branch> {
  const accounts = new Map<string, bigint>();
  const member = await join('udp+multicast://239.255.74.10:7410', {
    name: 'ledger',
    services: [implement(Ledger, createAccounts(accounts))],
    state: stateOf(accounts),
  });
  return { member, ledger: member.client(Ledger), accounts };
}

/** Plain procedures on a plain map: that all members execute the same calls in the same order is the group's affair. */
function createAccounts(accounts: Map<string, bigint>): AccountsService {
  const balanceOf = (id: string): bigint => {
    const cents = accounts.get(id);
    if (cents === undefined) throw new NoSuchAccount({ id });
    return cents;
  };
  const book = (id: string, cents: bigint): bigint => {
    const balance = balanceOf(id) + cents;
    if (balance < 0n) throw new Overdrawn({ cents: balanceOf(id) });
    accounts.set(id, balance);
    return balance;
  };
  return {
    open(id) {
      if (accounts.has(id)) throw new AccountExists({ id });
      accounts.set(id, 0n);
    },
    balance: id => balanceOf(id),
    deposit: (id, cents) => book(id, cents),
    withdraw: (id, cents) => book(id, -cents),
    transfer(from, to, cents) {
      balanceOf(to);
      const left = book(from, -cents);
      book(to, cents);
      return left;
    },
    audit: () => {},
  };
}

/** What a branch that opens later is handed, as of one point in the order of bookings. */
function stateOf(accounts: Map<string, bigint>) {
  return {
    async *save() {
      yield Buffer.from(JSON.stringify([...accounts].map(([id, cents]) => [id, `${cents}`])));
    },
    async load(pieces: AsyncIterable<Uint8Array>) {
      const chunks: Uint8Array[] = [];
      for await (const piece of pieces) chunks.push(piece);
      accounts.clear();
      const entries: [string, string][] = JSON.parse(Buffer.concat(chunks).toString());
      for (const [id, cents] of entries) accounts.set(id, BigInt(cents));
    },
  };
}
