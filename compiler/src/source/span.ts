/** A half-open stretch of one source file, in UTF-16 code units from its start. */
export interface Span {
  /** The path of the source file, as diagnostics name it. */
  readonly file: string;
  /** The offset of the first character. */
  readonly start: number;
  /** The offset behind the last character; equal to `start` where the span is a place between two. */
  readonly end: number;
}
