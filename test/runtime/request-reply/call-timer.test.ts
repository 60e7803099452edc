import { describe, expect, it } from 'vitest';
import { createCallTimer } from '../../../runtime/src/request-reply/call-timer.js';
import { createManualClock } from './support.js';

/** A timer, and the times at which it swept, counted from its making. */
function set(next: (now: number) => number = () => Number.POSITIVE_INFINITY) {
  const clock = createManualClock();
  const start = clock.now();
  const swept: number[] = [];
  const timer = createCallTimer(clock, now => {
    swept.push(now - start);
    return start + next(now - start);
  });
  return { clock, timer, swept, at: (milliseconds: number) => start + milliseconds };
}

describe('the timer of all calls', () => {
  it('is one, at the earliest of the times that it was armed for', () => {
    const { clock, timer, swept, at } = set();
    for (const time of [300, 100, 200]) timer.arm(at(time));
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    expect(swept).toEqual([100]);
    expect(clock.pending).toBe(0);
  });

  it('goes on at the time that the sweep returned', () => {
    const { clock, timer, swept, at } = set(now => (now < 300 ? now + 100 : Number.POSITIVE_INFINITY));
    timer.arm(at(100));
    clock.advance(1000);
    expect(swept).toEqual([100, 200, 300]);
  });

  it('takes the earlier of what the sweep returned and what it was armed for meanwhile', () => {
    const { clock, timer, swept, at } = set(now => {
      if (now === 100) timer.arm(at(150));
      return now === 100 ? 400 : Number.POSITIVE_INFINITY;
    });
    timer.arm(at(100));
    clock.advance(1000);
    expect(swept).toEqual([100, 150]);
  });

  it('is off when it is cancelled', () => {
    const { clock, timer, swept, at } = set();
    timer.arm(at(100));
    timer.cancel();
    clock.advance(1000);
    expect(swept).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('lets what arrived during a stall be read before it sweeps', () => {
    const { clock, timer, swept, at } = set();
    timer.arm(at(100));
    clock.stall(2000);
    expect(swept).toEqual([]);
    clock.advance(10);
    expect(swept).toEqual([2010]);
  });

  it('sweeps after one such pause even when that was stalled too', () => {
    const { clock, timer, swept, at } = set();
    timer.arm(at(100));
    clock.stall(2000);
    clock.stall(2000);
    expect(swept).toEqual([4000]);
  });

  it('does not take a little lateness for a stall', () => {
    const { clock, timer, swept, at } = set();
    timer.arm(at(100));
    clock.stall(200);
    expect(swept).toEqual([200]);
  });
});
