/** The messages of one sender that may still be asked for. */
import type { Message } from '../message.js';

/** How many messages a ring holds at the most; what is further ahead of the oldest is not taken. */
export const ringCapacity = 65_536;

/** Messages by their numbers, from the oldest that is kept; a power of two of slots that grows as needed. */
export class Ring {
  /** How many messages are held. */
  size = 0;
  /** All up to this number were released. */
  released = 0;
  private slots: (Message | undefined)[] = new Array<Message | undefined>(64);

  get(seq: number): Message | undefined {
    const message = this.slots[seq & (this.slots.length - 1)];
    return message?.seq === seq ? message : undefined;
  }

  /** False: there is no room for it, or it was released or is there already. */
  add(message: Message): boolean {
    const { seq } = message;
    const ahead = seq - this.released;
    if (ahead < 1 || ahead > ringCapacity) return false;
    while (ahead > this.slots.length) this.grow();
    const at = seq & (this.slots.length - 1);
    if (this.slots[at] !== undefined) return false;
    this.slots[at] = message;
    this.size++;
    return true;
  }

  /** Lets go of all up to this number. */
  release(seq: number): void {
    for (let each = this.released + 1; each <= seq; each++) {
      const at = each & (this.slots.length - 1);
      if (this.slots[at] === undefined) continue;
      this.slots[at] = undefined;
      this.size--;
    }
    if (seq > this.released) this.released = seq;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Array<Message | undefined>(old.length * 2);
    for (const message of old) {
      if (message !== undefined) this.slots[message.seq & (this.slots.length - 1)] = message;
    }
  }
}
