/** A half-open stretch of one source file, in UTF-16 code units from its start. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}
