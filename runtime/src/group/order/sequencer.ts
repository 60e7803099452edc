/**
 * The member that gives messages their places in the total order: the view's first. It orders a message once everything
 * that has to be delivered before it is delivered or ordered; then the total order contradicts neither the senders' own
 * orders nor causality, and no member waits for ever.
 */
import { Kind, type Message, Order } from '../message.js';
import { MessageQueue } from '../message-queue.js';
import type { OrderRun } from './order-frames.js';

const longestRun = 0xffff;

interface GrowingRun {
  readonly sender: number;
  readonly first: number;
  count: number;
}

export class Sequencer {
  /** By rank: all up to this number are ordered, or need no place. */
  private readonly sequenced: number[];
  private readonly waiting: MessageQueue<Message>[];
  /** How many messages wait in all. */
  private held = 0;
  private runs: GrowingRun[] = [];
  private hasSafe = false;

  constructor(members: number) {
    this.sequenced = new Array<number>(members).fill(0);
    this.waiting = Array.from({ length: members }, () => new MessageQueue<Message>());
  }

  /** Takes a message in its sender's order. */
  add(sender: number, message: Message): void {
    const waiting = this.waiting[sender]!;
    if (waiting.length > 0 || !this.place(sender, message)) {
      waiting.push(message);
      this.held++;
    } else if (this.held > 0) this.retry();
  }

  /** The places that were given since the last time; undefined: none. */
  take(): { runs: readonly OrderRun[]; safe: boolean } | undefined {
    if (this.runs.length === 0) return undefined;
    const taken = { runs: this.runs, safe: this.hasSafe };
    this.runs = [];
    this.hasSafe = false;
    return taken;
  }

  private retry(): void {
    for (let placed = true; placed; ) {
      placed = false;
      this.waiting.forEach((queue, sender) => {
        for (let next = queue.first(); next !== undefined && this.place(sender, next); next = queue.first()) {
          queue.shift();
          this.held--;
          placed = true;
        }
      });
    }
  }

  /** False: something that comes before it has no place yet. */
  private place(sender: number, { kind, order, seq, safe, vector }: Message): boolean {
    if (
      order === Order.causal &&
      vector?.some((seq, rank) => rank !== sender && seq > this.sequenced[rank]!)
    ) {
      return false;
    }
    this.sequenced[sender] = seq;
    if (order !== Order.total || kind === Kind.order) return true;
    this.hasSafe ||= safe;
    const last = this.runs.at(-1);
    if (last?.sender === sender && last.first + last.count === seq && last.count < longestRun) last.count++;
    else this.runs.push({ sender, first: seq, count: 1 });
    return true;
  }
}
