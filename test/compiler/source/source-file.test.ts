import { describe, expect, it } from 'vitest';
import {
  lineText,
  positionAt,
  sourceFromBytes,
  sourceFromText,
} from '../../../compiler/src/source/source-file.js';

const bytesOf = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

describe('positions', () => {
  const source = sourceFromText('a.idl', 'ab\ncd\r\n\re😀f\n');

  it.each([
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [5, 2, 3],
    [7, 3, 1],
    [8, 4, 1],
    [11, 4, 4],
    [12, 4, 5],
    [13, 5, 1],
  ])('offset %i is line %i, column %i', (offset, line, column) => {
    expect(positionAt(source, offset)).toEqual({ line, column });
  });

  it('counts one line in an empty file', () => {
    expect(positionAt(sourceFromText('a.idl', ''), 0)).toEqual({ line: 1, column: 1 });
  });

  it('gives lines without their endings', () => {
    expect([1, 2, 3, 4, 5].map(line => lineText(source, line))).toEqual(['ab', 'cd', '', 'e😀f', '']);
  });
});

describe('bytes', () => {
  const mark = [0xef, 0xbb, 0xbf];
  const replacement = [0xef, 0xbf, 0xbd];

  it('lose their byte order mark', () => {
    expect(sourceFromBytes('a.idl', bytesOf(mark, 'ä'))).toMatchObject({ text: 'ä', invalidUtf8: undefined });
    expect(sourceFromText('a.idl', '\uFEFFä').text).toBe('ä');
  });

  it.each([
    ['nothing wrong', bytesOf('aä😀'), undefined],
    ['the replacement character itself', bytesOf(mark, 'ä', replacement, 'b', replacement), undefined],
    ['Latin-1', bytesOf('a\n', [0xe4], 'b'), 2],
    ['a sequence that is cut off', bytesOf('ä', [0xf0, 0x9f]), 1],
    ['a surrogate', bytesOf('a', [0xed, 0xa0, 0x80]), 1],
    ['an overlong form', bytesOf([0xc0, 0xaf]), 0],
    ['UTF-16', bytesOf([0xff, 0xfe, 0x61, 0x00]), 0],
    [
      'a mistake after a genuine replacement character',
      bytesOf(mark, 'ä', replacement, [0xff], replacement),
      2,
    ],
  ])('with %s', (_, bytes, start) => {
    const { invalidUtf8 } = sourceFromBytes('a.idl', bytes);
    expect(invalidUtf8).toEqual(start === undefined ? undefined : { file: 'a.idl', start, end: start + 1 });
  });
});
