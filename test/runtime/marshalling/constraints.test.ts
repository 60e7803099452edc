import { describe, expect, it } from 'vitest';
import {
  checkCount,
  checkDistinct,
  checkLength,
  checkPattern,
  checkRange,
} from '../../../runtime/src/marshalling/constraints.js';

describe('length', () => {
  it('counts code points of strings and bytes of byte strings, bounds included', () => {
    for (const text of ['ab', 'abcd', '😀😀', '😀😀😀😀', 'a😀b']) {
      expect(checkLength(text, 2, 4, 'T.f')).toBe(text);
    }
    expect(checkLength(new Uint8Array(4), 2, 4, 'T.f')).toHaveLength(4);
    for (const value of ['a', '😀', 'abcde', '😀😀😀😀😀', '', new Uint8Array(1), new Uint8Array(5)]) {
      expect(() => checkLength(value, 2, 4, 'T.f')).toThrow('not in length(2..4)');
    }
  });

  it('counts a lone surrogate as one', () => {
    expect(checkLength('\ud800x', 2, 2, 'T.f')).toBe('\ud800x');
  });

  it('tells the field, the rule and the size', () => {
    expect(() => checkLength('😀'.repeat(70), 0, 64, 'bank.v1.Account.id')).toThrow(
      'bank.v1.Account.id: the value has 70 code points, which is not in length(..64)',
    );
    expect(() => checkLength('', 1, Number.POSITIVE_INFINITY, 'T.f')).toThrow('length(1..)');
  });
});

it('count is of elements', () => {
  expect(checkCount([1], 1, 1, 'T.f')).toEqual([1]);
  expect(checkCount(new Map([[1, 2]]), 1, 1, 'T.f').size).toBe(1);
  expect(() => checkCount(new Set(), 1, 2, 'T.f')).toThrow(
    'T.f: the value has 0 elements, which is not in count(1..2)',
  );
});

it('range is inclusive, of numbers and bigints', () => {
  expect(checkRange(1, 1, 2, 'T.f')).toBe(1);
  expect(checkRange(2n, 1n, 2n, 'T.f')).toBe(2n);
  expect(checkRange(-5n, Number.NEGATIVE_INFINITY, 2n, 'T.f')).toBe(-5n);
  expect(() => checkRange(3n, 1n, 2n, 'T.f')).toThrow('T.f: the value is 3, which is not in range(1..2)');
  expect(() => checkRange(-1, 0, Number.POSITIVE_INFINITY, 'T.f')).toThrow('range(0..)');
  expect(() => checkRange(Number.NaN, Number.NEGATIVE_INFINITY, 2, 'T.f')).toThrow('range(..2)');
});

it('pattern is matched', () => {
  expect(checkPattern('ab', /^(?:[a-z]+)$/u, 'T.f')).toBe('ab');
  expect(() => checkPattern('a1', /^(?:[a-z]+)$/u, 'T.f')).toThrow(
    'T.f: the value of 2 code points does not match',
  );
});

it('what must be distinct is', () => {
  expect(checkDistinct(new Set([1]), 1).size).toBe(1);
  expect(() => checkDistinct(new Set([1]), 3)).toThrow('2 of 3 keys or elements arrived twice');
});
