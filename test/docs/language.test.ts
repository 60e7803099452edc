import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileFiles } from '../compiler/check/compile-text.js';

const page = readFileSync(new URL('../../docs/LANGUAGE.md', import.meta.url), 'utf8');
const samples = [...page.matchAll(/^```idl[^\n]*\n(.*?)^```$/gms)].map(match => ({
  line: page.slice(0, match.index).split('\n').length,
  text: match[1]!,
}));

/** What the samples import. */
const money = 'module money.v1; struct Money { @1 units: i64; } type Rate = f64;';

describe('the samples of docs/LANGUAGE.md', () => {
  it('are found', () => {
    expect(samples).toHaveLength(page.split('```idl').length - 1);
    expect(samples.length).toBeGreaterThan(10);
  });

  it.each(samples)('in line $line: nothing is wrong', ({ text }) => {
    const sample = /^module /m.test(text) ? text : `module sample.v1;\n${text}`;
    const { diagnostics, sources } = compileFiles({ 'sample.idl': sample, 'money.idl': money }, [
      'sample.idl',
    ]);
    expect(
      diagnostics.map(({ code, message, span }) => {
        const line = sources.get(span.file)!.text.slice(0, span.start).split('\n').length;
        return `${line}: ${code} ${message}`;
      }),
    ).toEqual([]);
  });
});
