import { describe, expect, it } from 'vitest';
import { type Diagnostic, diagnose, error, warning } from '../../../compiler/src/diagnostics/diagnostic.js';
import { renderDiagnostic, renderJson } from '../../../compiler/src/diagnostics/render.js';
import { sourceFromText } from '../../../compiler/src/source/source-file.js';

const text = 'module m;\n\tstruct Größe {}\n/* long\nlonger */';
const sources = new Map([['a.idl', sourceFromText('a.idl', text)]]);
const span = (start: number, end: number) => ({ file: 'a.idl', start, end });

const unknown = error<{ name: string }>(
  'CVK9998',
  ({ name }) => `no '${name}'`,
  ({ name }) => (name === '' ? undefined : `did you mean '${name}s'?`),
);
const odd = warning('CVK9999', () => 'odd');

const render = (diagnostic: Diagnostic, colour = false) =>
  renderDiagnostic(diagnostic, sources, { colour }).split('\n');

describe('as text', () => {
  it('underlines the span, after tabs too', () => {
    expect(render(diagnose(unknown, span(18, 23), { name: 'Maß' }))).toEqual([
      "a.idl:2:9: error CVK9998: no 'Maß'",
      '    2 | \tstruct Größe {}',
      '      | \t       ^^^^^',
      "  hint: did you mean 'Maßs'?",
    ]);
  });

  it('marks one place where nothing stands', () => {
    expect(render(diagnose(odd, span(9, 9)))).toEqual([
      'a.idl:1:10: warning CVK9999: odd',
      '    1 | module m;',
      '      |          ^',
    ]);
  });

  it('marks the first line of several', () => {
    expect(render(diagnose(unknown, span(27, text.length), { name: '' }))).toEqual([
      "a.idl:3:1: error CVK9998: no ''",
      '    3 | /* long',
      '      | ^^^^^^^',
    ]);
  });

  it('shows related places', () => {
    const related = [{ span: span(7, 8), message: 'first here' }];
    expect(render(diagnose(odd, span(0, 6), undefined, related)).slice(3)).toEqual([
      '  a.idl:1:8: first here',
      '    1 | module m;',
      '      |        ^',
    ]);
  });

  it('has no frame for a file that could not be read', () => {
    expect(render(diagnose(odd, { file: 'b.idl', start: 0, end: 0 }))).toEqual([
      'b.idl:1:1: warning CVK9999: odd',
    ]);
  });

  it('shows the part of a long line around the span, and no control characters', () => {
    const long = `${'a'.repeat(500)}\u001b[31m${'b'.repeat(500)}`;
    const source = new Map([['a.idl', sourceFromText('a.idl', long)]]);
    const [, line, mark] = renderDiagnostic(diagnose(odd, span(500, 505)), source, { colour: false }).split(
      '\n',
    );
    expect(line).toBe(`    1 | ${'a'.repeat(40)}\uFFFD[31m${'b'.repeat(75)}`);
    expect(mark).toBe(`      | ${' '.repeat(40)}^^^^^`);
  });

  it('is coloured only where that is asked for', () => {
    const diagnostic = diagnose(odd, span(0, 6));
    expect(render(diagnostic, true).join('\n')).toContain('\u001b[33m^^^^^^\u001b[39m');
    expect(render(diagnostic).join('\n')).not.toContain('\u001b');
  });
});

describe('as JSON', () => {
  it('has lines and columns from 1', () => {
    const json = renderJson(diagnose(unknown, span(27, text.length), { name: 'Rate' }), sources);
    expect(json).toBe(
      `{"file":"a.idl","line":3,"column":1,"endLine":4,"endColumn":10,"severity":"error","code":"CVK9998","message":"no 'Rate'","hint":"did you mean 'Rates'?"}`,
    );
  });

  it('leaves out a hint that there is not', () => {
    expect(JSON.parse(renderJson(diagnose(odd, span(0, 6)), sources))).toEqual({
      ...{ file: 'a.idl', line: 1, column: 1, endLine: 1, endColumn: 7 },
      ...{ severity: 'warning', code: 'CVK9999', message: 'odd' },
    });
  });
});
