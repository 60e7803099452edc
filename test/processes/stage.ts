/** What the cases between real processes play on: a server of the ledger, wires before it, clients, and the judge. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ConnectOptions, connect, nodePlatform } from '@convoke/runtime';
import { onTestFinished } from 'vitest';
import { Ledger, type LedgerClient } from '../../generated/testing/ledger/index.js';
import type { StreamConnectOptions } from '../../runtime/src/platform/platform.js';
import { JudgedCalls } from '../judge/judged-calls.js';
import { type LedgerServer, type Program, type Programs, startProgram } from './programs.js';

export const localhost = '127.0.0.1';

/** Milliseconds after which no packet is on its way any more. */
const aftermath = 200;

export type Scheme = 'udp' | 'tcp';

export interface ServerOptions {
  /** Instead of the ports. */
  readonly unix?: string;
  readonly fatal?: readonly string[];
  readonly quick?: boolean;
}

/** The platform of a client whose connections all lead to this port. */
export function withConnectionsTo(port: number): typeof nodePlatform {
  const { listen, connect: dial } = nodePlatform.streams;
  const streams = {
    listen,
    connect: (_to: unknown, options?: StreamConnectOptions) => dial({ host: localhost, port }, options),
  };
  return { ...nodePlatform, streams };
}

/** Waits until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

export async function createStage(): Promise<Stage> {
  const stage = new Stage();
  onTestFinished(() => stage.close());
  return stage;
}

export class Stage extends JudgedCalls {
  /** Of the latest server; a server that is started anew takes them again. */
  readonly ports = { udp: 0, tcp: 0 };
  private readonly directory = mkdtempSync(join(tmpdir(), 'convoke-'));
  private readonly log = join(this.directory, 'executions');
  private readonly programs: Program<never>[] = [];
  private readonly channels: Channel[] = [];

  constructor() {
    super();
    writeFileSync(this.log, '');
  }

  async start<Name extends keyof Programs>(name: Name): Promise<Program<Programs[Name]>> {
    const program = await startProgram(name);
    this.programs.push(program as Program<never>);
    return program;
  }

  /** Starts a server of the ledger, on the ports of the one before. */
  async serve({ unix, ...options }: ServerOptions = {}): Promise<Program<LedgerServer>> {
    const server = await this.start('ledgerServer');
    if (unix !== undefined) {
      await server.ask('serve', { listen: [`unix:${unix}`], log: this.log, ...options });
      return server;
    }
    const { udp, tcp } = this.ports;
    const listen = [`udp://${localhost}:${udp}`, `tcp://${localhost}:${tcp}`];
    const [overUdp, overTcp] = await server.ask('serve', { listen, log: this.log, ...options });
    this.ports.udp = portOf(overUdp!);
    this.ports.tcp = portOf(overTcp!);
    return server;
  }

  async connect(port: number, scheme: Scheme = 'udp', options: ConnectOptions = {}): Promise<Channel> {
    return this.connectTo(`${scheme}://${localhost}:${port}`, options);
  }

  async connectTo(address: string, options: ConnectOptions = {}): Promise<Channel> {
    const channel = await connect(address, options);
    this.channels.push(channel);
    return channel;
  }

  async client(port: number, scheme: Scheme = 'udp'): Promise<LedgerClient> {
    return (await this.connect(port, scheme)).client(Ledger);
  }

  /** How often the job with this key was executed until now, by all servers. */
  executionsOf(key: string): number {
    this.readLog();
    return this.oracle.executionsOf(key).length;
  }

  /** Waits until jobs with these keys were executed. */
  async executed(...keys: readonly string[]): Promise<void> {
    await until(() => keys.every(key => this.executionsOf(key) > 0));
  }

  /** Waits until nothing is under way, and judges. */
  async judge(): Promise<void> {
    await sleep(aftermath);
    this.readLog();
    this.oracle.verify();
  }

  async close(): Promise<void> {
    await Promise.all(this.channels.map(channel => channel.close()));
    await Promise.all(this.programs.map(program => program.stop('SIGKILL')));
    rmSync(this.directory, { recursive: true });
  }

  /** The ledger's lines count executions from 1. */
  private readLog(): void {
    const { executions } = this.oracle;
    executions.clear();
    const keys = readFileSync(this.log, 'utf8').split('\n').slice(0, -1);
    for (const [index, key] of keys.entries()) {
      executions.set(key, [...(executions.get(key) ?? []), index + 1]);
    }
  }
}

function portOf(address: string): number {
  return Number(new URL(address).port);
}
