import { describe, expect, it } from 'vitest';
import {
  createOutlierRecord,
  defaultOutlierOptions,
  endInterval,
  isEjected,
  noteFailure,
  noteSuccess,
  type OutlierOptions,
  type OutlierRecord,
} from '../../../../runtime/src/client/balancing/outliers.js';

const options: OutlierOptions = { ...defaultOutlierOptions, consecutiveFailures: 3, baseEjection: 100 };

const records = (count: number) => Array.from({ length: count }, createOutlierRecord);

function fail(record: OutlierRecord, all: readonly OutlierRecord[], times: number, now: number): boolean {
  let ejected = false;
  for (let i = 0; i < times; i++) ejected = noteFailure(record, all, options, now);
  return ejected;
}

describe('a server is ejected', () => {
  it('after failures in a row, and not when a success comes between them', () => {
    const all = records(2);
    const [one] = all;
    expect(fail(one!, all, 2, 0)).toBe(false);
    noteSuccess(one!);
    expect(fail(one!, all, 2, 0)).toBe(false);
    expect(fail(one!, all, 1, 0)).toBe(true);
    expect(isEjected(one!, 99)).toBe(true);
    expect(isEjected(one!, 100)).toBe(false);
  });

  it('for longer each time, up to a bound', () => {
    const all = records(2);
    const [one] = all;
    let now = 0;
    const lengths: number[] = [];
    for (let i = 0; i < 4; i++) {
      fail(one!, all, 3, now);
      lengths.push(one!.ejectedUntil - now);
      now = one!.ejectedUntil;
    }
    expect(lengths).toEqual([100, 200, 300, 400]);
    one!.ejections = 1_000_000;
    fail(one!, all, 3, now);
    expect(one!.ejectedUntil - now).toBe(options.longestEjection);
  });

  it('for a shorter time again when it did well meanwhile', () => {
    const all = records(2);
    const [one] = all;
    fail(one!, all, 3, 0);
    fail(one!, all, 3, 100);
    expect(one!.ejections).toBe(2);
    endInterval(all, options, 150);
    expect(one!.ejections).toBe(2);
    endInterval(all, options, 400);
    endInterval(all, options, 500);
    expect(one!.ejections).toBe(0);
    endInterval(all, options, 600);
    expect(one!.ejections).toBe(0);
  });

  it('only while not too many are, but one in any case', () => {
    const five = records(5);
    expect(five.map(each => fail(each, five, 3, 0))).toEqual([true, true, false, false, false]);
    const one = records(1);
    expect(fail(one[0]!, one, 3, 0)).toBe(true);
  });

  it('for its rate of failures, when it had enough calls', () => {
    const all = records(2);
    const [few, many] = all;
    const spread = (record: OutlierRecord, calls: number) => {
      for (let i = 0; i < calls; i++) {
        if (i % 10 === 0) noteSuccess(record);
        else {
          record.consecutiveFailures = 0;
          noteFailure(record, all, options, 0);
        }
      }
    };
    spread(few!, 40);
    spread(many!, 50);
    endInterval(all, options, 0);
    expect(all.map(each => isEjected(each, 0))).toEqual([false, true]);
    expect(all.map(({ successes, failures }) => successes + failures)).toEqual([0, 0]);
  });

  it('not again while it is', () => {
    const all = records(2);
    const [one] = all;
    fail(one!, all, 3, 0);
    expect(fail(one!, all, 9, 50)).toBe(false);
    expect(one!.ejectedUntil).toBe(100);
  });
});
