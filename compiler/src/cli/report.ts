/** Diagnostics as a person or a program reads them, and the line that sums them up. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { renderDiagnostic, renderJson } from '../diagnostics/render.js';
import type { SourceFile } from '../source/source-file.js';
import { type Io, wantsColour } from './io.js';

export interface Findings {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, SourceFile>;
}

/** Writes all diagnostics: text to standard error, or JSON lines to standard output. */
export function writeDiagnostics(io: Io, { diagnostics, sources }: Findings, json: boolean): void {
  const colour = wantsColour(io.stderr, io.env);
  for (const diagnostic of diagnostics) {
    if (json) io.stdout.write(`${renderJson(diagnostic, sources)}\n`);
    else io.stderr.write(`${renderDiagnostic(diagnostic, sources, { colour })}\n\n`);
  }
}

export function countErrors({ diagnostics }: Findings): number {
  return diagnostics.filter(({ severity }) => severity === 'error').length;
}

/** `5 errors and 1 warning in 2 files.`; `undefined` when there is nothing to count. */
export function summarise(findings: Findings): string | undefined {
  const { diagnostics } = findings;
  if (diagnostics.length === 0) return undefined;
  const errors = countErrors(findings);
  const counted = [count(errors, 'error'), count(diagnostics.length - errors, 'warning')].filter(
    text => !text.startsWith('0 '),
  );
  const files = new Set(diagnostics.map(({ span }) => span.file)).size;
  return `${counted.join(' and ')} in ${count(files, 'file')}.`;
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
