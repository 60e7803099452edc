/** The tokens of the language, in the order in which the lexer tries them. */
import { createToken, Lexer, type TokenType } from 'chevrotain';

/** Whatever can stand as a name: no word is reserved, so this is every word but those with a hyphen in them. */
export const Name = createToken({ name: 'Name', label: 'a name', pattern: Lexer.NA });

/**
 * Any word that is no keyword. Letters of other scripts and hyphens are let in, so that a name which is wrong is one
 * token, and one mistake.
 */
export const Word = createToken({
  name: 'Word',
  label: 'a name',
  pattern: /[A-Za-z_$\u00aa-\u1fff\u3040-\uf8ff][\w$\u00aa-\u1fff\u3040-\uf8ff]*(?:-\w+)*/,
  categories: Name,
});

const keyword = (text: string): TokenType =>
  createToken({
    name: `'${text}'`,
    label: `'${text}'`,
    pattern: new RegExp(text),
    longer_alt: Word,
    categories: text.includes('-') ? [] : Name,
  });

export const Module = keyword('module');
export const Import = keyword('import');
export const Export = keyword('export');
export const From = keyword('from');
export const As = keyword('as');
export const Const = keyword('const');
export const Type = keyword('type');
export const Where = keyword('where');
export const Closed = keyword('closed');
export const Enum = keyword('enum');
export const Struct = keyword('struct');
export const Union = keyword('union');
export const ErrorKeyword = keyword('error');
export const Interface = keyword('interface');
export const Extends = keyword('extends');
export const Default = keyword('default');
export const Reserved = keyword('reserved');
export const Stream = keyword('stream');
export const Throws = keyword('throws');
export const Maybe = keyword('maybe');
export const AtLeastOnce = keyword('at-least-once');
export const AtMostOnce = keyword('at-most-once');
export const Idempotent = keyword('idempotent');
export const Deadline = keyword('deadline');
export const Group = keyword('group');
export const Of = keyword('of');
export const AccessKeyword = keyword('access');
export const Order = keyword('order');
export const Replies = keyword('replies');
export const True = keyword('true');
export const False = keyword('false');
export const Null = keyword('null');

const keywords = [
  ...[Module, Import, Export, From, As, Const, Type, Where, Closed, Enum, Struct, Union, ErrorKeyword],
  ...[Interface, Extends, Default, Reserved, Stream, Throws, Maybe, AtLeastOnce, AtMostOnce, Idempotent],
  ...[Deadline, Group, Of, AccessKeyword, Order, Replies, True, False, Null],
];

const digits = '(?:0|[1-9]\\d*(?:_\\d+)*)';
const end = '(?![\\w$]|\\.\\d)';

export const Float = createToken({
  name: 'Float',
  label: 'a number',
  pattern: new RegExp(`-?${digits}(?:\\.\\d+(?:[eE][+-]?\\d+)?|[eE][+-]?\\d+)${end}`),
});
export const Duration = createToken({
  name: 'Duration',
  label: 'a duration',
  pattern: new RegExp(`-?${digits}(?:\\.\\d+)?(?:ms|s|m|h)${end}`),
});
export const Integer = createToken({
  name: 'Integer',
  label: 'an integer',
  pattern: new RegExp(`-?(?:0[xX][\\da-fA-F]+(?:_[\\da-fA-F]+)*|${digits})${end}`),
});
/** What begins like a number and is none. */
export const MalformedNumber = createToken({
  name: 'MalformedNumber',
  label: 'a number',
  pattern: /-?\d[\w$]*(?:\.\d[\w$]*)*/,
});

export const StringLiteral = createToken({
  name: 'StringLiteral',
  label: 'a string',
  pattern: /"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*"/,
});
export const UnterminatedString = createToken({
  name: 'UnterminatedString',
  label: 'a string',
  pattern: /"[^\r\n]*/,
  categories: StringLiteral,
});
export const SingleQuotedString = createToken({
  name: 'SingleQuotedString',
  label: 'a string',
  pattern: /'[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*'/,
  categories: StringLiteral,
});

const punctuation = (name: string, text: string): TokenType =>
  createToken({ name, label: `'${text}'`, pattern: text });

export const BraceOpen = punctuation('BraceOpen', '{');
export const BraceClose = punctuation('BraceClose', '}');
export const ParenthesisOpen = punctuation('ParenthesisOpen', '(');
export const ParenthesisClose = punctuation('ParenthesisClose', ')');
export const BracketOpen = punctuation('BracketOpen', '[');
export const BracketClose = punctuation('BracketClose', ']');
export const AngleOpen = punctuation('AngleOpen', '<');
export const AngleClose = punctuation('AngleClose', '>');
export const Semicolon = punctuation('Semicolon', ';');
export const Comma = punctuation('Comma', ',');
export const Colon = punctuation('Colon', ':');
export const Equals = punctuation('Equals', '=');
export const Question = punctuation('Question', '?');
export const At = punctuation('At', '@');
export const DotDot = punctuation('DotDot', '..');
export const Dot = punctuation('Dot', '.');

/** The lexer's name for the list in which it puts comments; they are not in the stream of tokens. */
export const commentGroup = 'comments';

const comment = (name: string, pattern: RegExp): TokenType =>
  createToken({ name, pattern, group: commentGroup, line_breaks: name.endsWith('BlockComment') });

/** Three slashes; four are a rule that somebody drew. */
export const DocComment = comment('DocComment', /\/\/\/(?!\/)[^\r\n]*/);
export const LineComment = comment('LineComment', /\/\/[^\r\n]*/);
export const BlockComment = comment('BlockComment', /\/\*[^*]*\*+(?:[^*/][^*]*\*+)*\//);
export const UnterminatedComment = comment('UnterminatedBlockComment', /\/\*[\s\S]*/);

const WhiteSpace = createToken({
  name: 'WhiteSpace',
  pattern: /[ \t\r\n\f\v]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});

export const tokenTypes: TokenType[] = [
  WhiteSpace,
  ...[DocComment, LineComment, BlockComment, UnterminatedComment],
  ...[...keywords, Word, Name],
  ...[Float, Duration, Integer, MalformedNumber],
  ...[StringLiteral, UnterminatedString, SingleQuotedString],
  ...[BraceOpen, BraceClose, ParenthesisOpen, ParenthesisClose, BracketOpen, BracketClose],
  ...[AngleOpen, AngleClose, Semicolon, Comma, Colon, Equals, Question, At, DotDot, Dot],
];
