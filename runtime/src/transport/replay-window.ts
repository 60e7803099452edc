/**
 * Which counters of a sender have come already: the sliding window of RFC 4303 (section 3.4.3), kept as RFC 6479 does it,
 * in a ring of words of which moving on clears whole ones.
 */

const wordBits = 32;
const words = 33;

/** How far behind the highest counter one may come and still be told from a replayed one. */
export const windowSize = (words - 1) * wordBits;

export interface ReplayWindow {
  /** The highest counter that was accepted; -1 before the first. */
  readonly highest: number;
  /** Whether the counter has not come yet, as far as the window reaches. Changes nothing. */
  admits(counter: number): boolean;
  /** The counter has come, and what it came with is genuine. */
  accept(counter: number): void;
}

export function createReplayWindow(): ReplayWindow {
  const seen = new Uint32Array(words);
  let highest = -1;

  const wordOf = (counter: number): number => Math.floor(counter / wordBits);
  const bitOf = (counter: number): number => 1 << (counter % wordBits);

  return {
    get highest() {
      return highest;
    },
    admits(counter) {
      if (counter > highest) return true;
      if (counter <= highest - windowSize) return false;
      return (seen[wordOf(counter) % words]! & bitOf(counter)) === 0;
    },
    accept(counter) {
      if (counter > highest) {
        const last = wordOf(counter);
        const first = Math.max(wordOf(Math.max(highest, 0)) + 1, last - words + 1);
        for (let word = first; word <= last; word++) seen[word % words] = 0;
        highest = counter;
      }
      seen[wordOf(counter) % words]! |= bitOf(counter);
    },
  };
}
