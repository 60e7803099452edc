import { isUtf8 } from 'node:buffer';

/** Buffer's own UTF-8 routines, which skip the choice of an encoding; older than Node 0.10, though not in its types. */
interface Utf8Buffer {
  utf8Write(text: string, offset: number, length?: number): number;
  utf8Slice(start: number, end: number): string;
}

/** Writes UTF-8 at `offset` and returns how many bytes it took. Lone surrogates become U+FFFD. */
export function writeUtf8(buffer: Buffer, text: string, offset: number): number {
  return (buffer as Buffer & Utf8Buffer).utf8Write(text, offset);
}

/** Reads UTF-8; `undefined` when the bytes are not valid UTF-8. */
export function readUtf8(buffer: Buffer, start: number, length: number): string | undefined {
  if (length <= shortText) {
    const text = readShortAscii(buffer, start, length);
    if (text !== undefined) return text;
  }
  const text = (buffer as Buffer & Utf8Buffer).utf8Slice(start, start + length);
  // Bad bytes decode to U+FFFD. Looking for it is free in a string of Latin-1, and the second look is rare.
  if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, start + length))) return undefined;
  return text;
}

/** Up to here the characters are put together one by one. */
const shortText = 12;

const ascii = String.fromCharCode;

/**
 * Up to 12 ASCII characters; `undefined` when there is a byte above 127. `fromCharCode` with its arguments written out
 * makes a string without a call out of JavaScript, and V8 joins strings into a flat one up to this length: a third of
 * the time of `utf8Slice`.
 */
function readShortAscii(bytes: Uint8Array, start: number, length: number): string | undefined {
  if (length < 4) return readTinyAscii(bytes, start, length);
  const a = bytes[start]!;
  const b = bytes[start + 1]!;
  const c = bytes[start + 2]!;
  const d = bytes[start + 3]!;
  if ((a | b | c | d) > 127) return undefined;
  const head = ascii(a, b, c, d);
  if (length === 4) return head;
  const rest = readShortAscii(bytes, start + 4, length - 4);
  return rest === undefined ? undefined : head + rest;
}

function readTinyAscii(bytes: Uint8Array, start: number, length: number): string | undefined {
  if (length === 0) return '';
  const a = bytes[start]!;
  if (length === 1) return a > 127 ? undefined : ascii(a);
  const b = bytes[start + 1]!;
  if (length === 2) return (a | b) > 127 ? undefined : ascii(a, b);
  const c = bytes[start + 2]!;
  return (a | b | c) > 127 ? undefined : ascii(a, b, c);
}
