import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceFromText } from '../../../compiler/src/source/source-file.js';
import { lex } from '../../../compiler/src/syntax/lexer.js';
import { parse } from '../../../compiler/src/syntax/parse.js';
import { nodesIn } from './dump.js';

const folder = fileURLToPath(new URL('golden/', import.meta.url));
const files = readdirSync(folder).filter(file => file.endsWith('.idl') && !file.endsWith('.bad.idl'));

/** The pieces of a file: each token with the white space and comments before it. */
function piecesOf(text: string): string[] {
  const ends = lex(sourceFromText('a.idl', text), () => {}).tokens.map(
    token => token.startOffset + token.image.length,
  );
  return [0, ...ends].map((start, index) => text.slice(start, ends[index])).filter(piece => piece !== '');
}

/** Whatever the text, all spans are in the file, and the parser comes to an end. */
function checkTree(text: string): void {
  const { tree, diagnostics } = parse(sourceFromText('a.idl', text));
  const outside = [...diagnostics, ...nodesIn(tree)].filter(
    ({ span }) => !(0 <= span.start && span.start <= span.end && span.end <= text.length),
  );
  expect(outside).toEqual([]);
}

const mutations: Readonly<Record<string, (pieces: string[], at: number, other: number) => string[]>> = {
  delete: (pieces, at) => pieces.toSpliced(at, 1),
  duplicate: (pieces, at) => pieces.toSpliced(at, 0, pieces[at]!),
  swap: (pieces, at, other) => pieces.with(at, pieces[other]!).with(other, pieces[at]!),
  truncate: (pieces, at) => pieces.slice(0, at),
};

describe.each(files)('%s', file => {
  const text = readFileSync(folder + file, 'utf8');
  const pieces = piecesOf(text);

  it('is the sum of its pieces', () => {
    expect(pieces.join('')).toBe(text);
  });

  it('with any one token deleted has its other declarations, and as good as always one error', () => {
    const whole = parse(sourceFromText('a.idl', text)).tree.declarations.length;
    const cascades: string[] = [];
    for (const at of pieces.keys()) {
      const mutant = sourceFromText('a.idl', pieces.toSpliced(at, 1).join(''));
      const { tree, diagnostics } = parse(mutant);
      expect(tree.declarations.length, pieces[at]).toBeGreaterThanOrEqual(whole - 1);
      if (diagnostics.length > 1)
        cascades.push(`${at} ${pieces[at]}: ${diagnostics.map(d => d.message).join('; ')}`);
    }
    expect(cascades.length, cascades.join('\n')).toBeLessThan(pieces.length / 50);
  });

  it.each(Object.keys(mutations))('is read whatever tokens one does this to: %s', name => {
    const index = fc.nat(pieces.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(index, index), { minLength: 1, maxLength: 5 }), places => {
        const mutate = (current: string[], [at, other]: [number, number]) =>
          mutations[name]!(current, at % current.length, other % current.length);
        const mutant = places.reduce(
          (current, place) => (current.length === 0 ? current : mutate(current, place)),
          pieces,
        );
        checkTree(mutant.join(''));
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe('whatever the text', () => {
  const token = fc.constantFrom(
    ...[
      'struct',
      'enum',
      'closed',
      'interface',
      'group',
      'import',
      'type',
      'const',
      'module',
      'reserved',
      'default',
    ],
    ...[
      'where',
      'stream',
      'throws',
      'maybe',
      'at-least-once',
      'deadline',
      'order',
      'replies',
      'list',
      'void',
      'a',
      'B',
    ],
    ...[
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      '<',
      '>',
      ';',
      ',',
      ':',
      '=',
      '?',
      '@',
      '@1',
      '..',
      '.',
      '"s"',
      '"',
      "'",
      '1',
      '2s',
    ],
    ...['\n', '///', '//', '/*', '*/', '§', '1x', '\u{1F600}', '\\', '-'],
  );
  it.each([
    ['of tokens', fc.array(token, { maxLength: 80 }).map(tokens => tokens.join(' '))],
    ['of characters', fc.string({ unit: 'binary', maxLength: 80 })],
  ])('%s, it is read', (_, texts) => {
    fc.assert(fc.property(texts, checkTree), { numRuns: 3_000, seed: 1 });
  });
});
