import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backOff,
  connectionPatience,
  createRoundTripEstimate,
  initialTimeout,
  maximumTimeout,
  minimumTimeout,
} from '../../../runtime/src/request-reply/retransmission.js';

function timeoutAfter(...samples: number[]): number {
  const estimate = createRoundTripEstimate();
  for (const sample of samples) estimate.sample(sample);
  return estimate.timeout;
}

describe('the patience with a connection', () => {
  it('is two seconds, and more for a long message: what 256 KiB a second take', () => {
    expect(connectionPatience(0)).toBe(2000);
    expect(connectionPatience(16 << 20)).toBe(2000 + 65_536);
  });
});

describe('the retransmission time-out', () => {
  it('is 200 ms before the first sample', () => {
    expect(timeoutAfter()).toBe(200);
  });

  // RFC 6298, section 2, with alpha = 1/8, beta = 1/4, K = 4 and G = 5 ms, worked out by hand.
  it.each([
    { samples: [100], timeout: 300, why: 'SRTT 100, RTTVAR 50' },
    { samples: [100, 60], timeout: 285, why: 'RTTVAR .75·50 + .25·40 = 47.5, SRTT .875·100 + .125·60 = 95' },
    { samples: [100, 60, 95], timeout: 237.5, why: 'RTTVAR .75·47.5 = 35.625, SRTT 95' },
    { samples: [20, 20], timeout: 50, why: 'SRTT 20, RTTVAR .75·10 = 7.5' },
    { samples: [2], timeout: minimumTimeout, why: '2 + 5 is less than the least' },
    { samples: [8], timeout: 24, why: 'SRTT 8, RTTVAR 4' },
    { samples: [400], timeout: maximumTimeout, why: '400 + 800 is more than the most' },
    { samples: [-3], timeout: minimumTimeout, why: 'a server whose clock ran fast: counts as 0' },
  ])('after samples of $samples ms is $timeout ms: $why', ({ samples, timeout }) => {
    expect(timeoutAfter(...samples)).toBe(timeout);
  });

  it('comes down to the round trip and the granularity of 5 ms on an even path', () => {
    expect(timeoutAfter(...Array.from({ length: 200 }, () => 40))).toBeCloseTo(45, 6);
  });

  it('stays in its bounds whatever is measured', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })), samples => {
        const timeout = timeoutAfter(...samples);
        return timeout >= minimumTimeout && timeout <= maximumTimeout;
      }),
    );
  });
});

describe('back-off', () => {
  const noJitter = { next: () => 0, bytes: () => new Uint8Array() };

  it('doubles with each time-out, up to a second', () => {
    const waits = [0, 1, 2, 3, 4, 1000].map(timeouts => backOff(initialTimeout, timeouts, noJitter));
    expect(waits).toEqual([200, 400, 800, 1000, 1000, 1000]);
  });

  it('adds a quarter at random at the most', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (timeouts, chance) => {
          const least = backOff(initialTimeout, timeouts, noJitter);
          const wait = backOff(initialTimeout, timeouts, { ...noJitter, next: () => chance });
          return wait >= least && wait <= 1.25 * least;
        },
      ),
    );
  });
});
