/** What each member of a view holds, as far as it told: what all hold is stable, and need not be kept. */
import type { Cut } from '../services.js';

export class Stability {
  /** By rank of member, by rank of sender: it holds all up to this number. */
  private readonly held: number[][];
  /** By rank: how many of my messages it has taken. */
  private readonly takenBy: number[];

  constructor(members: number) {
    this.held = Array.from({ length: members }, () => new Array<number>(members).fill(0));
    this.takenBy = new Array<number>(members).fill(0);
  }

  of(member: number): Cut {
    return this.held[member]!;
  }

  /** True: this is news. */
  hold(member: number, sender: number, seq: number): boolean {
    const row = this.held[member]!;
    if (seq <= row[sender]!) return false;
    row[sender] = seq;
    return true;
  }

  /** True: this is news. */
  take(member: number, count: number): boolean {
    if (count <= this.takenBy[member]!) return false;
    this.takenBy[member] = count;
    return true;
  }

  /** All members hold all up to this number. */
  stable(sender: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const row of this.held) if (row[sender]! < least) least = row[sender]!;
    return least;
  }

  /** All members have taken so many of my messages. */
  get taken(): number {
    return Math.min(...this.takenBy);
  }
}
