/** What the compiler says about a source file. */
import type { Span } from '../source/span.js';

/** Errors keep anything from being generated; warnings do not. */
export type Severity = 'error' | 'warning';

/** Names a kind of diagnostic for good: `CVK1001`. */
export type DiagnosticCode = `CVK${number}`;

/** One thing to be said about a source file. */
export interface Diagnostic {
  /** Of which kind it is. */
  readonly code: DiagnosticCode;
  /** Whether it is to be mended before anything is generated. */
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** Where. */
  readonly span: Span;
  /** The likely fix. */
  readonly hint?: string;
  /** Other places that have a part in it: where a name was declared first. */
  readonly related?: readonly Related[];
}

/** A place that has a part in a diagnostic. */
export interface Related {
  /** Where it is. */
  readonly span: Span;
  /** What part it has. */
  readonly message: string;
}

/** One entry of the catalogue: a kind of diagnostic, worded for the parameters of an occurrence. */
export interface DiagnosticKind<Parameters = undefined> {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  message(parameters: Parameters): string;
  hint?(parameters: Parameters): string | undefined;
}

/** The parameters of a kind, if it has any, and the related places. */
export type Occurrence<Parameters> = [Parameters] extends [undefined]
  ? [parameters?: undefined, related?: readonly Related[]]
  : [parameters: Parameters, related?: readonly Related[]];

/** Takes a diagnostic in: `report(diagnostics.duplicateId, span, { id, first })`. */
export type Report = <Parameters>(
  kind: DiagnosticKind<Parameters>,
  span: Span,
  ...occurrence: Occurrence<Parameters>
) => void;

/** Declares a kind of error. */
export function error<Parameters = undefined>(
  code: DiagnosticCode,
  message: (parameters: Parameters) => string,
  hint?: (parameters: Parameters) => string | undefined,
): DiagnosticKind<Parameters> {
  return { code, severity: 'error', message, ...(hint && { hint }) };
}

/** Declares a kind of warning. */
export function warning<Parameters = undefined>(
  code: DiagnosticCode,
  message: (parameters: Parameters) => string,
  hint?: (parameters: Parameters) => string | undefined,
): DiagnosticKind<Parameters> {
  return { code, severity: 'warning', message, ...(hint && { hint }) };
}

/** Words one occurrence of a kind. */
export function diagnose<Parameters>(
  kind: DiagnosticKind<Parameters>,
  span: Span,
  ...[parameters, related]: Occurrence<Parameters>
): Diagnostic {
  const hint = kind.hint?.(parameters as Parameters);
  return {
    code: kind.code,
    severity: kind.severity,
    message: kind.message(parameters as Parameters),
    span,
    ...(hint !== undefined && { hint }),
    ...(related && { related }),
  };
}

/** A `Report` that collects into `diagnostics`. */
export function collect(diagnostics: Diagnostic[]): Report {
  return (kind, span, ...occurrence) => {
    diagnostics.push(diagnose(kind, span, ...occurrence));
  };
}
