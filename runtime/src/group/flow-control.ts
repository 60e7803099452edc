/**
 * Flow control of reliable multicast: what is sent while the next view is being agreed on, or while all members have not
 * taken enough of what was sent before, waits here. Nothing is dropped, and who sends too fast can see it.
 *
 * A message that waits belongs to no view yet. A long one is handed down in pieces, as there are credits for them; when the
 * view ends in its midst it is sent anew in the next, for its pieces were delivered nowhere.
 */
import { checkLength, fragmentOf } from './fragmentation.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec } from './layer.js';
import { everyone } from './member.js';
import type { Batch, Message } from './message.js';
import { MessageQueue } from './message-queue.js';
import type { FlowService, Services } from './services.js';

/** How much a member may have sent that not all have taken. */
export interface FlowOptions {
  /**
   * Bytes that this member may have sent to all and that not all have taken. They should fit into the receive buffer of a
   * socket. Default: 512 KiB.
   */
  readonly windowBytes?: number;
  /** The same in messages, fragments counted. Default: 8192. */
  readonly windowMessages?: number;
}

/** Sent messages that are given back as credits together. */
interface Sent {
  /** The number of the last of them. */
  seq: number;
  bytes: number;
  messages: number;
}

/** Counted for each message beside its body. */
const messageOverhead = 32;
/** Messages are handed down, and credits given back, in parts of the window. */
const parts = 8;

