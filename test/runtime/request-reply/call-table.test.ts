import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallTable } from '../../../runtime/src/request-reply/call-table.js';

/** Ascending numbers are added, with gaps; any that are there are removed. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), gap: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('delete' as const), which: fc.nat(1000) }),
  ),
  { maxLength: 300 },
);

test('a table holds what a Map holds, whatever comes and goes', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 2 ** 32 - 100, 2 ** 40), (history, start) => {
      const table = new CallTable<{ readonly number: number }>();
      const model = new Map<number, { readonly number: number }>();
      let number = start;
      for (const step of history) {
        if (step.kind === 'add') {
          number += step.gap;
          const call = { number };
          table.add(call);
          model.set(number, call);
        } else {
          const victim = [...model.keys()][step.which % Math.max(1, model.size)] ?? -1;
          expect(table.delete(victim)).toBe(model.delete(victim));
        }
        expect(table.size).toBe(model.size);
      }
      for (let probe = start; probe <= number + 1; probe++) expect(table.get(probe)).toBe(model.get(probe));
      const seen = new Set<number>();
      table.each(call => seen.add(call.number));
      expect(seen).toEqual(new Set(model.keys()));
    }),
  );
});

test('calls may be removed while they are visited', () => {
  const table = new CallTable<{ readonly number: number }>();
  for (let number = 1; number <= 100; number += 3) table.add({ number });
  let visited = 0;
  table.each(({ number }) => {
    visited++;
    table.delete(number);
  });
  expect(visited).toBe(34);
  expect(table.size).toBe(0);
});

test('a call that stays while a hundred thousand come and go costs one place', () => {
  const table = new CallTable<{ readonly number: number }>();
  table.add({ number: 1 });
  for (let number = 2; number < 100_000; number++) {
    table.add({ number });
    if (number > 10) table.delete(number - 5);
  }
  expect(table.get(1)?.number).toBe(1);
  expect(table.size).toBeLessThan(20);
});
