/** The bank as a process of its own. Each till is a server with its own books, so that nothing is mixed up. */
import { type Server, type ServerStats, serve } from '@convoke/runtime';
import { Currency } from '../../../generated/dist/bank/index.js';
import { type Books, createBooks } from '../bank/bank.js';
import { offer } from '../processes.js';
import { localhost } from '../wire/datagram-relay.js';
import { type Scheme, type Semantics, tills } from './tills.js';

export interface OpenRequest {
  readonly scheme: Scheme;
  readonly semantics: Semantics;
  readonly customers: readonly string[];
}

export interface BankReport {
  readonly stats: ServerStats;
  /** What each customer has, in cents. */
  readonly balances: ReadonlyMap<string, bigint>;
}

const open = new Map<number, { readonly server: Server; readonly books: Books }>();

const duties = {
  /** Opens a till with an account for each customer, and returns its port. */
  async open({ scheme, semantics, customers }: OpenRequest): Promise<number> {
    const books = createBooks();
    for (const id of customers) {
      const balance = { units: 0n, currency: Currency.eur };
      books.accounts.set(id, { id, owner: id, balance, opened: new Date() });
    }
    const server = await serve({
      listen: `${scheme}://${localhost}:0`,
      services: [tills[semantics].implement(books)],
    });
    const port = Number(new URL(server.addresses[0] ?? '').port);
    open.set(port, { server, books });
    return port;
  },
  /** What the till with this port did, and what it booked. */
  report(port: number): BankReport {
    const till = open.get(port);
    if (till === undefined) throw new Error(`there is no till with port ${port}`);
    const balances = [...till.books.accounts].map(([id, { balance }]) => [id, balance.units] as const);
    return { stats: till.server.stats(), balances: new Map(balances) };
  },
};

export type BankDuties = typeof duties;

offer(duties);
