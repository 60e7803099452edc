/** What stands on the stack: hands what the parts send down in batches, and what comes up to the part whose kind it is. */
import type { Platform } from '../platform/platform.js';
import type { DropReason, GroupEvent } from './layer.js';
import { everyone, type Member, type MemberId } from './member.js';
import { type Batch, type Kind, Message, multicast, Order, unicast } from './message.js';
import type { GroupPort, SendOptions, StatePart } from './port.js';
import type { Stack } from './stack.js';
import type { View } from './view.js';

/** Sent messages that are handed down at once, although the turn has not ended. */
const batchLength = 256;

export class Top implements GroupPort {
  /** In the order in which parts were added. */
  readonly state: StatePart[] = [];
  open = true;
  private stack: Stack | undefined;
  private readonly platform: Platform;
  /** By kind. */
  private readonly listeners: (((message: Message) => void) | undefined)[] = [];
  private readonly subscribers = new Set<(event: GroupEvent) => void>();
  private outgoing: Message[] = [];
  private current: View | undefined;
  private id: MemberId = 0;

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Set once, when the stack was composed. */
  standOn(stack: Stack): void {
    this.stack = stack;
    this.id = stack.self.id;
  }

  get self(): Member {
    return this.stack!.self;
  }

  /** The view as the application knows it: what it is told next belongs to it. */
  get view(): View | undefined {
    return this.current;
  }

  get primary(): boolean {
    return this.stack!.services.membership.primary;
  }

  get clock() {
    return this.platform.clock;
  }

  get random() {
    return this.platform.random;
  }

  get writable(): boolean {
    return this.open && this.stack!.services.flow.writable;
  }

  multicast(
    kind: Kind,
    body: Uint8Array,
    { order = Order.fifo, safe = false, nested = false }: SendOptions = {},
  ): void {
    const message = multicast(kind, this.id, body, order);
    message.safe = safe;
    message.nested = nested;
    this.send(message);
  }

  multicastOnce(kind: Kind, body: Uint8Array): void {
    this.send(new Message(kind, this.self.id, everyone, body));
  }

  unicast(kind: Kind, target: MemberId, body: Uint8Array): void {
    this.send(unicast(kind, this.self.id, target, body));
  }

  unicastOnce(kind: Kind, target: MemberId, body: Uint8Array): void {
    this.send(new Message(kind, this.self.id, target, body));
  }

  receive(kind: Kind, listener: (message: Message) => void): void {
    if (this.listeners[kind] !== undefined)
      throw new Error(`two parts want to receive messages of kind ${kind}`);
    this.listeners[kind] = listener;
  }

  consumed(message: Message): void {
    if (message.view !== undefined) this.stack!.services.multicast.consumed(message);
  }

  count(what: DropReason): void {
    this.stack!.count(what);
  }

  subscribe(listener: (event: GroupEvent) => void): () => void {
    this.subscribers.add(listener);
    return () => this.subscribers.delete(listener);
  }

  addState(part: StatePart): void {
    if (this.state.some(({ name }) => name === part.name)) {
      throw new TypeError(`two parts of the state are named '${part.name}': give them different names`);
    }
    this.state.push(part);
  }

  /** What leaves the highest layer. */
  up(batch: Batch): void {
    for (const message of batch) {
      const listener = this.listeners[message.kind];
      try {
        if (listener !== undefined) listener(message);
        else this.consumed(message);
      } catch (error) {
        this.surface(error);
      }
    }
  }

  /** After all layers were told. */
  on(event: GroupEvent): void {
    if (event.type === 'view') this.current = event.view;
    else if (event.type === 'end') this.open = false;
    for (const subscriber of this.subscribers) {
      try {
        subscriber(event);
      } catch (error) {
        this.surface(error);
      }
    }
  }

  private send(message: Message): void {
    if (!this.open) throw new Error('this member has left the group: join again to send');
    const waiting = this.outgoing.push(message);
    if (waiting >= batchLength) this.flush();
    else if (waiting === 1) this.platform.clock.defer(() => this.flush());
  }

  private flush(): void {
    if (this.outgoing.length === 0) return;
    const batch = this.outgoing;
    this.outgoing = [];
    this.stack!.down(batch);
  }

  /** What a listener throws is its program's error, not the stack's: it surfaces as an uncaught exception. */
  surface(error: unknown): void {
    this.platform.clock.defer(() => {
      throw error;
    });
  }
}