/** @throws RangeError when an option is not positive */
export function flowControl(options: FlowOptions = {}): LayerSpec {
  const { windowBytes = 512 * 1024, windowMessages = 8192 } = options;
  for (const [name, value] of Object.entries({ windowBytes, windowMessages })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} of flow control is ${value}; it must be a whole number from 1 on`);
    }
  }
  return {
    name: 'flow-control',
    requires: ['transport', 'multicast', 'membership'],
    provides: ['flow'],
    create: context => {
      const layer = new FlowControl(context, windowBytes, windowMessages);
      context.provide('flow', layer);
      return layer;
    },
  };
}

class FlowControl implements Layer, FlowService {
  private readonly context: LayerContext;
  private readonly windowBytes: number;
  private readonly windowMessages: number;
  private readonly partBytes: number;
  private readonly partMessages: number;
  /** What waits for credits, or for the next view. */
  private readonly waiting = new MessageQueue<Message>();
  /** Nested ones wait for the next view only. */
  private readonly urgent = new MessageQueue<Message>();
  /** So much of the first that waits was handed down. */
  private offset = 0;
  private readonly sent = new MessageQueue<Sent>();
  private lastSent: Sent | undefined;
  private bytesInFlight = 0;
  private messagesInFlight = 0;
  /** The window was used up, and half of it is not free yet. */
  private isFull = false;
  private isBlocked = true;
  private isReleasing = false;
  private hasEnded = false;

  constructor(context: LayerContext, windowBytes: number, windowMessages: number) {
    this.context = context;
    this.windowBytes = windowBytes;
    this.windowMessages = windowMessages;
    this.partBytes = Math.ceil(windowBytes / parts);
    this.partMessages = Math.ceil(windowMessages / parts);
  }

  get writable(): boolean {
    return !this.isBlocked && !this.isFull && this.waiting.length === 0;
  }

  down(batch: Batch): void {
    if (this.passes(batch)) {
      this.context.down(batch);
      this.note(batch);
      return;
    }
    for (const message of batch) if (isMulticast(message)) checkLength(message, this.longest);
    const others: Message[] = [];
    for (const message of batch) {
      if (!isMulticast(message)) others.push(message);
      else if (this.hasEnded) this.context.count('not-a-member');
      else if (message.nested) this.urgent.push(message);
      else this.waiting.push(message);
    }
    this.release();
    if (others.length > 0) this.context.down(others);
  }

  on(event: GroupEvent): void {
    switch (event.type) {
      case 'block':
        this.isBlocked = true;
        break;
      case 'view':
        this.startView();
        this.resume();
        break;
      case 'unblock':
        this.resume();
        break;
      case 'room':
        this.release();
        break;
      case 'end':
        this.end();
    }
  }

  /** Whether it is a batch of multicasts as most are: short ones, for which there are credits. */
  private passes(batch: Batch): boolean {
    if (!this.writable || this.isReleasing || batch.length > this.partMessages) return false;
    const { maxBody } = this.context.services.transport;
    let bytes = 0;
    for (const message of batch) {
      if (!isMulticast(message) || message.body.length > maxBody) return false;
      bytes += message.body.length + messageOverhead;
    }
    return (
      bytes <= this.partBytes &&
      this.bytesInFlight + bytes <= this.windowBytes &&
      this.messagesInFlight + batch.length <= this.windowMessages
    );
  }

  private get longest(): number {
    const { fragmentation, transport } = this.context.services as Partial<Services>;
    return fragmentation?.longest ?? transport!.maxBody;
  }

  private startView(): void {
    while (this.sent.shift() !== undefined) {
      // The next view counts from 1, and who did not take these is not waited for.
    }
    this.lastSent = undefined;
    this.bytesInFlight = 0;
    this.messagesInFlight = 0;
    this.isFull = false;
    this.offset = 0;
  }

  private resume(): void {
    const wasBlocked = this.isBlocked;
    this.isBlocked = false;
    this.release();
    // Those above have not been told of the view yet.
    if (wasBlocked) {
      this.context.defer(() => {
        if (this.writable) this.context.raise({ type: 'room' });
      });
    }
  }

  private end(): void {
    this.hasEnded = true;
    this.isBlocked = true;
    for (const queue of [this.waiting, this.urgent]) {
      while (queue.shift() !== undefined) this.context.count('not-a-member');
    }
  }

  private release(): void {
    if (this.isBlocked || this.isReleasing) return;
    this.isReleasing = true;
    try {
      this.giveBack();
      for (let batch = this.next(); batch.length > 0; batch = this.next()) {
        this.context.down(batch);
        this.note(batch);
      }
    } finally {
      this.isReleasing = false;
    }
  }

  /** Credits for what all members have taken. */
  private giveBack(): void {
    const { taken } = this.context.services.multicast;
    for (
      let first = this.sent.first();
      first !== undefined && first.seq <= taken;
      first = this.sent.first()
    ) {
      this.sent.shift();
      if (first === this.lastSent) this.lastSent = undefined;
      this.bytesInFlight -= first.bytes;
      this.messagesInFlight -= first.messages;
    }
    if (this.bytesInFlight * 2 <= this.windowBytes && this.messagesInFlight * 2 <= this.windowMessages) {
      this.isFull = false;
    }
  }

  /** What may be handed down now, a part of the window at the most. */
  private next(): Message[] {
    const batch: Message[] = [];
    for (let message = this.urgent.shift(); message !== undefined; message = this.urgent.shift()) {
      batch.push(message);
    }
    const { maxBody } = this.context.services.transport;
    let bytes = 0;
    for (let first = this.waiting.first(); first !== undefined; first = this.waiting.first()) {
      if (bytes >= this.partBytes || batch.length >= this.partMessages) break;
      const isOver =
        this.bytesInFlight + bytes >= this.windowBytes ||
        this.messagesInFlight + batch.length >= this.windowMessages;
      if (isOver) {
        this.isFull = true;
        break;
      }
      let piece = first;
      if (first.body.length > maxBody) {
        piece = fragmentOf(first, this.offset, maxBody);
        this.offset += piece.body.length;
      }
      if (!piece.more) {
        this.waiting.shift();
        this.offset = 0;
      }
      bytes += piece.body.length + messageOverhead;
      batch.push(piece);
    }
    return batch;
  }

  private note(batch: readonly Message[]): void {
    let bytes = 0;
    for (const { body } of batch) bytes += body.length + messageOverhead;
    const seq = this.context.services.multicast.sent;
    this.bytesInFlight += bytes;
    this.messagesInFlight += batch.length;
    const last = this.lastSent;
    if (last !== undefined && last.bytes + bytes <= this.partBytes && last.messages < this.partMessages) {
      last.seq = seq;
      last.bytes += bytes;
      last.messages += batch.length;
    } else {
      this.lastSent = { seq, bytes, messages: batch.length };
      this.sent.push(this.lastSent);
    }
    if (this.bytesInFlight >= this.windowBytes || this.messagesInFlight >= this.windowMessages) {
      this.isFull = true;
    }
  }
}

function isMulticast({ reliable, target }: Message): boolean {
  return reliable && target === everyone;
}
