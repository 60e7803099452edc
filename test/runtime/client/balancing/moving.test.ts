import { describe, expect, it } from 'vitest';
import { isServerFailure, mayMove, Trail } from '../../../../runtime/src/client/balancing/moving.js';
import { CallError, type CallErrorCode, type Outcome } from '../../../../runtime/src/index.js';

const error = (code: CallErrorCode, outcome: Outcome, attempts: number) =>
  new CallError(code, 'no', { outcome, attempts });

describe('a call may move', () => {
  it.each([
    ['at-most-once', 'unavailable', 'not-executed', 0, true],
    ['at-most-once', 'unavailable', 'not-executed', 1, true],
    ['at-most-once', 'unavailable', 'unknown', 1, false],
    ['at-most-once', 'unavailable', 'executed', 1, false],
    ['at-most-once', 'deadline-exceeded', 'not-executed', 0, false],
    ['at-most-once', 'resource-exhausted', 'not-executed', 0, false],
    ['at-least-once', 'unavailable', 'not-executed', 0, true],
    ['at-least-once', 'unavailable', 'unknown', 3, true],
    ['at-least-once', 'unavailable', 'executed', 1, false],
    ['at-least-once', 'cancelled', 'unknown', 1, false],
    ['maybe', 'unavailable', 'unknown', 1, false],
  ] as const)('%s, %s, %s after %d attempts: %s', (semantics, code, outcome, attempts, expected) => {
    expect(mayMove(semantics, error(code, outcome, attempts))).toBe(expected);
  });

  it('but not with an error of another kind', () =>
    expect(mayMove('at-least-once', new Error())).toBe(false));
});

describe('a server', () => {
  it.each([
    ['deadline-exceeded', 'unknown', 2, true],
    ['deadline-exceeded', 'not-executed', 0, false],
    ['unavailable', 'unknown', 1, true],
    ['unavailable', 'executed', 1, false],
    ['internal', 'executed', 1, false],
  ] as const)('failed by %s, %s, %d attempts: %s', (code, outcome, attempts, expected) => {
    expect(isServerFailure(error(code, outcome, attempts))).toBe(expected);
  });
});

describe('what is told of a call that was tried at several servers', () => {
  it('counts all attempts, and what an earlier one may have done', () => {
    const trail = new Trail();
    trail.add(error('unavailable', 'unknown', 3));
    expect(trail.told(error('unavailable', 'not-executed', 1))).toMatchObject({
      code: 'unavailable',
      message: 'no',
      outcome: 'unknown',
      attempts: 4,
    });
    expect(trail.told(error('internal', 'executed', 1))).toMatchObject({ outcome: 'executed', attempts: 4 });
  });

  it('is that it was not executed where no server did', () => {
    const trail = new Trail();
    trail.add(error('unavailable', 'not-executed', 1));
    expect(trail.told(error('unavailable', 'not-executed', 0))).toMatchObject({
      outcome: 'not-executed',
      attempts: 1,
    });
  });

  it('is the error itself where it was the first attempt, or is another error', () => {
    const one = error('unavailable', 'not-executed', 1);
    expect(new Trail().told(one)).toBe(one);
    const other = new Error();
    expect(new Trail().told(other)).toBe(other);
  });
});
