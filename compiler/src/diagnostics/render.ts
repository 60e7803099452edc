/** Diagnostics as people and programs read them. */
import pc from 'picocolors';
import { lineText, type Position, positionAt, type SourceFile } from '../source/source-file.js';
import type { Span } from '../source/span.js';
import type { Diagnostic } from './diagnostic.js';

/** Source files by path, as `Compilation.sources` has them. */
export type Sources = ReadonlyMap<string, SourceFile>;
type Colours = ReturnType<typeof pc.createColors>;

/** As much of a line as a frame shows, in characters. */
const frameWidth = 120;

/** How much of it stands before the span where the line is longer. */
const frameLead = 40;

/**
 * `file:line:col: error CVK1234: message`, the line with the span underlined, the related places, and the hint; without a
 * line break at the end. A file that is not among the sources, because it could not be read, has no frame.
 */
export function renderDiagnostic(
  { code, severity, message, span, related = [], hint }: Diagnostic,
  sources: Sources,
  { colour }: { readonly colour: boolean },
): string {
  const colours = pc.createColors(colour);
  const paint = severity === 'error' ? colours.red : colours.yellow;
  return [
    `${colours.bold(place(span, sources))}: ${paint(`${severity} ${code}`)}: ${colours.bold(message)}`,
    ...frame(span, sources, colours, paint),
    ...related.flatMap(({ span, message }) => [
      `  ${place(span, sources)}: ${message}`,
      ...frame(span, sources, colours, colours.cyan),
    ]),
    ...(hint === undefined ? [] : [`  ${colours.cyan('hint:')} ${hint}`]),
  ].join('\n');
}

/** One line of JSON; lines and columns from 1, `hint` only where there is one. */
export function renderJson({ span, severity, code, message, hint }: Diagnostic, sources: Sources): string {
  const { line, column } = position(span.file, span.start, sources);
  const { line: endLine, column: endColumn } = position(span.file, span.end, sources);
  return JSON.stringify({ file: span.file, line, column, endLine, endColumn, severity, code, message, hint });
}

function place(span: Span, sources: Sources): string {
  const { line, column } = position(span.file, span.start, sources);
  return `${span.file}:${line}:${column}`;
}

function position(file: string, offset: number, sources: Sources): Position {
  const source = sources.get(file);
  return source ? positionAt(source, offset) : { line: 1, column: 1 };
}

/** The line on which a span starts, and below it a line that marks the span, or as much as is on that line. */
function frame(span: Span, sources: Sources, colours: Colours, paint: (text: string) => string): string[] {
  const source = sources.get(span.file);
  if (!source) return [];
  const { line, column } = positionAt(source, span.start);
  const text = lineText(source, line);
  const first = text.length <= frameWidth ? 0 : Math.max(0, column - 1 - frameLead);
  const shown = printable(text.slice(first, first + frameWidth));
  const start = column - 1 - first;
  const end = Math.min(start + span.end - span.start, shown.length);
  const gutter = `${line} | `.padStart(8);
  const indent = blank(shown.slice(0, start));
  const mark = '^'.repeat(Math.max(1, [...shown.slice(start, end)].length));
  return [
    `${colours.dim(gutter)}${shown}`,
    `${colours.dim('| '.padStart(gutter.length))}${indent}${paint(mark)}`,
  ];
}

/** Spaces as wide as a text, tabs as they are. */
const blank = (text: string) => text.replace(/[^\t]/gu, ' ');

/** Without the characters that would move a terminal's cursor. */
const printable = (text: string) => text.replace(/[^\t\P{Cc}]/gu, '\uFFFD');
