/**
 * A set of call numbers as half-open intervals in ascending order. The finished calls of a client are almost always one
 * interval from the first number on, and a few more beyond calls that take long.
 */
export class NumberSet {
  private readonly starts: number[];
  private readonly ends: number[];

  /** Contains every number below `end`. */
  constructor(end: number) {
    this.starts = [0];
    this.ends = [end];
  }

  get intervals(): number {
    return this.starts.length;
  }

  /** The first number that is not contained. */
  get floor(): number {
    return this.ends[0]!;
  }

  has(number: number): boolean {
    if (number < this.ends[0]!) return true;
    const at = this.firstEndingAfter(number);
    return at < this.starts.length && this.starts[at]! <= number;
  }

  /** The first `limit` stretches below `end` that are not contained. */
  gaps(end: number, limit: number): (readonly [from: number, to: number])[] {
    const gaps: (readonly [number, number])[] = [];
    for (let index = 0; index < this.ends.length && gaps.length < limit; index++) {
      const from = this.ends[index]!;
      const to = Math.min(end, this.starts[index + 1] ?? end);
      if (from < to) gaps.push([from, to]);
    }
    return gaps;
  }

  /** Adds `[from, to)`; returns how many intervals there are then. */
  add(from: number, to: number): number {
    if (to <= from) return this.starts.length;
    // Intervals that touch or overlap the new one are merged into it.
    const first = this.firstEndingAfter(from - 1);
    let last = first;
    let start = from;
    let end = to;
    while (last < this.starts.length && this.starts[last]! <= to) {
      start = Math.min(start, this.starts[last]!);
      end = Math.max(end, this.ends[last]!);
      last++;
    }
    if (last === first + 1) {
      this.starts[first] = start;
      this.ends[first] = end;
    } else {
      this.starts.splice(first, last - first, start);
      this.ends.splice(first, last - first, end);
    }
    return this.starts.length;
  }

  /** The index of the first interval whose end is above `number`. */
  private firstEndingAfter(number: number): number {
    let low = 0;
    let high = this.ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle]! > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
