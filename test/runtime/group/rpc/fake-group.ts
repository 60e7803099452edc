/** A group without a stack: several ports joined in memory, with views that tests install and time that they let pass. */

import type { DropReason, GroupEvent } from '../../../../runtime/src/group/layer.js';
import { createMember, type Member, type MemberId } from '../../../../runtime/src/group/member.js';
import { type Kind, Message, multicast, Order, unicast } from '../../../../runtime/src/group/message.js';
import type { GroupPart, GroupPort, SendOptions, StatePart } from '../../../../runtime/src/group/port.js';
import type { View } from '../../../../runtime/src/group/view.js';
import type { Clock, Timer } from '../../../../runtime/src/platform/platform.js';

export class FakeClock implements Clock {
  private time = 1000;
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.time;
  }

  wallTime(): number {
    return this.time;
  }

  setTimer(delay: number, callback: () => void): Timer {
    const timer = { at: this.time + delay, callback };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer), unref() {} };
  }

  defer(callback: () => void): void {
    queueMicrotask(callback);
  }

  afterInput(callback: () => void): void {
    queueMicrotask(callback);
  }

  get timersSet(): number {
    return this.timers.size;
  }

  advance(time: number): void {
    const end = this.time + time;
    for (;;) {
      const due = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.callback();
    }
    this.time = end;
  }
}

export class FakePort implements GroupPort {
  readonly self: Member;
  readonly clock: FakeClock;
  readonly random = { bytes: (length: number): Uint8Array => new Uint8Array(length), next: () => 0 };
  view: View | undefined;
  primary = true;
  open = true;
  writable = true;
  readonly consumedMessages: Message[] = [];
  readonly drops: DropReason[] = [];
  readonly sent: { readonly kind: Kind; readonly options: SendOptions | undefined }[] = [];
  readonly states: StatePart[] = [];
  private readonly group: FakeGroup;
  private readonly listeners = new Map<Kind, (message: Message) => void>();
  private readonly subscribers = new Set<(event: GroupEvent) => void>();

  constructor(group: FakeGroup, id: MemberId) {
    this.group = group;
    this.clock = group.clock;
    this.self = createMember(id, { host: '10.0.0.1', port: 7000 + id });
  }

  multicast(kind: Kind, body: Uint8Array, options?: SendOptions): void {
    if (!this.open) throw new Error('the member has left');
    this.sent.push({ kind, options });
    const message = multicast(kind, this.self.id, body, options?.order ?? Order.fifo);
    message.safe = options?.safe ?? false;
    message.nested = options?.nested ?? false;
    this.group.queue.push({ message, from: this, to: 'view' });
  }

  multicastOnce(kind: Kind, body: Uint8Array): void {
    if (body.length > this.group.packet) throw new RangeError(`${body.length} bytes do not fit in a packet`);
    this.group.queue.push({ message: new Message(kind, this.self.id, 0, body), from: this, to: 'others' });
  }

  unicast(kind: Kind, target: MemberId, body: Uint8Array): void {
    this.group.queue.push({ message: unicast(kind, this.self.id, target, body), from: this, to: target });
  }

  unicastOnce(kind: Kind, target: MemberId, body: Uint8Array): void {
    this.group.queue.push({ message: new Message(kind, this.self.id, target, body), from: this, to: target });
  }

  receive(kind: Kind, listener: (message: Message) => void): void {
    if (this.listeners.has(kind)) throw new Error(`kind ${kind} has a listener`);
    this.listeners.set(kind, listener);
  }

  consumed(message: Message): void {
    this.consumedMessages.push(message);
  }

  count(what: DropReason): void {
    this.drops.push(what);
  }

  subscribe(listener: (event: GroupEvent) => void): () => void {
    this.subscribers.add(listener);
    return () => this.subscribers.delete(listener);
  }

  addState(part: StatePart): void {
    this.states.push(part);
  }

  raise(event: GroupEvent): void {
    if (event.type === 'view') this.view = event.view;
    if (event.type === 'end') this.open = false;
    for (const subscriber of this.subscribers) subscriber(event);
  }

  deliver(message: Message): void {
    if (this.open) this.listeners.get(message.kind)?.(message);
  }
}

interface Queued {
  readonly message: Message;
  readonly from: FakePort;
  readonly to: MemberId | 'view' | 'others';
}

export class FakeGroup {
  readonly clock = new FakeClock();
  readonly ports: FakePort[] = [];
  /** What is sent and not delivered, in one order for all. */
  queue: Queued[] = [];
  /** How long a packet may be. */
  packet = 1200;
  /** Which messages are not delivered, and to whom. */
  loses: (message: Message, to: FakePort) => boolean = () => false;
  private counter = 0;

  /** A port with these parts, not in a view yet. */
  port(...parts: GroupPart[]): FakePort {
    const port = new FakePort(this, this.ports.length + 1);
    this.ports.push(port);
    for (const part of parts) part.attach(port);
    return port;
  }

  /** The next view, at these members. */
  install(ports: readonly FakePort[], joined: readonly MemberId[] = []): void {
    const members = ports.map(({ self }) => self);
    const view = { id: { counter: ++this.counter, creator: members[0]!.id }, members };
    for (const port of ports) port.raise({ type: 'view', view, joined, sides: [] });
  }

  /** Delivers what is on its way, and what that causes, until nothing is. */
  async deliver(): Promise<void> {
    for (;;) {
      const queued = this.queue.shift();
      if (queued !== undefined) this.deliverOne(queued);
      else {
        await settled();
        if (this.queue.length === 0) return;
      }
    }
  }

  /** Delivers what is on its way, and nothing that this causes. */
  send(): void {
    const { queue } = this;
    this.queue = [];
    for (const queued of queue) this.deliverOne(queued);
  }

  private deliverOne({ message, from, to }: Queued): void {
    const view = from.view?.members ?? [];
    for (const port of this.ports) {
      const inView = view.some(({ id }) => id === port.self.id);
      const wanted = to === 'view' ? inView : to === 'others' ? inView && port !== from : port.self.id === to;
      if (wanted && !this.loses(message, port)) port.deliver(message);
    }
  }
}

/** All promises that can settle without time passing have. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
