/** From the text of a literal to its value. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Report } from '../diagnostics/diagnostic.js';
import type { Span } from '../source/span.js';

const smallestInteger = -(2n ** 63n);
const biggestInteger = 2n ** 64n - 1n;

const millisecondsPer: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** @returns `undefined`, and reports, when no type of the language holds the number; so do the next two */
export function decodeInteger(text: string, span: Span, report: Report): bigint | undefined {
  const digits = text.replaceAll('_', '').replace(/^-/, '');
  const magnitude = digits.length > 100 ? biggestInteger + 1n : BigInt(digits);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  if (smallestInteger <= value && value <= biggestInteger) return value;
  report(diagnostics.numberTooBig, span, { text: shorten(text) });
  return undefined;
}

/** `500ms`, `1.5s`, `2m`, `1h` in milliseconds; `undefined` for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(number) * millisecondsPer[unit]!;
}

export function decodeFloat(text: string, span: Span, report: Report): number | undefined {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isFinite(value)) return value;
  report(diagnostics.numberTooBig, span, { text: shorten(text) });
  return undefined;
}

/** In milliseconds. */
export function decodeDuration(text: string, span: Span, report: Report): number | undefined {
  const value = parseDuration(text.replaceAll('_', ''));
  if (value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  report(diagnostics.numberTooBig, span, { text: shorten(text) });
  return undefined;
}

/** The text between the quotes with its escapes resolved; one that is unknown is reported and left as it is. */
export function decodeString(text: string, span: Span, report: Report): string {
  const value = text
    .slice(1, -1)
    .replaceAll(
      /\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|([\s\S]))/giu,
      (
        sequence: string,
        braced: string | undefined,
        plain: string | undefined,
        letter: string,
        at: number,
      ) => {
        const digits = braced ?? plain;
        const codePoint = digits === undefined ? undefined : Number.parseInt(digits, 16);
        if (codePoint !== undefined && codePoint <= 0x10ffff) return String.fromCodePoint(codePoint);
        const resolved = simpleEscapes[letter];
        if (resolved !== undefined) return resolved;
        const start = span.start + 1 + at;
        report(diagnostics.badEscape, { file: span.file, start, end: start + sequence.length }, { sequence });
        return sequence;
      },
    );
  if (/\p{Surrogate}/u.test(value)) report(diagnostics.loneSurrogate, span);
  return value;
}

/** A piece of source as messages quote it. */
export function shorten(text: string): string {
  const limit = 40;
  return text.length > limit ? `${text.slice(0, limit)}...` : text;
}
