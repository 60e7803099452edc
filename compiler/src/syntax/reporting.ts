/** What the grammar's rules stand on: the tokens around the present place, and what is reported about them. */
import {
  EmbeddedActionsParser,
  EOF,
  type IToken,
  type ParserMethod,
  type TokenType,
  tokenMatcher,
} from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import type { DiagnosticKind, Occurrence, Report } from '../diagnostics/diagnostic.js';
import { positionAt, type SourceFile, sourceFromText } from '../source/source-file.js';
import type { Span } from '../source/span.js';
import { type LexedFile, tokenSpan } from './lexer.js';
import { shorten } from './literals.js';
import * as t from './tokens.js';
import type { MissingNode } from './tree.js';

/** What is expected: the words for it, and, where the likely mistake is a misspelling, what can be spelled. */
export interface Expectation {
  readonly what: string;
  readonly words?: readonly string[];
}

const endOf = (token: IToken) => token.startOffset + token.image.length;

/**
 * One mistake is one error: a member reports its first syntax error only, and nothing is reported at the token at which
 * the last recovery ended, nor where the lexer lost something.
 */
export abstract class ReportingParser extends EmbeddedActionsParser {
  #source: SourceFile = sourceFromText('', '');
  #report: Report = () => {};
  #gaps: readonly Span[] = [];
  #nextGap = 0;
  /** Whether the member that is being read has reported its syntax error. */
  #failed = false;
  /** The token at which the last recovery ended. */
  #quietAt: IToken | undefined;

  constructor() {
    super(t.tokenTypes, { maxLookahead: 1 });
  }

  protected start(source: SourceFile, lexed: LexedFile, report: Report): void {
    this.input = lexed.tokens;
    this.#source = source;
    this.#report = report;
    this.#gaps = lexed.gaps;
    this.#nextGap = 0;
    this.#failed = false;
    this.#quietAt = undefined;
  }

  // ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected at(type: TokenType, ahead = 1): boolean {
    return tokenMatcher(this.LA(ahead), type);
  }

  /** Whether a token is on the line on which the one before it ended. */
  protected sameLine(ahead = 1): boolean {
    if (this.at(EOF, ahead)) return false;
    const from = this.at(EOF, ahead - 1) ? 0 : endOf(this.LA(ahead - 1));
    return !/[\r\n]/.test(this.#source.text.slice(from, this.LA(ahead).startOffset));
  }

  /** Where the next token starts, or the file ends. */
  protected nextStart(): number {
    return this.at(EOF) ? this.#source.text.length : this.LA(1).startOffset;
  }

  /** Where the last token ended; 0 at the start of the file. */
  protected lastEnd(): number {
    return this.at(EOF, 0) ? 0 : endOf(this.LA(0));
  }

  /** From an offset to the end of the last token. */
  protected spanFrom(start: number): Span {
    return { file: this.#source.path, start, end: Math.max(start, this.lastEnd()) };
  }

  protected tokenSpan(token: IToken): Span {
    return tokenSpan(this.#source.path, token);
  }

  /** Stands for what should come now. */
  protected missing(): MissingNode {
    const end = this.lastEnd();
    return { kind: 'missing', span: { file: this.#source.path, start: end, end } };
  }

  /** The column of a token, from 1. */
  protected column(token: IToken): number {
    return positionAt(this.#source, token.startOffset).column;
  }

  // ── reporting ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reports a mistake that does not disturb the reading of what follows. */
  protected report<P>(kind: DiagnosticKind<P>, span: Span, ...occurrence: Occurrence<P>): void {
    if (!this.RECORDING_PHASE) this.#report(kind, span, ...occurrence);
  }

  /**
   * Reports that something else should stand here, unless that follows from what is reported already.
   *
   * @param isHere whether the next token is the mistake, or something is missing before it
   */
  protected unexpected({ what, words }: Expectation, isHere = this.sameLine()): void {
    this.fail(() => {
      const found = this.LA(1);
      const word = words && this.at(t.Name) ? { word: found.image, words } : {};
      if (!isHere) this.report(diagnostics.missing, this.missing().span, { what });
      else
        this.report(diagnostics.expected, this.tokenSpan(found), {
          what,
          found: shorten(found.image),
          ...word,
        });
    });
  }

  /** Reports the syntax error of a member, unless it follows from what is reported already. */
  protected fail(report: () => void): void {
    if (this.RECORDING_PHASE) return;
    if (!this.#failed && this.LA(1) !== this.#quietAt && !this.#atGap()) report();
    this.#failed = true;
  }

  /** Whether the lexer has reported the next token, or lost something between the last one's start and its end. */
  #atGap(): boolean {
    if (this.at(t.MalformedNumber) || this.at(t.UnterminatedString)) return true;
    const from = this.at(EOF, 0) ? 0 : this.LA(0).startOffset;
    const to = this.at(EOF) ? this.#source.text.length : endOf(this.LA(1));
    while (this.#nextGap < this.#gaps.length && this.#gaps[this.#nextGap]!.end <= from) this.#nextGap++;
    const gap = this.#gaps[this.#nextGap];
    return gap !== undefined && gap.start <= to;
  }

  /** Reports nothing at the next token: a recovery ends here. */
  protected quietHere(): void {
    this.#quietAt = this.LA(1);
  }

  /** A rule for a declaration, member or parameter, which reports its own first syntax error and no more. */
  protected scopedRule<Arguments extends unknown[], Result>(
    name: string,
    read: (...given: Arguments) => Result,
  ): ParserMethod<Arguments, Result> {
    return this.RULE(name, (...given: Arguments) => this.scope(() => read(...given)));
  }

  /** Reads what reports its own first syntax error and no more. */
  protected scope<T>(read: () => T): T {
    const outer = this.#failed;
    this.#failed = false;
    const result = read();
    this.#failed = outer;
    return result;
  }
}
