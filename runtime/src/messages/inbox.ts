/** Where messages wait for the endpoint's one receiver: in a queue, unless it waits for them. */
import type { Clock, Timer } from '../platform/platform.js';
import type { Bounds } from './bounds.js';
import { closedError } from './errors.js';

/** A message as it was received. */
export interface Message {
  /** The receiver's own. */
  readonly data: Uint8Array;
  /** Where the sender receives. */
  readonly from: string;
}

/** Told of each message; the bytes are its own. */
export type MessageListener = (message: Message) => void;

/** A message on its way to the receiver. */
export interface Arrival {
  readonly message: Message;
  /** Told when the receiver takes it. */
  readonly onTaken: (() => void) | undefined;
}

/** A `receive` that waits. */
interface Receiver {
  readonly resolve: (message: Message | undefined) => void;
  readonly reject: (error: Error) => void;
  timer: Timer | undefined;
}

export class Inbox {
  taken = 0;
  queuedBytes = 0;
  private readonly clock: Clock;
  private readonly bounds: Bounds;
  private readonly onRoom: () => void;
  private queue: Arrival[] = [];
  private head = 0;
  private readonly receivers = new Set<Receiver>();
  private readonly listeners = new Set<MessageListener>();
  private closed = false;

  /** @param onRoom told when messages were taken and less than half of the queue waits */
  constructor(clock: Clock, bounds: Bounds, onRoom: () => void) {
    this.clock = clock;
    this.bounds = bounds;
    this.onRoom = onRoom;
  }

  get queued(): number {
    return this.queue.length - this.head;
  }

  get isFull(): boolean {
    return this.isBeyond(1);
  }

  /** Hands a message to who waits for it, else queues it, whatever the bounds: who can refuse it asks them first. */
  put(arrival: Arrival): void {
    if (this.closed) return;
    const [receiver] = this.receivers;
    if (receiver !== undefined) {
      this.take(arrival);
      this.settle(receiver, arrival.message);
    } else if (this.listeners.size > 0) {
      this.tell(arrival);
    } else {
      this.queue.push(arrival);
      this.queuedBytes += arrival.message.data.length;
    }
  }

  /** The oldest message that waits. */
  poll(): Message | undefined {
    const arrival = this.dequeue();
    if (arrival !== undefined) this.take(arrival);
    return arrival?.message;
  }

  /** @param timeout for how many milliseconds it waits; then it resolves to undefined */
  receive(timeout: number | undefined): Promise<Message | undefined> {
    if (this.closed) return Promise.reject(closedError('no'));
    const message = this.poll();
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve, reject) => {
      const receiver: Receiver = { resolve, reject, timer: undefined };
      if (timeout !== undefined) {
        receiver.timer = this.clock.setTimer(timeout, () => this.settle(receiver, undefined));
      }
      this.receivers.add(receiver);
    });
  }

  listen(listener: MessageListener): void {
    this.listeners.add(listener);
    this.clock.defer(() => this.drain());
  }

  unlisten(listener: MessageListener): void {
    this.listeners.delete(listener);
  }

  close(): void {
    this.closed = true;
    this.queue = [];
    this.head = 0;
    this.queuedBytes = 0;
    this.listeners.clear();
    for (const receiver of this.receivers) {
      receiver.timer?.cancel();
      receiver.reject(closedError('no'));
    }
    this.receivers.clear();
  }

  private drain(): void {
    while (this.listeners.size > 0) {
      const arrival = this.dequeue();
      if (arrival === undefined) return;
      this.tell(arrival);
    }
  }

  private tell(arrival: Arrival): void {
    this.take(arrival);
    for (const listener of this.listeners) {
      try {
        listener(arrival.message);
      } catch (error) {
        // As any event's: nobody else can handle it, and the messages behind this one have nothing to do with it.
        this.clock.defer(() => {
          throw error;
        });
      }
    }
  }

  private take(arrival: Arrival): void {
    this.taken++;
    arrival.onTaken?.();
  }

  private settle(receiver: Receiver, message: Message | undefined): void {
    receiver.timer?.cancel();
    this.receivers.delete(receiver);
    receiver.resolve(message);
  }

  private dequeue(): Arrival | undefined {
    const arrival = this.queue[this.head];
    if (arrival === undefined) return undefined;
    this.head++;
    this.queuedBytes -= arrival.message.data.length;
    // Seldom enough that moving the rest costs nothing for each message, often enough that it holds on to few.
    if (this.head > 64 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    if (!this.isBeyond(1 / 2)) this.onRoom();
    return arrival;
  }

  private isBeyond(part: number): boolean {
    const { queuedMessages, queuedBytes } = this.bounds;
    return this.queued >= queuedMessages * part || this.queuedBytes >= queuedBytes * part;
  }
}
