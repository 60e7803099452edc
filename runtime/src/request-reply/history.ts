/**
 * The reply history of one client: what came of its at-most-once calls. An entry is made when a call is accepted and
 * goes when the client says that the call is finished; until then it answers every further copy of the request. Of the
 * finished calls only the numbers are kept, so that late copies are known for what they are.
 */
import { CallTable } from './call-table.js';
import { NumberSet } from './number-set.js';
import { abandon, type KeptReply, type ReceivedCall } from './received-call.js';

/** Beyond so many stretches of finished numbers a client's acknowledgements change nothing more. */
const maxIntervals = 4096;

/** What an entry takes beside its reply, in bytes. */
export const entryBytes = 128;

/** What the histories of a server hold together. */
export interface HistoryUsage {
  historyEntries: number;
  historyBytes: number;
}

export class ReplyHistory {
  /** Bytes of all entries and their replies. */
  bytes = 0;
  private readonly entries = new CallTable<ReceivedCall>();
  private readonly finished: NumberSet;
  private readonly usage: HistoryUsage;

  /** @param firstNumber every number below it is finished */
  constructor(firstNumber: number, usage: HistoryUsage) {
    this.finished = new NumberSet(firstNumber);
    this.usage = usage;
  }

  get size(): number {
    return this.entries.size;
  }

  find(number: number): ReceivedCall | undefined {
    return this.entries.get(number);
  }

  /** Whether the client has said that it waits for this call no longer. */
  isFinished(number: number): boolean {
    return this.finished.has(number);
  }

  /** Calls that run, and calls whose answers are not acknowledged. */
  calls(): readonly ReceivedCall[] {
    const calls: ReceivedCall[] = [];
    this.entries.each(call => void calls.push(call));
    return calls;
  }

  /** Calls that have no answer yet. */
  unanswered(): readonly ReceivedCall[] {
    return this.calls().filter(({ state }) => state === 'waiting');
  }

  /** Makes an entry. */
  record(call: ReceivedCall): void {
    this.entries.add(call);
    this.usage.historyEntries++;
    this.count(entryBytes);
  }

  /** Keeps the reply of a recorded call. */
  keep(call: ReceivedCall, reply: KeptReply): void {
    call.reply = reply;
    this.count(reply.end - reply.start);
  }

  /** The calls with numbers in `[from, to)` are finished: their replies go, and what still runs is told. */
  finish(from: number, to: number): void {
    const start = Math.max(from, this.finished.floor);
    if (to <= start) return;
    if (this.finished.intervals >= maxIntervals && start > this.finished.floor) return;
    this.finished.add(start, to);
    // A hostile client may declare any stretch finished: look at the numbers or at the entries, whichever are fewer.
    if (to - start <= this.entries.size) {
      for (let number = start; number < to; number++) this.forget(this.entries.get(number));
    } else {
      this.entries.each(call => {
        if (call.number >= start && call.number < to) this.forget(call);
      });
    }
  }

  /** Forgets everything. */
  end(): void {
    this.entries.each(call => this.forget(call));
  }

  private forget(call: ReceivedCall | undefined): void {
    if (call === undefined) return;
    this.entries.delete(call.number);
    this.usage.historyEntries--;
    this.count(-entryBytes - (call.reply === undefined ? 0 : call.reply.end - call.reply.start));
    call.reply = undefined;
    abandon(call);
    call.streams?.end();
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    this.usage.historyBytes += bytes;
  }
}
