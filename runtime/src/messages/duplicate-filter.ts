/** Which synchronous messages came before: over datagrams each is delivered once at the most. */
import type { Clock } from '../platform/platform.js';

/** A datagram is gone from the network after so many milliseconds: the MSL of RFC 9293, section 3.4.2. */
const datagramLifetime = 120_000;

/** The longest time for which a message is sent again, in milliseconds. */
export const longestTimeout = 120_000;

/** No copy of a message comes later than this after the first one. */
const memory = longestTimeout + datagramLifetime;

/** How many senders are remembered, and how many numbers of each. */
const maxSenders = 4096;
export const maxUnfinished = 1024;

/** `'finished'`: taken or not, its sender waits no more. `'refused'`: there is no room to remember it. */
export type Known = 'new' | 'waiting' | 'taken' | 'finished' | 'refused';

interface Sender {
  low: number;
  heard: number;
  readonly numbers: Map<number, 'waiting' | 'taken'>;
}

export class DuplicateFilter {
  private readonly clock: Clock;
  /** By id, the one that was heard last at the end. */
  private readonly senders = new Map<string, Sender>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** @param low all below it have ended for their sender */
  lookUp(id: string, number: number, low: number): Known {
    const sender = this.heard(id);
    if (sender === undefined) return 'refused';
    if (low > sender.low) {
      sender.low = low;
      for (const each of sender.numbers.keys()) if (each < low) sender.numbers.delete(each);
    }
    if (number < sender.low) return 'finished';
    const known = sender.numbers.get(number);
    if (known !== undefined) return known;
    return sender.numbers.size < maxUnfinished ? 'new' : 'refused';
  }

  /** After `lookUp` said that it is new: it was queued. */
  wait(id: string, number: number): void {
    this.senders.get(id)?.numbers.set(number, 'waiting');
  }

  /** The receiver has it. */
  take(id: string, number: number): void {
    const numbers = this.senders.get(id)?.numbers;
    if (numbers?.has(number)) numbers.set(number, 'taken');
  }

  private heard(id: string): Sender | undefined {
    const now = this.clock.now();
    let sender = this.senders.get(id);
    if (sender === undefined) {
      this.forget(now - memory);
      if (this.senders.size >= maxSenders) return undefined;
      sender = { low: 0, heard: now, numbers: new Map() };
    } else {
      this.senders.delete(id);
      sender.heard = now;
    }
    this.senders.set(id, sender);
    return sender;
  }

  private forget(before: number): void {
    for (const [id, { heard }] of this.senders) {
      if (heard >= before) return;
      this.senders.delete(id);
    }
  }
}
