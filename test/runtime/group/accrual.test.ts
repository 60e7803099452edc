import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accrualDetection, accrualJudge, phi } from '../../../runtime/src/group/detection/accrual.js';
import type { Judge } from '../../../runtime/src/group/detection/judge.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind } from '../../../runtime/src/group/message.js';
import { type Bench, bench, message } from './layer-bench.js';

const other = 2;

const judge = (): Judge => accrualJudge({ interval: 400, threshold: 8, samples: 100, deviation: 200 });

/** The least silence that is suspicious. */
const patience = (of: Judge): number => {
  let silence = 0;
  while (of.suspicion(silence) < 1) silence++;
  return silence;
};

const hear = (by: Judge, ...silences: readonly number[]): Judge => {
  for (const silence of silences) by.heard(silence);
  return by;
};

describe('φ', () => {
  it('is that of the normal distribution', () => {
    // 10^−φ against the tail of the normal distribution, from tables.
    const tails = [
      [0, 0.5],
      [1, 0.158655],
      [2, 0.02275],
      [3, 0.0013499],
    ] as const;
    for (const [z, tail] of tails) {
      expect(10 ** -phi(500 + z * 100, 500, 100)).toBeCloseTo(tail, 3);
    }
  });

  it('rises with the silence, without an end', () => {
    const silence = fc.integer({ min: 0, max: 10_000_000 });
    fc.assert(
      fc.property(silence, silence, (one, another) => {
        const [less, more] = [one, another].sort((a, b) => a - b) as [number, number];
        const [low, high] = [phi(less, 400, 50), phi(more, 400, 50)];
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(high);
        expect(high).toBeLessThan(Infinity);
      }),
    );
  });
});

describe('the judge', () => {
  it('is as patient at first as the interval has it', () => {
    expect(patience(judge())).toBeGreaterThan(800);
    expect(patience(judge())).toBeLessThan(2000);
  });

  it('grows more patient where silences are long or of different lengths', () => {
    const steady = patience(hear(judge(), ...Array(50).fill(400)));
    const slow = patience(hear(judge(), ...Array(50).fill(3000)));
    const mixed = patience(hear(judge(), ...Array(25).fill(400), ...Array(25).fill(3000)));
    expect(slow).toBeGreaterThan(steady + 2000);
    expect(mixed).toBeGreaterThan(slow);
  });

  it('forgets what is long ago', () => {
    const once = hear(judge(), ...Array(50).fill(3000), ...Array(100).fill(400));
    expect(patience(once)).toBe(patience(hear(judge(), ...Array(100).fill(400))));
  });

  it('does not expect that dense traffic goes on', () => {
    expect(patience(hear(judge(), ...Array(10_000).fill(0.1)))).toBeGreaterThan(800);
  });
});

describe('detection by accrual', () => {
  const start = (options = {}): Bench => {
    const started = bench({ layers: [accrualDetection(options)] });
    started.view(1, other);
    started.events.length = 0;
    return started;
  };

  const hearEvery = (at: Bench, interval: number, times: number): void => {
    for (let round = 0; round < times; round++) {
      at.receive(message(Kind.channel, other, everyone));
      at.advance(interval);
    }
  };

  const types = (at: Bench): string[] => at.events.map(({ type }) => type);

  it('suspects a silent member, and finds it dead, but not before the floor', () => {
    const at = start();
    hearEvery(at, 400, 20);
    const silentSince = at.now - 400;
    at.advance(10_000);
    expect(types(at)).toEqual(['suspect', 'dead']);
    expect(at.events[0]!.at - silentSince).toBeLessThan(2000);
    expect(at.events[1]!.at - silentSince).toBeGreaterThan(3000);
    expect(at.events[1]!.at - silentSince).toBeLessThan(4500);
  });

  it('gets used to a member that is slow', () => {
    const at = start();
    hearEvery(at, 2500, 20);
    expect(types(at)).toContain('suspect');
    hearEvery(at, 4000, 50);
    const learnt = at.events.length;
    expect(types(at)).not.toContain('dead');
    hearEvery(at, 4000, 50);
    expect(at.events).toHaveLength(learnt);
  });

  it('keeps to the floor that it is given', () => {
    const at = start({ floor: 7000 });
    hearEvery(at, 400, 20);
    at.advance(6500);
    expect(types(at)).toEqual(['suspect']);
    at.advance(1000);
    expect(types(at)).toEqual(['suspect', 'dead']);
  });

  it('refuses options that are no positive numbers', () => {
    expect(() => accrualDetection({ threshold: 0 })).toThrow('threshold must be above 0; got 0');
    expect(() => accrualDetection({ floor: Number.NaN })).toThrow(RangeError);
  });
});

it('never finds a member dead before the floor, whatever it did before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 30 }), silences => {
      const at = bench({ layers: [accrualDetection()] });
      at.view(1, other);
      let heardAt = 0;
      for (const silence of [...silences, 60_000]) {
        at.advance(silence);
        const death = at.events.find(({ type }) => type === 'dead');
        if (death !== undefined) {
          expect(death.at - heardAt).toBeGreaterThanOrEqual(3000);
          return;
        }
        at.receive(message(Kind.channel, other, everyone));
        heardAt = at.now;
      }
      expect.unreachable('a minute of silence is death, whatever came before');
    }),
    { numRuns: 200 },
  );
});
