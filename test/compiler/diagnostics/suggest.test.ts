import { describe, expect, it } from 'vitest';
import { closest } from '../../../compiler/src/diagnostics/suggest.js';

describe('closest', () => {
  it.each([
    ['Monye', ['Account', 'Money'], 'Money'],
    ['money', ['Money'], 'Money'],
    ['fif', ['fifo', 'total'], 'fifo'],
    ['struckt', ['string', 'struct'], 'struct'],
    ['idempotnt', ['idempotent'], 'idempotent'],
    ['ab', ['xy'], undefined],
    ['Rate', ['Rates', 'Rated'], 'Rates'],
    ['Account', ['Account'], undefined],
    ['Account', [], undefined],
    ['Account', ['Money', 'Accountant', 'Discount'], undefined],
  ])('of %s among %j is %s', (written, candidates, expected) => {
    expect(closest(written, candidates)).toBe(expected);
  });
});
