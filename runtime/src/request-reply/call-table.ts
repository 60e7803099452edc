/**
 * Calls by their numbers, which ascend: a ring of slots, where a call that lives so long that the ring comes round to
 * its slot moves aside. It costs less than half of a `Map` and leaves nothing behind: the tables that a `Map` grows out
 * of keep each other, and the calls in them, alive until the garbage collector's next full round.
 */

/** Slots of an empty table. */
const firstCapacity = 8;

export class CallTable<Call extends { readonly number: number }> {
  /** How many calls there are. */
  size = 0;
  private slots: (Call | undefined)[] = new Array(firstCapacity).fill(undefined);
  /** Calls whose slots younger ones have taken. */
  private readonly aside = new Map<number, Call>();

  get(number: number): Call | undefined {
    const call = this.slots[this.slotOf(number)];
    if (call !== undefined && call.number === number) return call;
    return this.aside.size > 0 ? this.aside.get(number) : undefined;
  }

  /** Adds a call whose number is not there yet. */
  add(call: Call): void {
    if (this.size >= this.slots.length / 2) this.grow();
    this.size++;
    this.place(call);
  }

  /** Removes the call of that number; false when there is none. */
  delete(number: number): boolean {
    const slot = this.slotOf(number);
    if (this.slots[slot]?.number === number) this.slots[slot] = undefined;
    else if (!this.aside.delete(number)) return false;
    this.size--;
    return true;
  }

  /** Calls back for each call, in no order; calls may be removed, but not added, meanwhile. */
  each(visit: (call: Call) => void): void {
    for (const call of this.slots) if (call !== undefined) visit(call);
    for (const call of this.aside.values()) visit(call);
  }

  /** The capacity is a power of two, so the slot is in the low bits, also of numbers above 2^32. */
  private slotOf(number: number): number {
    return (number >>> 0) & (this.slots.length - 1);
  }

  private place(call: Call): void {
    const slot = this.slotOf(call.number);
    const there = this.slots[slot];
    if (there === undefined) this.slots[slot] = call;
    else if (there.number < call.number) {
      this.aside.set(there.number, there);
      this.slots[slot] = call;
    } else this.aside.set(call.number, call);
  }

  private grow(): void {
    const calls: Call[] = [];
    this.each(call => calls.push(call));
    this.slots = new Array(this.slots.length * 2).fill(undefined);
    this.aside.clear();
    for (const call of calls) this.place(call);
  }
}
