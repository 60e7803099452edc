/**
 * How the parser gets over mistakes.
 *
 * Nothing here throws. A token that must stand and does not is reported and taken as read; what a member leaves over at
 * its end is skipped. Chevrotain's own recovery skips to any token that may follow, which in a language without reserved
 * words is nearly every one.
 *
 * One mistake is one error: a member reports its first syntax error only, and nothing is reported at the token at which
 * the last recovery ended, nor where the lexer lost something.
 */
import {
  EmbeddedActionsParser,
  EOF,
  type IToken,
  type TokenType,
  tokenLabel,
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

const declarationKeywords: ReadonlySet<TokenType> = new Set([
  ...[t.Module, t.Import, t.Export, t.Const, t.Type, t.Closed, t.Enum, t.Struct, t.Union, t.ErrorKeyword],
  ...[t.Interface, t.Group],
]);

const openBrackets: ReadonlySet<TokenType> = new Set([
  ...[t.AngleOpen, t.BracketOpen, t.BraceOpen, t.ParenthesisOpen],
]);
const closeBrackets: ReadonlySet<TokenType> = new Set([
  ...[t.AngleClose, t.BracketClose, t.BraceClose, t.ParenthesisClose],
]);

/** How many tokens of annotations are looked past for the declaration that they stand before. */
const annotationLookahead = 64;

const endOf = (token: IToken) => token.startOffset + token.image.length;

/** What is expected: the words for it, and, where the likely mistake is a misspelling, what can be spelled. */
export interface Expectation {
  readonly what: string;
  readonly words?: readonly string[];
}

export interface Body {
  /** The first token of the declaration whose body it is. */
  readonly declaration: IToken;
  /** What its members are in messages. */
  readonly what: string;
  /** Reads one. */
  member(): void;
  /** Tells that a member begins where it looks as if a declaration did. */
  atMember?(): boolean;
  /** Whether its members have ids inside them, too. */
  readonly ofProcedures?: boolean;
}

export abstract class RecoveringParser extends EmbeddedActionsParser {
  #source: SourceFile = sourceFromText('', '');
  #report: Report = () => {};
  #gaps: readonly Span[] = [];
  #nextGap = 0;
  /** Whether the member that is being read has reported its syntax error. */
  #failed = false;
  /** Of the body that is being read. */
  #ofProcedures = false;
  /** How many bodies were taken to end without their `}`, which may yet turn up. */
  #unclosed = 0;
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
    this.#unclosed = 0;
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
  protected unexpected(expectation: Expectation, isHere = this.sameLine()): void {
    this.fail(() => {
      if (isHere) this.#reportFound(expectation);
      else this.report(diagnostics.missing, this.missing().span, { what: expectation.what });
    });
  }

  #reportFound({ what, words }: Expectation): void {
    const found = this.LA(1);
    const word = words && tokenMatcher(found, t.Name) ? { word: found.image, words } : {};
    this.report(diagnostics.expected, this.tokenSpan(found), { what, found: shorten(found.image), ...word });
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

  // ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads a token; reports where it is missing, and goes on as if it stood there. */
  protected expect(type: TokenType, index = 0, what = tokenLabel(type)): IToken | undefined {
    if (this.RECORDING_PHASE || this.at(type)) return this.consume(index, type);
    this.unexpected({ what });
    return undefined;
  }

  /** As `expect`, but what stands before the token on its line is skipped. */
  protected expectAfterMore(type: TokenType): void {
    if (!this.RECORDING_PHASE && !this.at(type)) {
      this.unexpected({ what: tokenLabel(type) });
      while (this.sameLine() && !this.at(t.Semicolon) && !this.at(type)) this.#skip();
    }
    if (this.RECORDING_PHASE || this.at(type)) this.consume(0, type);
  }

  /** Reads a declaration, member or parameter, which reports its own first syntax error and no more. */
  protected scope<T>(read: () => T): T {
    const outer = this.#failed;
    this.#failed = false;
    const result = read();
    this.#failed = outer;
    return result;
  }

  /** Reads the `;` of a member, and skips what the member leaves over. */
  protected endOfMember(): void {
    if (this.RECORDING_PHASE || this.at(t.Semicolon)) {
      this.consume(0, t.Semicolon);
    } else if (!this.sameLine() || this.at(t.BraceClose) || this.at(t.At) || this.atDeclaration()) {
      this.fail(() => this.report(diagnostics.missing, this.missing().span, { what: "';'" }));
      this.#quietAt = this.LA(1);
    } else {
      const separator =
        this.at(t.Comma) && (!this.sameLine(2) || this.at(t.At, 2) || this.at(t.BraceClose, 2));
      this.unexpected({ what: "';'" });
      if (separator) this.#skip();
      else this.#skipMember();
    }
  }

  /** Reads a body: members between braces, and what is none skipped. */
  protected body({ declaration, what, member, atMember = () => false, ofProcedures = false }: Body): void {
    this.#ofProcedures = ofProcedures;
    const open = this.#openBody();
    if (!open) return;
    do {
      this.MANY({ GATE: () => atMember() || !this.atDeclaration(), DEF: member });
    } while (this.#skipToMember(declaration, { what }));
    this.#closeBody(open);
  }

  /**
   * Reads the `{` of a body, over what stands before it by mistake.
   *
   * @returns what opens the body, which is the last token where the `{` is missing; `undefined` where there is no body
   */
  #openBody(): IToken | undefined {
    if (this.RECORDING_PHASE || this.at(t.BraceOpen)) return this.consume(0, t.BraceOpen);
    this.unexpected({ what: "'{'" });
    while (!this.at(t.BraceOpen)) {
      if (this.at(EOF) || this.#atDeclarationLine()) return undefined;
      if (!this.sameLine() || this.at(t.At) || this.at(t.BraceClose)) return this.LA(0);
      if (this.#skip().tokenType === t.Semicolon) {
        this.#unclosed++;
        return undefined;
      }
    }
    return this.consume(0, t.BraceOpen);
  }

  #closeBody(open: IToken): void {
    if (this.RECORDING_PHASE || this.at(t.BraceClose)) {
      this.consume(0, t.BraceClose);
    } else {
      const opened = { span: this.tokenSpan(open), message: "this '{' is not closed" };
      this.scope(() =>
        this.fail(() => this.report(diagnostics.unclosed, this.missing().span, undefined, [opened])),
      );
      this.#quietAt = this.LA(1);
      this.#unclosed++;
    }
  }

  // ── skipping ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Skips a stretch of a body that is no member; returns whether members may follow. */
  #skipToMember(declaration: IToken, expectation: Expectation): boolean {
    if (this.RECORDING_PHASE || this.at(t.BraceClose) || this.at(EOF)) return false;
    if (this.atDeclaration()) {
      if (!this.#isInside(declaration)) return false;
      this.report(diagnostics.nestedDeclaration, this.tokenSpan(this.LA(1)));
    } else {
      this.#reportStretch(expectation);
    }
    this.#skipStretch();
    return true;
  }

  /** Skips what is no declaration, outside all bodies; returns whether declarations may follow. */
  protected skipToDeclaration(expectation: Expectation): boolean {
    if (this.RECORDING_PHASE || this.at(EOF)) return false;
    this.#reportStretch(expectation);
    this.skipDeclaration();
    return true;
  }

  /** Skips what was reported to be no declaration. */
  protected skipDeclaration(): void {
    this.#skipStretch();
    if (!this.at(t.Name)) this.#quietAt = this.LA(1);
  }

  /** Skips the rest of a parameter that was not read to its end. */
  protected skipParameter(): void {
    if (this.RECORDING_PHASE || this.at(t.Comma) || this.at(t.ParenthesisClose)) return;
    this.unexpected({ what: "',' or ')'" });
    let depth = 0;
    while (!this.atBoundary() && !this.at(t.Semicolon)) {
      if (this.at(t.ParenthesisOpen)) depth++;
      if (this.at(t.ParenthesisClose) && depth-- === 0) break;
      if (this.at(t.Comma) && this.at(t.At, 2)) break;
      this.#skip();
    }
    this.#quietAt = this.LA(1);
  }

  #reportStretch(expectation: Expectation): void {
    const brace = this.at(t.BraceClose);
    if (brace && this.#unclosed-- > 0) return;
    const span = this.tokenSpan(this.LA(1));
    this.scope(() =>
      this.fail(() => {
        if (brace) this.report(diagnostics.strayBrace, span);
        else if (this.at(t.Semicolon)) this.report(diagnostics.straySemicolon, span);
        else this.#reportFound(expectation);
      }),
    );
  }

  #skipMember(): void {
    if (this.atBoundary()) this.#quietAt = this.LA(1);
    else this.#skipStretch();
  }

  /** Skips one token and those after it, to where a member ends or another begins; over bodies inside. */
  #skipStretch(): void {
    let depth = 0;
    do {
      const token = this.#skip();
      if (token.tokenType === t.Semicolon && depth === 0) return;
      if (token.tokenType === t.BraceOpen) depth++;
      if (token.tokenType === t.BraceClose && --depth <= 0) {
        if (!this.sameLine() || this.at(t.At) || this.atBoundary() || this.atDeclaration()) return;
        depth = 0;
      }
    } while (!this.at(EOF) && (depth > 0 || !this.atBoundary()));
    this.#quietAt = this.LA(1);
  }

  /** Skips one thing with all that stands inside its brackets. */
  protected skipNested(): void {
    let depth = 0;
    do {
      const { tokenType } = this.#skip();
      if (openBrackets.has(tokenType)) depth++;
      else if (closeBrackets.has(tokenType)) depth--;
    } while (!this.at(EOF) && !this.at(t.Semicolon) && (depth > 0 || this.at(t.AngleOpen)));
  }

  #skip(): IToken {
    this.SKIP_TOKEN();
    return this.LA(0);
  }

  /** Whether what is being read must have ended: a member or a declaration begins a line here, or a body ends. */
  protected atBoundary(): boolean {
    if (this.at(EOF) || this.at(t.BraceClose)) return true;
    return this.#atDeclarationLine() || (!this.sameLine() && this.#atMember());
  }

  #atDeclarationLine(): boolean {
    return !this.sameLine() && this.atDeclaration();
  }

  /** Whether an id stands here that is a member's, and not that of a parameter. */
  #atMember(): boolean {
    if (!this.at(t.At) || !this.at(t.Integer, 2)) return false;
    return !this.#ofProcedures || this.at(t.ParenthesisOpen, 4);
  }

  /** Whether a declaration begins here. Its keyword may be a member's name, but then no name follows. */
  protected atDeclaration(): boolean {
    const ahead = this.#pastAnnotations();
    if (!declarationKeywords.has(this.LA(ahead).tokenType)) return false;
    return this.at(t.Name, ahead + 1) || this.at(t.BraceOpen, ahead + 1);
  }

  /** Whether the next token is a keyword with which declarations begin. */
  protected atKeyword(): boolean {
    return declarationKeywords.has(this.LA(1).tokenType);
  }

  /** How far ahead the first token is that belongs to no annotation. */
  #pastAnnotations(): number {
    let ahead = 1;
    while (ahead < annotationLookahead && this.at(t.At, ahead) && this.at(t.Name, ahead + 1)) {
      ahead += 2;
      if (!this.at(t.ParenthesisOpen, ahead)) continue;
      while (ahead < annotationLookahead && !this.at(t.ParenthesisClose, ahead)) ahead++;
      ahead++;
    }
    return ahead;
  }

  /** Whether the next token begins a line and is indented more than the declaration that is being read. */
  #isInside(declaration: IToken): boolean {
    const column = (token: IToken) => positionAt(this.#source, token.startOffset).column;
    return !this.sameLine() && column(this.LA(1)) > column(declaration);
  }
}
