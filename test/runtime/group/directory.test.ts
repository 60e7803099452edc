import { describe, expect, it } from 'vitest';
import { createDirectory } from '../../../runtime/src/group/directory.js';
import { createMember } from '../../../runtime/src/group/member.js';

const member = (id: number, port = id) => createMember(id, { host: '10.0.0.1', port });

function make() {
  const clock = { time: 0, now: () => clock.time };
  return { clock, directory: createDirectory(clock) };
}

describe('the directory', () => {
  it('knows whom it learnt, where it learnt them first', () => {
    const { directory } = make();
    directory.learn(member(1));
    directory.learn(member(1, 99));
    expect([directory.get(1), directory.get(2)]).toEqual([member(1), undefined]);
  });

  it('believes a view more than what it learnt before, and nothing more than a view', () => {
    const { directory } = make();
    directory.learn(member(1, 99));
    directory.retain([member(1)]);
    directory.learn(member(1, 98));
    expect(directory.get(1)).toEqual(member(1));
  });

  it('keeps those who left the view, and those that it learnt, for a minute', () => {
    const { clock, directory } = make();
    directory.retain([member(1), member(2)]);
    directory.learn(member(3));
    clock.time = 59_000;
    directory.retain([member(1)]);
    clock.time = 61_000;
    directory.retain([member(1)]);
    expect([1, 2, 3].map(id => directory.get(id)?.id)).toEqual([1, 2, undefined]);
    clock.time = 120_000;
    directory.retain([member(1)]);
    expect([1, 2, 3].map(id => directory.get(id)?.id)).toEqual([1, undefined, undefined]);
  });

  it('knows so many at the most that are in no view, the latest ones', () => {
    const { directory } = make();
    directory.retain([member(1)]);
    for (let id = 2; id < 10_002; id++) directory.learn(member(id, 1));
    expect(directory.get(1)).toBeDefined();
    const known = Array.from({ length: 10_000 }, (_, index) => index + 2).filter(id => directory.get(id));
    expect([known.length, known[0], known.at(-1)]).toEqual([4096, 10_002 - 4096, 10_001]);
  });
});
