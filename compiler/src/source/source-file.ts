import type { Span } from './span.js';

/** The text of one `.idl` file, and where its lines begin. */
export interface SourceFile {
  /** As diagnostics name it. */
  readonly path: string;
  /** Without a byte order mark. */
  readonly text: string;
  /** Offset of each line's first character; LF, CRLF and a lone CR end a line. */
  readonly lineStarts: readonly number[];
  /** Where the first bytes stood that are not UTF-8, if any; they are U+FFFD in `text`. */
  readonly invalidUtf8: Span | undefined;
}

/** Both from 1; columns count UTF-16 code units. */
export interface Position {
  /** 1 for the first. */
  readonly line: number;
  /** 1 for the first character of the line. */
  readonly column: number;
}

const byteOrderMark = '\uFEFF';
const replacement = '\uFFFD';

/** A source file whose text is in memory. */
export function sourceFromText(path: string, text: string): SourceFile {
  const withoutMark = text.startsWith(byteOrderMark) ? text.slice(1) : text;
  return { path, text: withoutMark, lineStarts: findLineStarts(withoutMark), invalidUtf8: undefined };
}

/** A source file as it was read; never throws, `parse` reports what is not UTF-8. */
export function sourceFromBytes(path: string, bytes: Uint8Array): SourceFile {
  const source = sourceFromText(path, new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const start = firstDifference(source.text, bytes);
  if (start === undefined) return source;
  return { ...source, invalidUtf8: { file: path, start, end: start + 1 } };
}

/** The line and column of an offset; one past the last character is the end of the file. */
export function positionAt(source: SourceFile, offset: number): Position {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (source.lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - source.lineStarts[low]! + 1 };
}

/** A line, counted from 1, without its ending. */
export function lineText(source: SourceFile, line: number): string {
  const text = source.text.slice(source.lineStarts[line - 1], source.lineStarts[line]);
  return text.replace(/[\r\n]+$/, '');
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (const ending of text.matchAll(/\r\n|\r|\n/g)) starts.push(ending.index + ending[0].length);
  return starts;
}

/** The offset of the first U+FFFD that stands for bytes which are not UTF-8; a file may hold the character itself. */
function firstDifference(text: string, bytes: Uint8Array): number | undefined {
  let offset = text.indexOf(replacement);
  if (offset < 0) return undefined;
  const encoder = new TextEncoder();
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let position = start + encoder.encode(text.slice(0, offset)).length;
  while (offset >= 0) {
    const genuine = bytes[position] === 0xef && bytes[position + 1] === 0xbf && bytes[position + 2] === 0xbd;
    if (!genuine) return offset;
    const next = text.indexOf(replacement, offset + 1);
    if (next < 0) return undefined;
    position += encoder.encode(text.slice(offset, next)).length;
    offset = next;
  }
  return undefined;
}
