/** From text to tokens. Every mistake inside a token is found here, so that none is lost where the parser skips. */
import { type IToken, Lexer, type TokenType } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Report } from '../diagnostics/diagnostic.js';
import type { SourceFile } from '../source/source-file.js';
import type { Span } from '../source/span.js';
import { decodeDuration, decodeFloat, decodeInteger, decodeString, shorten } from './literals.js';
import * as t from './tokens.js';
import type { CommentNode } from './tree.js';

export interface LexedFile {
  /** The literals' values are their `payload`, `undefined` for one that is wrong. */
  readonly tokens: IToken[];
  readonly comments: readonly CommentNode[];
  /** Where something was lost that the parser may miss: it keeps quiet there. In source order. */
  readonly gaps: readonly Span[];
}

const lexer = new Lexer(t.tokenTypes, { positionTracking: 'onlyOffset', ensureOptimizations: true });

const commentKinds = new Map<TokenType, CommentNode['kind']>([
  [t.DocComment, 'doc-comment'],
  [t.LineComment, 'line-comment'],
  [t.BlockComment, 'block-comment'],
  [t.UnterminatedComment, 'block-comment'],
]);

type Decode = (text: string, span: Span, report: Report) => unknown;

const decoders = new Map<TokenType, Decode>([
  [t.Integer, decodeInteger],
  [t.Float, decodeFloat],
  [t.Duration, decodeDuration],
  [t.StringLiteral, decodeString],
  [
    t.MalformedNumber,
    (text, span, report) => report(diagnostics.malformedNumber, span, { text: shorten(text) }),
  ],
  [t.UnterminatedString, (_, span, report) => report(diagnostics.unterminatedString, span)],
  [
    t.SingleQuotedString,
    (text, span, report) => {
      report(diagnostics.singleQuotes, span);
      return text.slice(1, -1);
    },
  ],
]);

export function lex(source: SourceFile, report: Report): LexedFile {
  const result = lexer.tokenize(source.text);
  const gaps: Span[] = [];
  const comments: CommentNode[] = [];

  for (const token of result.groups[t.commentGroup] ?? []) {
    const span = tokenSpan(source.path, token);
    comments.push({ kind: commentKinds.get(token.tokenType)!, span, text: token.image });
    if (token.tokenType === t.UnterminatedComment) {
      gaps.push(span);
      report(diagnostics.unterminatedComment, { ...span, end: span.start + 2 });
    }
  }
  for (const token of result.tokens) {
    const decode = decoders.get(token.tokenType);
    if (!decode) continue;
    const span = tokenSpan(source.path, token);
    token.payload = decode(token.image, span, report);
    if (token.tokenType === t.UnterminatedString) gaps.push(span);
  }
  for (const { offset, length } of result.errors) {
    const span = { file: source.path, start: offset, end: offset + length };
    gaps.push(span);
    // Bytes that are not UTF-8 are one mistake of the whole file, reported as such.
    const text = source.text.slice(offset, offset + length);
    if (!(source.invalidUtf8 && /^\uFFFD+$/.test(text))) {
      report(diagnostics.unknownCharacter, span, { text: describe(text) });
    }
  }
  return { tokens: result.tokens, comments, gaps: gaps.sort((a, b) => a.start - b.start) };
}

/** Chevrotain's end offsets are inclusive, ours are not. */
export function tokenSpan(file: string, token: IToken): Span {
  return { file, start: token.startOffset, end: token.startOffset + token.image.length };
}

/** A character that cannot be seen is named by its code point. */
function describe(text: string): string {
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(text)) return `'${shorten(text)}'`;
  const hexadecimal = text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `the character U+${hexadecimal}`;
}
