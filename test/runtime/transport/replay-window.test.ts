import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReplayWindow, windowSize } from '../../../runtime/src/transport/replay-window.js';

const accepting = (...counters: readonly number[]) => {
  const window = createReplayWindow();
  for (const counter of counters) window.accept(counter);
  return window;
};

describe('the replay window', () => {
  it('admits each counter once, in any order', () => {
    const window = accepting(0, 5, 3);
    expect(window.highest).toBe(5);
    for (const counter of [0, 3, 5]) expect(window.admits(counter)).toBe(false);
    for (const counter of [1, 2, 4, 6]) expect(window.admits(counter)).toBe(true);
  });

  it('admits nothing behind its edge, whether it came or not', () => {
    const highest = 5000;
    const window = accepting(highest);
    expect(window.admits(highest - windowSize + 1)).toBe(true);
    expect(window.admits(highest - windowSize)).toBe(false);
    window.accept(highest - windowSize + 1);
    expect(window.admits(highest - windowSize + 1)).toBe(false);
    window.accept(highest + 1);
    expect(window.admits(highest - windowSize + 2)).toBe(true);
    expect(window.admits(highest - windowSize + 1)).toBe(false);
  });

  it('changes nothing by being asked', () => {
    const window = accepting(10);
    expect(window.admits(2000)).toBe(true);
    expect(window.highest).toBe(10);
    expect(window.admits(9)).toBe(true);
  });

  it('does what a set of all counters would do', () => {
    const step = fc.oneof(fc.integer({ min: -1200, max: 40 }), fc.integer({ min: 1, max: 5000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), steps => {
        const window = createReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const each of steps) {
          const counter = Math.max(0, highest + each);
          const isNew = !seen.has(counter) && counter > highest - windowSize;
          expect(window.admits(counter)).toBe(isNew);
          if (!isNew) continue;
          window.accept(counter);
          seen.add(counter);
          highest = Math.max(highest, counter);
        }
      }),
    );
  });
});
