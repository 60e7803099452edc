/** Delivers multicasts in the order that each was sent with: fifo, causal or total. */
import { MalformedBytes } from '../bytes.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, Kind, type Message, multicast, Order } from '../message.js';
import type { Cut, OrderService } from '../services.js';
import { majorityOf, type View } from '../view.js';
import { Delivery } from './delivery.js';
import { orderRunBytes, readOrder, writeOrder } from './order-frames.js';
import { Sequencer } from './sequencer.js';

/** The layer of orders: unordered and fifo, causal by vectors, total by a sequencer. */
export function ordering(): LayerSpec {
  return {
    name: 'order',
    requires: ['transport', 'multicast', 'membership'],
    provides: ['order'],
    create: context => {
      const layer = new Ordering(context);
      context.provide('order', layer);
      return layer;
    },
  };
}

class Ordering implements Layer, OrderService {
  private readonly context: LayerContext;
  private view: View | undefined;
  private ranks = new Map<MemberId, number>();
  private delivery = new Delivery(0, () => false);
  /** Of the member that orders, which is the view's first. */
  private sequencer: Sequencer | undefined;
  private isBlocked = false;
  private ordersAreDue = false;
  /** The sender that was looked up last. */
  private lastSender: MemberId | undefined;
  private lastRank: number | undefined;
  /** What causal messages are sent with, until something is delivered. */
  private vector: readonly number[] | undefined;

  constructor(context: LayerContext) {
    this.context = context;
  }

  delivered(): Cut {
    return this.delivery.delivered;
  }

  down(batch: Batch): void {
    for (const message of batch) {
      if (message.order !== Order.causal || !message.reliable || message.target !== everyone) continue;
      this.vector ??= [...this.delivery.delivered];
      message.vector = this.vector;
    }
    this.context.down(batch);
  }

  up(batch: Batch): void {
    // As a rule all of it can be delivered at once.
    let index = 0;
    while (index < batch.length && this.isReady(batch[index]!)) index++;
    if (index === batch.length) {
      this.advance(batch);
      return;
    }
    const ready = batch.slice(0, index);
    while (++index < batch.length) {
      const message = batch[index]!;
      if (this.isReady(message)) ready.push(message);
    }
    this.advance(ready);
  }

  on(event: GroupEvent): void {
    if (event.type === 'view') this.open(event.view);
    else if (event.type === 'block') this.isBlocked = true;
    else if (event.type === 'held') this.advance([]);
  }

  finish(): void {
    const ready: Message[] = [];
    const lost = this.delivery.finish(ready);
    for (let each = 0; each < lost; each++) this.context.count('predecessor-lost');
    this.vector = undefined;
    if (ready.length > 0) this.context.up(ready);
  }

  /** Takes a message. True: it can be delivered at once. */
  private isReady(message: Message): boolean {
    if (message.view === undefined) return true;
    if (message.sender !== this.lastSender) {
      this.lastSender = message.sender;
      this.lastRank = this.ranks.get(message.sender);
    }
    const rank = this.lastRank;
    if (rank === undefined) {
      this.context.count('not-a-member');
      return false;
    }
    if (message.kind === Kind.order) this.takeOrder(message, rank);
    if (this.sequencer !== undefined) {
      this.sequencer.add(rank, message);
      this.sendOrders();
    }
    this.vector = undefined;
    return this.delivery.add(rank, message) && message.kind !== Kind.order;
  }

  /** Only the first member's orders count. */
  private takeOrder(message: Message, rank: number): void {
    this.context.services.multicast.consumed(message);
    if (rank !== 0) {
      this.context.count('forged');
      return;
    }
    try {
      const runs = readOrder(message.body);
      this.delivery.order(runs, message.seq);
      // It has ordered only what it holds.
      const { multicast } = this.context.services;
      for (const { sender, first, count } of runs) {
        if (sender < this.ranks.size) multicast.acknowledge(0, sender, first + count - 1);
      }
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.context.count('malformed');
    }
  }

  /** Delivers these, and what can be delivered after them. */
  private advance(first: Batch): void {
    let ready = first;
    if (this.delivery.size > 0) {
      const all = [...first];
      this.delivery.advance(all);
      ready = all;
    }
    this.context.services.multicast.watched = this.delivery.waitsForMajority;
    if (ready.length === 0) return;
    this.vector = undefined;
    this.context.up(ready);
  }

  /** Once for all messages that came in this turn. */
  private sendOrders(): void {
    if (this.ordersAreDue) return;
    this.ordersAreDue = true;
    this.context.defer(() => {
      this.ordersAreDue = false;
      const taken = this.isBlocked ? undefined : this.sequencer?.take();
      if (taken === undefined) return;
      const most = Math.max(1, Math.floor((this.context.services.transport.maxBody - 2) / orderRunBytes));
      const orders: Message[] = [];
      for (let from = 0; from < taken.runs.length; from += most) {
        const body = writeOrder(taken.runs.slice(from, from + most));
        const order = multicast(Kind.order, this.context.self.id, body, Order.fifo);
        order.safe = taken.safe;
        orders.push(order);
      }
      this.context.down(orders);
    });
  }

  private open(view: View): void {
    this.view = view;
    this.ranks = new Map(view.members.map(({ id }, rank) => [id, rank]));
    this.delivery = new Delivery(view.members.length, (sender, seq) => this.isHeld(sender, seq));
    this.sequencer =
      view.members[0]?.id === this.context.self.id ? new Sequencer(view.members.length) : undefined;
    this.isBlocked = false;
    this.lastSender = undefined;
    this.vector = undefined;
  }

  private isHeld(sender: number, seq: number): boolean {
    const { view } = this;
    const { multicast } = this.context.services;
    let holders = 0;
    for (let rank = 0; rank < view!.members.length; rank++) {
      if (multicast.acknowledged(rank)[sender]! >= seq) holders++;
    }
    return holders >= majorityOf(view!);
  }
}
