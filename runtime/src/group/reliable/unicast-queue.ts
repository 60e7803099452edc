/** What is not acknowledged of one connection of reliable unicast, by its numbers. */
import type { Message } from '../message.js';

/** How it stands with a message. */
export const EntryState = { waiting: 0, inFlight: 1, lost: 2, received: 3 } as const;

/** A message that is not acknowledged up to its number. */
export interface Entry {
  readonly message: Message;
  state: (typeof EntryState)[keyof typeof EntryState];
  /** When its last copy was sent. */
  sentAt: number;
  /** Counts all that is sent: what was sent after something has a higher one. */
  order: number;
  copies: number;
}

/** Slots at the start that are given back together. */
const spareSlots = 1024;

export class UnicastQueue {
  /** The number of the first entry. */
  base = 1;
  /** The number of the first entry that was not sent yet. */
  next = 1;
  private entries: (Entry | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.entries.length - this.head;
  }

  /** The number of the next entry to be added. */
  get end(): number {
    return this.base + this.length;
  }

  push(message: Message): void {
    this.entries.push({ message, state: EntryState.waiting, sentAt: 0, order: 0, copies: 0 });
  }

  at(seq: number): Entry | undefined {
    return seq < this.base ? undefined : this.entries[this.head + seq - this.base];
  }

  /** Takes out the first. */
  shift(): Entry {
    const entry = this.entries[this.head]!;
    this.entries[this.head++] = undefined;
    this.base++;
    if (this.head === this.entries.length) {
      this.entries = [];
      this.head = 0;
    } else if (this.head > spareSlots && this.head * 2 > this.entries.length) {
      this.entries.splice(0, this.head);
      this.head = 0;
    }
    return entry;
  }

  /** Takes out all, and begins again with number 1. */
  clear(): Message[] {
    const messages = this.entries.slice(this.head).map(entry => entry!.message);
    this.entries = [];
    this.head = 0;
    this.base = 1;
    this.next = 1;
    return messages;
  }
}

/** Bytes that a message counts for, in windows and limits. */
export function sizeOf({ body }: Message): number {
  return body.length + messageOverhead;
}

/** Counted for each message beside its body. */
export const messageOverhead = 32;
