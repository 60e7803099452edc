import type { Diagnostic } from '../../../compiler/src/diagnostics/diagnostic.js';
import { positionAt, type SourceFile } from '../../../compiler/src/source/source-file.js';

/**
 * The places that a fixture marks: a comment of nothing but `^` stands below what a diagnostic is to underline.
 *
 * @returns `file:line:column-endColumn`, sorted
 */
export function expectedPlaces(sources: Iterable<SourceFile>): string[] {
  return [...sources].flatMap(markedIn).sort();
}

/** The places of diagnostics, in the form of `expectedPlaces`. */
export function actualPlaces(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, SourceFile>,
): string[] {
  return diagnostics
    .map(({ span }) => {
      const source = sources.get(span.file)!;
      const { line, column } = positionAt(source, span.start);
      return `${span.file}:${line}:${column}-${column + span.end - span.start}`;
    })
    .sort();
}

function markedIn({ path, text }: SourceFile): string[] {
  return text.split('\n').flatMap((line, index) => {
    const mark = /^(\/\/ *)(\^+)$/.exec(line);
    if (!mark) return [];
    const column = mark[1]!.length + 1;
    return [`${path}:${index}:${column}-${column + mark[2]!.length}`];
  });
}
