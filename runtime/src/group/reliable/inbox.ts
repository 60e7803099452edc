/** What one member of the view has multicast in it, as far as it arrived here. */
import type { Message } from '../message.js';
import { Ring, ringCapacity } from './ring.js';

/** First and last number of messages that are missing. */
export type Range = readonly [first: number, last: number];

export class Inbox {
  readonly ring = new Ring();
  /** All up to this number are here, and were handed up. */
  contiguous = 0;
  /** The highest number of which is known that it was sent. */
  highest = 0;
  /** The highest number that was taken. */
  highestReceived = 0;
  /** Nothing above this number is taken: the cut, while the view ends. */
  limit = Number.POSITIVE_INFINITY;
  /** How many of its messages the application has taken. */
  consumed = 0;
  /** What was contiguous when something was found to be missing that has not been asked for yet. */
  progress = Number.POSITIVE_INFINITY;
  /** When to ask for what is missing; `Infinity`: nothing is. */
  requestAt = Number.POSITIVE_INFINITY;
  /** How often it was asked for since the last progress. */
  requests = 0;

  /**
   * Takes a message, and adds to `ready` what can be handed up now.
   *
   * @returns why it was not taken
   */
  accept(message: Message, ready: Message[]): 'duplicate' | 'too-far-ahead' | 'other-view' | undefined {
    const { seq } = message;
    if (seq <= this.contiguous) return 'duplicate';
    if (seq > this.limit) return 'other-view';
    if (!this.ring.add(message))
      return seq > this.ring.released + ringCapacity ? 'too-far-ahead' : 'duplicate';
    if (seq > this.highest) this.highest = seq;
    if (seq > this.highestReceived) this.highestReceived = seq;
    if (seq !== this.contiguous + 1) return undefined;
    ready.push(message);
    this.contiguous = seq;
    this.advance(ready);
    return undefined;
  }

  /** Hands up what stands behind a gap that was filled. */
  advance(ready: Message[]): void {
    while (this.contiguous < this.highest && this.contiguous < this.limit) {
      const next = this.ring.get(this.contiguous + 1);
      if (next === undefined) return;
      ready.push(next);
      this.contiguous++;
    }
    this.requests = 0;
  }

  /** Whether something is known to be missing that would be taken. */
  get hasGap(): boolean {
    return this.contiguous < Math.min(this.highest, this.limit);
  }

  /** What is missing, from the oldest on, in so many ranges at the most. */
  missing(most: number): Range[] {
    const ranges: Range[] = [];
    const last = Math.min(this.highest, this.limit, this.ring.released + ringCapacity);
    let first = 0;
    for (let seq = this.contiguous + 1; seq <= last; seq++) {
      const isHere = this.ring.get(seq) !== undefined;
      if (!isHere && first === 0) first = seq;
      if (isHere && first !== 0) {
        ranges.push([first, seq - 1]);
        first = 0;
        if (ranges.length === most) return ranges;
      }
    }
    if (first !== 0) ranges.push([first, last]);
    return ranges;
  }
}
