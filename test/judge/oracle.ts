/**
 * The judge of simulated runs and of real processes: it notes every execution, and at the end holds the notes against what the callers
 * were told.
 */
import { type CallContext, CallError, type Semantics } from '@convoke/runtime';
import {
  Ending,
  type Job,
  type LedgerService,
  type Receipt,
  Refused,
} from '../../generated/testing/ledger/index.js';

/** What a caller was told of its call. */
export type Told =
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'failed'; readonly error: CallError }
  /** A `maybe` call without an answer. */
  | { readonly kind: 'nothing' };

interface NotedCall {
  readonly semantics: Semantics;
  told: Told | undefined;
}

export class Oracle {
  /** Executions by the call's key, each with its own number. */
  readonly executions = new Map<string, number[]>();
  readonly calls = new Map<string, NotedCall>();
  /**
   * Called in the middle of each execution, when its effect is there and its reply is not. The reply waits for what it
   * returns, and an error that it throws is the procedure's.
   */
  onEffect: (job: Job, ctx: CallContext) => unknown = () => {};
  private counted = 0;

  /** The service whose executions are noted; `sleep` is of the host that serves it. */
  service(sleep: (milliseconds: number) => Promise<void>): LedgerService {
    const execute = (job: Job, ctx: CallContext): Receipt | Promise<Receipt> => {
      const execution = ++this.counted;
      this.executions.set(job.key, [...this.executionsOf(job.key), execution]);
      const effect = this.onEffect(job, ctx);
      const end = (): Receipt => {
        if (job.ending === Ending.refused) throw new Refused({ key: job.key, execution });
        if (job.ending === Ending.surprise) throw new TypeError(`secret of ${job.key}`);
        return { key: job.key, execution, padding: Buffer.alloc(job.padding, execution) };
      };
      if (effect instanceof Promise) return effect.then(end);
      return job.work > 0 ? sleep(job.work).then(end) : end();
    };
    return {
      once: execute,
      atLeastOnce: execute,
      perhaps: execute,
      async note(job, ctx) {
        await execute(job, ctx);
      },
    };
  }

  executionsOf(key: string): readonly number[] {
    return this.executions.get(key) ?? [];
  }

  /** Notes a call, and what comes of it. */
  async watch(key: string, semantics: Semantics, answer: Promise<unknown>): Promise<Told> {
    const call: NotedCall = { semantics, told: undefined };
    this.calls.set(key, call);
    call.told = await answer.then(
      receipt => (receipt ? { kind: 'receipt', receipt: receipt as Receipt } : { kind: 'nothing' }),
      error => {
        if (error instanceof Refused) return { kind: 'refused', refused: error };
        if (error instanceof CallError) return { kind: 'failed', error };
        throw error;
      },
    );
    return call.told;
  }

  /** @throws Error naming the first call whose promise was not kept */
  verify(): void {
    for (const [key, call] of this.calls) {
      const complaint = complaintAbout(key, call, this.executionsOf(key));
      if (complaint !== undefined) {
        throw new Error(
          `${call.semantics} call ${key}: ${complaint}; executions ${this.executionsOf(key)}; ${tell(call.told)}`,
        );
      }
    }
    for (const key of this.executions.keys()) {
      if (!this.calls.has(key)) throw new Error(`an execution of '${key}', which nobody called`);
    }
  }
}

/** How many copies of a datagram a simulated network delivers at the most. */
const maxCopies = 2;

function complaintAbout(
  key: string,
  { semantics, told }: NotedCall,
  executions: readonly number[],
): string | undefined {
  const count = executions.length;
  if (told === undefined) return 'it never ended';
  if (semantics === 'at-most-once' && count > 1) return `it was executed ${count} times`;
  if (semantics === 'maybe' && count > maxCopies) return `it was executed ${count} times, and sent once`;
  switch (told.kind) {
    case 'receipt':
    case 'refused': {
      const { key: toldKey, execution } = told.kind === 'receipt' ? told.receipt : told.refused.data;
      if (toldKey !== key) return `the answer was that of ${toldKey}`;
      if (!executions.includes(execution)) return `the answer was of execution ${execution}`;
      if (told.kind === 'receipt' && told.receipt.padding.some(byte => byte !== (execution & 0xff))) {
        return 'the answer was altered';
      }
      return undefined;
    }
    case 'failed':
      if (told.error.outcome === 'not-executed' && count > 0)
        return 'the caller was told that it was not executed';
      if (told.error.outcome === 'executed' && count === 0) return 'the caller was told that it was executed';
      return undefined;
    case 'nothing':
      return semantics === 'maybe' ? undefined : 'it got no answer and no error';
  }
}

function tell(told: Told | undefined): string {
  if (told?.kind !== 'failed') return `told: ${told?.kind}`;
  const { code, outcome, attempts, message } = told.error;
  return `told: ${code}, ${outcome}, ${attempts} attempts, ${message}`;
}
