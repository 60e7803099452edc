/**
 * How the parser gets over mistakes.
 *
 * Nothing here throws. A token that must stand and does not is reported and taken as read; what a member leaves over at
 * its end is skipped. Chevrotain's own recovery skips to any token that may follow, which in a language without reserved
 * words is nearly every one.
 */
import { EOF, type IToken, type TokenType, tokenLabel } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Report } from '../diagnostics/diagnostic.js';
import type { SourceFile } from '../source/source-file.js';
import type { LexedFile } from './lexer.js';
import { type Expectation, ReportingParser } from './reporting.js';
import * as t from './tokens.js';

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

export abstract class RecoveringParser extends ReportingParser {
  /** Of the body that is being read. */
  #ofProcedures = false;
  /** How many bodies were taken to end without their `}`, which may yet turn up. */
  #unclosed = 0;

  protected override start(source: SourceFile, lexed: LexedFile, report: Report): void {
    super.start(source, lexed, report);
    this.#ofProcedures = false;
    this.#unclosed = 0;
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

  /** Reads the `;` of a member, and skips what the member leaves over. */
  protected endOfMember(): void {
    if (this.RECORDING_PHASE || this.at(t.Semicolon)) {
      this.consume(0, t.Semicolon);
    } else if (!this.sameLine() || this.at(t.BraceClose) || this.at(t.At) || this.atDeclaration()) {
      this.fail(() => this.report(diagnostics.missing, this.missing().span, { what: "';'" }));
      this.quietHere();
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
      this.quietHere();
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
    if (!this.at(t.Name)) this.quietHere();
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
    this.quietHere();
  }

  #reportStretch(expectation: Expectation): void {
    const span = this.tokenSpan(this.LA(1));
    this.scope(() => {
      if (this.at(t.Semicolon)) this.fail(() => this.report(diagnostics.straySemicolon, span));
      else if (!this.at(t.BraceClose)) this.unexpected(expectation, true);
      else if (this.#unclosed > 0) this.#unclosed--;
      else this.fail(() => this.report(diagnostics.strayBrace, span));
    });
  }

  #skipMember(): void {
    if (this.atBoundary()) this.quietHere();
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
    this.quietHere();
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
    return !this.sameLine() && this.column(this.LA(1)) > this.column(declaration);
  }
}
