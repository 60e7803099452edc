/** Calls of the ledger that the oracle knows of. */
import type { CallError, CallOptions } from '@convoke/runtime';
import { Ending, type Job, Ledger, type LedgerClient } from '../../generated/testing/ledger/index.js';
import { Oracle, type Told } from './oracle.js';

/** A procedure of the ledger. The client's only other key is the symbol that tells its errors. */
export type LedgerProcedure = keyof LedgerClient & string;

export class JudgedCalls {
  readonly oracle = new Oracle();
  private made = 0;

  /** Calls, and has the oracle note it. */
  call(
    client: LedgerClient,
    name: LedgerProcedure,
    job: Partial<Job> = {},
    options: CallOptions = {},
  ): Promise<Told> {
    const key = job.key ?? `${name}-${++this.made}`;
    const whole: Job = { work: 0, padding: 0, ending: Ending.receipt, ...job, key };
    const { semantics } = Ledger.procedures.find(procedure => procedure.name === name)!;
    return this.oracle.watch(key, semantics, client[name](whole, options));
  }

  /** A call that must bring a receipt. */
  async succeed(...call: Parameters<JudgedCalls['call']>): Promise<void> {
    const told = await this.call(...call);
    if (told.kind === 'failed') throw told.error;
    if (told.kind !== 'receipt') throw new Error(`${call[1]}: told '${told.kind}' instead of a receipt`);
  }

  /** A call that must fail; returns how. */
  async fail(...call: Parameters<JudgedCalls['call']>): Promise<CallError> {
    const told = await this.call(...call);
    if (told.kind !== 'failed') throw new Error(`${call[1]}: told '${told.kind}' instead of a failure`);
    return told.error;
  }
}
