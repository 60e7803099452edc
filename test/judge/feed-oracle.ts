/**
 * The judge of streams: it notes every execution, and what each end of a stream saw. Items arrive in order, each once,
 * and unaltered; who was told that all went well got all of them.
 */
import { type CallContext, CallError, type CallOptions } from '@convoke/runtime';
import {
  Ending,
  type FeedClient,
  type FeedService,
  type Item,
  Refused,
  type StreamJob,
  type StreamReceipt,
} from '../../generated/testing/ledger/index.js';

/** How a call with streams ended, as its caller saw it. */
export type StreamEnd =
  | { readonly kind: 'done'; readonly receipt?: StreamReceipt }
  | { readonly kind: 'refused' }
  | { readonly kind: 'left' }
  | { readonly kind: 'failed'; readonly error: CallError };

interface NotedStream {
  readonly job: StreamJob;
  /** How many items the caller got, and how many it sent. */
  received: number;
  sent: number;
  end: StreamEnd | undefined;
}

interface Execution {
  produced: number;
  received: number;
  /** How the procedure ended; it may have been abandoned, and then it may run on. */
  ended: boolean;
}

export interface StreamPlan extends Partial<StreamJob> {
  /** How many items the caller sends. */
  readonly sends?: number;
  /** After how many items the caller leaves. */
  readonly leavesAfter?: number;
  /** Milliseconds that the caller takes for each item. */
  readonly takes?: number;
}

export class FeedOracle {
  readonly executions = new Map<string, Execution[]>();
  readonly streams = new Map<string, NotedStream>();
  private made = 0;
  private complaint: string | undefined;

  /** The service whose executions are noted; `sleep` is of the host that serves it. */
  service(sleep: (milliseconds: number) => Promise<void>): FeedService {
    const begin = ({ key }: StreamJob): Execution => {
      const execution = { produced: 0, received: 0, ended: false };
      this.executions.set(key, [...(this.executions.get(key) ?? []), execution]);
      return execution;
    };
    const take = (execution: Execution, item: Item, key: string): void => {
      this.check(item, execution.received, `the procedure of ${key}`);
      execution.received++;
    };
    const end = ({ key, ending }: StreamJob, execution: Execution): void => {
      execution.ended = true;
      if (ending === Ending.refused) throw new Refused({ key, execution: 1 });
      if (ending === Ending.surprise) throw new TypeError(`secret of ${key}`);
    };
    async function* produce(job: StreamJob, execution: Execution, ctx: CallContext): AsyncGenerator<Item> {
      while (execution.produced < job.count && !ctx.signal.aborted) {
        if (job.interval > 0) await sleep(job.interval);
        yield itemOf(execution.produced++, job.padding);
      }
    }
    return {
      async *watch(job, ctx) {
        const execution = begin(job);
        yield* produce(job, execution, ctx);
        end(job, execution);
      },
      async load(job, items) {
        const execution = begin(job);
        let bytes = 0;
        for await (const item of items) {
          take(execution, item, job.key);
          bytes += item.padding.length;
          if (job.interval > 0) await sleep(job.interval);
        }
        end(job, execution);
        return { key: job.key, execution: 1, count: execution.received, bytes: BigInt(bytes) };
      },
      async *talk(job, items) {
        const execution = begin(job);
        for await (const item of items) {
          take(execution, item, job.key);
          if (job.interval > 0) await sleep(job.interval);
          yield itemOf(execution.produced++, job.padding);
        }
        end(job, execution);
      },
    };
  }

  /** Calls a procedure with streams as planned, and notes what the caller sees. `sleep` is of the caller's host. */
  async call(
    client: FeedClient,
    name: keyof FeedService,
    plan: StreamPlan,
    sleep: (milliseconds: number) => Promise<void>,
    options: CallOptions = {},
  ): Promise<StreamEnd> {
    const { sends = 0, leavesAfter, takes = 0, ...given } = plan;
    const job: StreamJob = {
      count: 0,
      padding: 0,
      ending: Ending.receipt,
      interval: 0,
      key: `${name}-${++this.made}`,
      ...given,
    };
    const noted: NotedStream = { job, received: 0, sent: 0, end: undefined };
    this.streams.set(job.key, noted);
    async function* source(): AsyncGenerator<Item> {
      while (noted.sent < sends) yield itemOf(noted.sent++, job.padding);
    }
    const run = async (): Promise<StreamEnd> => {
      if (name === 'load') return { kind: 'done', receipt: await client.load(job, source(), options) };
      const items = name === 'watch' ? client.watch(job, options) : client.talk(job, source(), options);
      for await (const item of items) {
        this.check(item, noted.received, `the caller of ${job.key}`);
        noted.received++;
        if (takes > 0) await sleep(takes);
        if (noted.received === leavesAfter) return { kind: 'left' };
      }
      return { kind: 'done' };
    };
    noted.end = await run().catch((error: unknown): StreamEnd => {
      if (error instanceof Refused) return { kind: 'refused' };
      if (error instanceof CallError) return { kind: 'failed', error };
      throw error;
    });
    return noted.end;
  }

  /** @throws Error naming the first stream whose promise was not kept */
  verify(): void {
    if (this.complaint !== undefined) throw new Error(this.complaint);
    for (const [key, noted] of this.streams) {
      const executions = this.executions.get(key) ?? [];
      const complaint = complaintAbout(noted, executions);
      if (complaint !== undefined)
        throw new Error(
          `stream ${key}: ${complaint}; told ${tell(noted.end)}; received ${noted.received}, sent ${noted.sent}; executions ${JSON.stringify(executions)}`,
        );
    }
  }

  private check({ sequence, padding }: Item, expected: number, who: string): void {
    if (sequence !== expected) this.complaint ??= `${who} got item ${sequence} instead of ${expected}`;
    else if (padding.some(byte => byte !== (sequence & 0xff)))
      this.complaint ??= `${who} got item ${sequence} altered`;
  }
}

function itemOf(sequence: number, padding: number): Item {
  return { sequence, padding: new Uint8Array(padding).fill(sequence) };
}

function complaintAbout(noted: NotedStream, executions: readonly Execution[]): string | undefined {
  const { end, job, received, sent } = noted;
  if (end === undefined) return 'it never ended';
  if (executions.length > 1) return `it was executed ${executions.length} times`;
  const [execution] = executions;
  if (received > (execution?.produced ?? 0)) return 'the caller got more than was produced';
  if ((execution?.received ?? 0) > sent) return 'the procedure got more than was sent';
  switch (end.kind) {
    case 'done':
    case 'refused':
      if (execution?.ended !== true) return 'the caller was told of an end that there was not';
      if (end.kind === 'refused' && job.ending !== Ending.refused) return 'it was not refused';
      if (end.kind === 'done' && job.ending !== Ending.receipt) return 'it did not end well';
      if (received !== execution.produced) return 'items are missing';
      if (execution.received !== sent) return 'the procedure missed items';
      if (end.kind === 'done' && end.receipt !== undefined && end.receipt.count !== sent)
        return 'the receipt counts other items';
      return undefined;
    case 'failed':
      if (end.error.outcome === 'not-executed' && execution !== undefined)
        return 'the caller was told that it was not executed';
      if (end.error.outcome === 'executed' && execution === undefined)
        return 'the caller was told that it was executed';
      return undefined;
    case 'left':
      return undefined;
  }
}

function tell(end: StreamEnd | undefined): string {
  if (end?.kind !== 'failed') return String(end?.kind);
  const { code, outcome, attempts, message } = end.error;
  return `${code}, ${outcome}, ${attempts} attempts, ${message}`;
}
