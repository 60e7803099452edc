/** The programs that the cases are played with, each a process of its own, and what each can be asked for. */
import type { ServerStats } from '@convoke/runtime';
import type { Job, Receipt } from '../../generated/testing/ledger/index.js';
import type { FrameName } from '../simulation/wire.js';

export interface Program<Duties> {
  readonly pid: number;
  /** Settled when the process is gone. */
  readonly gone: Promise<void>;
  ask<Name extends keyof Duties & string>(
    duty: Name,
    ...argument: Duties[Name] extends (...parameters: infer Parameters) => unknown ? Parameters : never
  ): Promise<Duties[Name] extends (...parameters: never[]) => infer Result ? Result : never>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface LedgerServer {
  /** Returns the addresses with the ports that were taken. */
  serve(options: {
    readonly listen: readonly string[];
    /** The file to which executions are appended. */
    readonly log: string;
    /** Keys of jobs in the middle of which the process dies. */
    readonly fatal?: readonly string[];
    /** No job takes any time. */
    readonly quick?: boolean;
  }): readonly string[];
  stats(): ServerStats;
  /** SHA-256 of the latest load that a job brought, in hexadecimal digits. */
  loadDigest(): string;
  close(): void;
}

export interface LedgerClientProgram {
  connect(address: string): void;
  once(job: Job): Receipt;
}

/** What is to be done to the next packets that bear such a frame. */
export interface Rule {
  readonly frame: FrameName;
  readonly action: 'lose' | 'double';
  readonly times: number;
  /** A process that dies when the first of them comes. */
  readonly kill?: number;
}

export interface ScriptedWire {
  relay(serverPort: number): number;
  proxy(serverPort: number): number;
  script(rules: readonly Rule[]): void;
  /** How often the script still waits for a packet. */
  left(): number;
  /** Cuts the connection in the middle of the message that contains this byte to the client, counted from now. */
  cutAfter(bytes: number): void;
  cuts(): number;
  /** Its clients are not told when the server's end of their connection goes, until they send. */
  proxyHalfOpen(serverPort: number): number;
  /** How many clients found their connection half open. */
  resets(): number;
}

export interface DatagramFaults {
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly delay: readonly [least: number, most: number];
}

export interface RandomWire {
  relay(options: {
    readonly serverPort: number;
    readonly seed: number;
    readonly faults: DatagramFaults;
  }): number;
  relayed(port: number): { readonly lost: number; readonly duplicated: number; readonly reordered: number };
  proxy(options: {
    readonly serverPort: number;
    readonly seed: number;
    /** A connection is cut after so many bytes. */
    readonly faults: { readonly life: readonly [least: number, most: number] };
  }): number;
  proxied(port: number): { readonly cut: number };
}

export interface Programs {
  readonly ledgerServer: LedgerServer;
  readonly ledgerClient: LedgerClientProgram;
  readonly scriptedWire: ScriptedWire;
  readonly randomWire: RandomWire;
}

const paths: Readonly<Record<keyof Programs, string>> = {
  ledgerServer: './programs/ledger-server.mjs',
  ledgerClient: './programs/ledger-client.mjs',
  scriptedWire: './programs/scripted-wire.mjs',
  randomWire: '../../examples/dist/wire/program.js',
};

/** Of the build, as what the programs themselves import. */
const processes = new URL('../../examples/dist/processes.js', import.meta.url).href;

export async function startProgram<Name extends keyof Programs>(
  name: Name,
): Promise<Program<Programs[Name]>> {
  const { startProgram: start } = (await import(processes)) as {
    startProgram(path: URL): Program<Programs[Name]>;
  };
  return start(new URL(paths[name], import.meta.url));
}
