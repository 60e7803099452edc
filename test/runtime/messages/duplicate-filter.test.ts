import { describe, expect, it } from 'vitest';
import { DuplicateFilter, maxUnfinished } from '../../../runtime/src/messages/duplicate-filter.js';
import { createManualClock } from '../request-reply/support.js';

const create = () => {
  const clock = createManualClock();
  return { clock, filter: new DuplicateFilter(clock) };
};

/** Numbers that came, waited and were taken. */
function take(filter: DuplicateFilter, id: string, ...numbers: readonly number[]): void {
  for (const number of numbers) {
    expect(filter.lookUp(id, number, 1)).toBe('new');
    filter.wait(id, number);
    filter.take(id, number);
  }
}

describe('the duplicate filter', () => {
  it('tells the life of a number, for each sender its own', () => {
    const { filter } = create();
    expect(filter.lookUp('a', 1, 1)).toBe('new');
    expect(filter.lookUp('a', 1, 1)).toBe('new');
    filter.wait('a', 1);
    expect(filter.lookUp('a', 1, 1)).toBe('waiting');
    filter.take('a', 1);
    expect(filter.lookUp('a', 1, 1)).toBe('taken');
    expect(filter.lookUp('b', 1, 1)).toBe('new');
  });

  it('knows what has ended for its sender by the lowest number that has not', () => {
    const { filter } = create();
    take(filter, 'a', 2, 5);
    expect(filter.lookUp('a', 7, 5)).toBe('new');
    expect(filter.lookUp('a', 2, 1)).toBe('finished');
    expect(filter.lookUp('a', 4, 4)).toBe('finished');
    expect(filter.lookUp('a', 5, 1)).toBe('taken');
    expect(filter.lookUp('a', 6, 5)).toBe('new');
  });

  it('does not remember what was taken after its sender had given it up', () => {
    const { filter } = create();
    expect(filter.lookUp('a', 1, 1)).toBe('new');
    filter.wait('a', 1);
    expect(filter.lookUp('a', 2, 2)).toBe('new');
    filter.take('a', 1);
    expect(filter.lookUp('a', 1, 1)).toBe('finished');
  });

  it('refuses numbers of one sender beyond what a sender may have under way', () => {
    const { filter } = create();
    for (let number = 1; number <= maxUnfinished; number++) take(filter, 'a', number);
    expect(filter.lookUp('a', maxUnfinished + 1, 1)).toBe('refused');
    expect(filter.lookUp('a', maxUnfinished + 1, 2)).toBe('new');
  });

  it('forgets a sender only when no copy of its messages can come any more, and refuses others until then', () => {
    const { clock, filter } = create();
    for (let i = 0; i < 4096; i++) take(filter, `sender ${i}`, 1);
    clock.advance(240_000);
    expect(filter.lookUp('another', 1, 1)).toBe('refused');
    expect(filter.lookUp('sender 0', 1, 1)).toBe('taken');
    clock.advance(1);
    expect(filter.lookUp('another', 1, 1)).toBe('new');
    expect(filter.lookUp('sender 0', 1, 1)).toBe('taken');
    expect(filter.lookUp('sender 1', 1, 1)).toBe('new');
  });
});
