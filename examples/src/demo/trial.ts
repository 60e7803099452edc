/** One trial: customers pay money in under one call semantics, over one transport, through a bad wire. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../processes.js';
import { type DatagramFaults, type DatagramTraffic, localhost } from '../wire/datagram-relay.js';
import type { WireDuties } from '../wire/program.js';
import type { StreamFaults, StreamTraffic } from '../wire/stream-proxy.js';
import type { BankDuties, BankReport } from './bank-program.js';
import type { CustomerDuties, CustomerReport } from './customer-program.js';
import type { Scheme, Semantics } from './tills.js';

export const datagramFaults: DatagramFaults = { loss: 0.3, duplicate: 0.2, reorder: 0.2, delay: [1, 5] };

export const streamFaults: StreamFaults = { life: [400, 4_000] };

/** Deposits of each customer, and the cents of each. */
const deposits = 150;
export const units = 1000n;

/** Milliseconds after which nothing is on the wire any more. */
const lastPackets = 300;

/** The processes of the demo. */
export interface Cast {
  readonly bank: Program<BankDuties>;
  readonly wire: Program<WireDuties>;
  readonly customers: ReadonlyMap<string, Program<CustomerDuties>>;
}

export interface Trial<Traffic = unknown> {
  readonly semantics: Semantics;
  /** By the customer's account. */
  readonly customers: ReadonlyMap<string, CustomerReport>;
  readonly bank: BankReport;
  readonly traffic: Traffic;
}

export interface TrafficOf {
  readonly udp: DatagramTraffic;
  readonly tcp: StreamTraffic;
}

/** How a wire of each kind is put before a server, and asked. */
const wires = {
  udp: {
    lay: (wire: Cast['wire'], serverPort: number, seed: number) =>
      wire.ask('relay', { serverPort, seed, faults: datagramFaults }),
    traffic: (wire: Cast['wire'], port: number) => wire.ask('relayed', port),
  },
  tcp: {
    lay: (wire: Cast['wire'], serverPort: number, seed: number) =>
      wire.ask('proxy', { serverPort, seed, faults: streamFaults }),
    traffic: (wire: Cast['wire'], port: number) => wire.ask('proxied', port),
  },
};

export async function runTrial<S extends Scheme>(
  { bank, wire, customers }: Cast,
  scheme: S,
  semantics: Semantics,
  seed: number,
): Promise<Trial<TrafficOf[S]>> {
  const serverPort = await bank.ask('open', { scheme, semantics, customers: [...customers.keys()] });
  const port = await wires[scheme].lay(wire, serverPort, seed);
  const address = `${scheme}://${localhost}:${port}`;
  const reports = await Promise.all(
    [...customers].map(async ([account, customer]) => {
      return [account, await customer.ask('pay', { address, semantics, account, deposits, units })] as const;
    }),
  );
  await sleep(lastPackets);
  return {
    semantics,
    customers: new Map(reports),
    bank: await bank.ask('report', serverPort),
    traffic: (await wires[scheme].traffic(wire, port)) as TrafficOf[S],
  };
}
