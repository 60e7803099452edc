import { describe, expect, it } from 'vitest';
import { declarations } from '../../../compiler/src/diagnostics/catalogue/declarations.js';
import { groups } from '../../../compiler/src/diagnostics/catalogue/groups.js';
import { interfaces } from '../../../compiler/src/diagnostics/catalogue/interfaces.js';
import { lint } from '../../../compiler/src/diagnostics/catalogue/lint.js';
import { names } from '../../../compiler/src/diagnostics/catalogue/names.js';
import { support } from '../../../compiler/src/diagnostics/catalogue/support.js';
import { syntax } from '../../../compiler/src/diagnostics/catalogue/syntax.js';
import { diagnostics } from '../../../compiler/src/diagnostics/catalogue.js';

const areas = { 1: syntax, 2: names, 3: declarations, 4: interfaces, 5: groups, 8: lint, 9: support };

describe('the catalogue', () => {
  it('has a code of its own for every diagnostic', () => {
    const codes = Object.values(areas).flatMap(area => Object.values(area).map(({ code }) => code));
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('holds every area, and no name twice', () => {
    const entries = Object.values(areas).flatMap(area => Object.entries(area));
    expect(Object.keys(diagnostics)).toHaveLength(entries.length);
    expect(diagnostics).toEqual(Object.fromEntries(entries));
  });

  it.each(Object.entries(areas))(
    'has codes CVK%sxxx in one area, warnings among them only in 8',
    (digit, area) => {
      for (const { code, severity } of Object.values(area)) {
        expect(code).toMatch(new RegExp(`^CVK${digit}\\d{3}$`));
        if (digit === '8') expect(severity).toBe('warning');
      }
    },
  );
});
