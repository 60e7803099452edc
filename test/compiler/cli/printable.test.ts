import { expect, it } from 'vitest';
import { printable } from '../../../compiler/src/cli/printable.js';

it('what a server sends cannot command the terminal', () => {
  expect(printable('a\u001b[2J\u009b1m\u0000\r')).toBe('a\\u001b[2J\\u009b1m\\u0000\\u000d');
});

it('other text stays as it is', () => {
  const text = 'zwölf € 😀\n\ttabbed';
  expect(printable(text)).toBe(text);
});

it('JSON stays the same JSON', () => {
  const value = { '\u009b': '\u007f\u001b' };
  expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
});
