import { describe, expect, it } from 'vitest';
import { createRepairs } from '../../../runtime/src/request-reply/repairs.js';
import { receivedCall as call } from './support.js';

const reply = (length: number) => ({ bytes: Buffer.alloc(length), start: 0, end: length });

describe('long replies of unfiltered calls', () => {
  it('are found for ten seconds', () => {
    const repairs = createRepairs(1000);
    const kept = call(1);
    repairs.keep(kept, reply(100), 0);
    expect(repairs.find(1)).toBe(kept);
    repairs.dropOld(9999);
    expect(repairs.find(1)).toBe(kept);
    repairs.dropOld(10_000);
    expect(repairs.find(1)).toBeUndefined();
  });

  it('give way, the oldest first, to later ones that need their room', () => {
    const repairs = createRepairs(1000);
    for (const number of [1, 2, 3]) repairs.keep(call(number), reply(400), number);
    expect([1, 2, 3].map(number => repairs.find(number)?.number)).toEqual([undefined, 2, 3]);
  });

  it('are kept once for each call, the last execution of it', () => {
    const repairs = createRepairs(1000);
    const again = call(1);
    repairs.keep(call(1), reply(600), 0);
    repairs.keep(again, reply(600), 1);
    repairs.keep(call(2), reply(400), 2);
    expect(repairs.find(1)).toBe(again);
    expect(repairs.find(2)).toBeDefined();
  });

  it('are gone when the client has them', () => {
    const repairs = createRepairs(1000);
    const kept = call(1);
    repairs.keep(kept, reply(1000), 0);
    repairs.drop(1);
    expect(repairs.find(1)).toBeUndefined();
    expect(kept.reply).toBeUndefined();
    repairs.keep(call(2), reply(1000), 0);
    expect(repairs.find(2)).toBeDefined();
  });
});
