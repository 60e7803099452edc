/**
 * Decides when the messages of one view are delivered. Each member's messages are delivered in its own order; a causal one
 * after all that its sender had delivered before it (Birman, Schiper & Stephenson 1991); a total one when its place in the
 * sequencer's order has come; a safe one when also a majority holds it (uniform agreement).
 */
import { Kind, type Message, Order } from '../message.js';
import { MessageQueue } from '../message-queue.js';
import type { OrderRun } from './order-frames.js';

/** Places in the total order that follow each other, for messages of one sender that do so too. */
interface Places {
  readonly sender: number;
  /** The message whose place is the next. */
  seq: number;
  /** The last one. */
  readonly last: number;
  /** The number of the sequencer's message that gave them. */
  readonly orderedBy: number;
}

/** Whether a majority of the view is known to hold a sender's messages up to this one. */
export type Held = (sender: number, seq: number) => boolean;

export class Delivery {
  /** By rank: all up to this number were delivered. */
  readonly delivered: number[];
  /** Whether a message waits for a majority to hold it. */
  waitsForMajority = false;
  private readonly queues: MessageQueue<Message>[];
  private readonly places = new MessageQueue<Places>();
  private waiting = 0;

  private readonly isHeld: Held;

  constructor(members: number, isHeld: Held) {
    this.isHeld = isHeld;
    this.delivered = new Array<number>(members).fill(0);
    this.queues = Array.from({ length: members }, () => new MessageQueue<Message>());
  }

  /** How many messages were received and not delivered. */
  get size(): number {
    return this.waiting;
  }

  /** Takes a message in its sender's order. True: it can be delivered at once, and is not kept. */
  add(sender: number, message: Message): boolean {
    const queue = this.queues[sender]!;
    if (queue.length === 0 && !message.safe && message.order <= Order.fifo) {
      this.delivered[sender] = message.seq;
      return true;
    }
    queue.push(message);
    this.waiting++;
    return false;
  }

  /** Notes what the sequencer has ordered. */
  order(runs: readonly OrderRun[], orderedBy: number): void {
    for (const { sender, first, count } of runs) {
      this.places.push({ sender, seq: first, last: first + count - 1, orderedBy });
    }
  }

  /** Adds to `ready` what can be delivered now. */
  advance(ready: Message[]): void {
    if (this.waiting === 0) return;
    this.waitsForMajority = false;
    while (this.advanceSenders(ready) || this.advancePlaces(ready)) {
      // Each delivery may have been what another message waited for.
    }
  }

  /**
   * Adds to `ready` what is left at the end of the view. All members have the same messages and the same part of the
   * sequencer's order, so all deliver the same: the ordered ones as far as they are here, then the rest by rank and number.
   *
   * @returns how many can be delivered nowhere, since what they depend on did not survive its sender
   */
  finish(ready: Message[]): number {
    const everywhere: Held = () => true;
    const step = (): boolean =>
      this.advanceSenders(ready, everywhere) || this.advancePlaces(ready, everywhere);
    while (this.waiting > 0) {
      if (step()) continue;
      if (this.skipPlace()) continue;
      const next = this.queues.findIndex(queue => queue.first()?.order === Order.total);
      if (next < 0) break;
      this.deliver(next, ready);
    }
    return this.waiting;
  }

  private advanceSenders(ready: Message[], isHeld = this.isHeld): boolean {
    let progress = false;
    this.queues.forEach((queue, sender) => {
      for (
        let head = queue.first();
        head !== undefined && this.isNext(sender, head, isHeld);
        head = queue.first()
      ) {
        this.deliver(sender, ready);
        progress = true;
      }
    });
    return progress;
  }

  private advancePlaces(ready: Message[], isHeld = this.isHeld): boolean {
    let progress = false;
    for (let place = this.places.first(); place !== undefined; place = this.places.first()) {
      const { sender, seq, orderedBy } = place;
      const head = this.queues[sender]?.first();
      if (head?.seq !== seq) break;
      if (head.safe && !(isHeld(sender, seq) && isHeld(0, orderedBy))) {
        this.waitsForMajority = true;
        break;
      }
      this.skipPlace();
      this.deliver(sender, ready);
      progress = true;
    }
    return progress;
  }

  /** The next place is used, or nobody takes it. False: there is none. */
  private skipPlace(): boolean {
    const place = this.places.first();
    if (place === undefined) return false;
    if (++place.seq > place.last) this.places.shift();
    return true;
  }

  /** Whether it may be delivered without a place in the total order. */
  private isNext(sender: number, { kind, order, seq, safe, vector }: Message, isHeld: Held): boolean {
    if (kind === Kind.order) return true;
    if (order === Order.total) return false;
    if (
      order === Order.causal &&
      vector?.some((seen, rank) => rank !== sender && seen > this.delivered[rank]!)
    ) {
      return false;
    }
    if (!safe || isHeld(sender, seq)) return true;
    this.waitsForMajority = true;
    return false;
  }

  private deliver(sender: number, ready: Message[]): void {
    const message = this.queues[sender]!.shift()!;
    this.waiting--;
    this.delivered[sender] = message.seq;
    if (message.kind !== Kind.order) ready.push(message);
  }
}
