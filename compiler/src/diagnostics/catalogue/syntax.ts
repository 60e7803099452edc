/** CVK1xxx: how the source is written. */
import { error } from '../diagnostic.js';
import { closest } from '../suggest.js';

const oneOf = (words: readonly string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

export const syntax = {
  // characters
  unknownCharacter: error<{ text: string }>('CVK1001', ({ text }) => `${text} means nothing here`),
  unterminatedString: error(
    'CVK1002',
    () => 'this string does not end on its line',
    () => 'Close it with a double quote; a line break inside a string is written \\n.',
  ),
  unterminatedComment: error(
    'CVK1003',
    () => "this comment does not end: '*/' is missing",
    () => "Close it with '*/', or write '//' at the start of each line.",
  ),
  invalidUtf8: error(
    'CVK1004',
    () => 'this file is not UTF-8: the bytes here are no character',
    () => 'Save the file as UTF-8.',
  ),
  badEscape: error<{ sequence: string }>(
    'CVK1005',
    ({ sequence }) => `'${sequence}' is no escape sequence`,
    () => 'The escapes are \\" \\\\ \\/ \\b \\f \\n \\r \\t, \\u with four hexadecimal digits, and \\u{...}.',
  ),
  malformedNumber: error<{ text: string }>(
    'CVK1006',
    ({ text }) => `'${text}' is not a number`,
    () => 'Numbers are written 42, -7, 1_000, 0xFF, 1.5 or 6e23; durations 500ms, 2s, 1m or 1h.',
  ),
  numberTooBig: error<{ text: string }>(
    'CVK1007',
    ({ text }) => `the number '${text}' is too big for every type`,
    () => 'Integers reach from -2^63 to 2^64 - 1, floats to 1.8e308, durations to 2^53 ms.',
  ),
  singleQuotes: error(
    'CVK1008',
    () => 'strings stand in double quotes',
    () => 'Write " instead of each \'.',
  ),
  badName: error<{ text: string }>(
    'CVK1009',
    ({ text }) => `'${text}' is not a name`,
    () => "Names are made of the letters A to Z and a to z, digits and '_', and do not begin with a digit.",
  ),
  loneSurrogate: error(
    'CVK1017',
    () => 'this string holds half of a surrogate pair, which has no form in UTF-8',
    () => 'Write characters beyond U+FFFF as \\u{...}.',
  ),

  // structure
  expected: error<{ what: string; found: string; word?: string; words?: readonly string[] }>(
    'CVK1010',
    ({ what, found }) => `expected ${what}, found '${found}'`,
    ({ word, words }) => {
      const likely = word && words && closest(word, words);
      return likely && `did you mean '${likely}'?`;
    },
  ),
  missing: error<{ what: string }>('CVK1011', ({ what }) => `expected ${what} here`),
  unclosed: error('CVK1012', () => "expected '}' here"),
  tooDeep: error<{ limit: number }>(
    'CVK1013',
    ({ limit }) => `this is nested more than ${limit} levels deep`,
    () => 'Declare the inner part under a name of its own.',
  ),
  nestedDeclaration: error(
    'CVK1014',
    () => 'a declaration does not stand inside another',
    () => 'Move it out, and refer to it by its name.',
  ),
  strayBrace: error('CVK1015', () => "this '}' closes nothing"),
  straySemicolon: error(
    'CVK1016',
    () => "this ';' ends nothing",
    () => 'Remove it.',
  ),

  // the module
  missingModule: error(
    'CVK1020',
    () => 'this file names no module',
    () => 'Begin it with a line such as `module bank.v1;`.',
  ),
  moduleNotFirst: error(
    'CVK1021',
    () => "'module' stands before everything else in a file",
    () => 'Move this line to the top.',
  ),
  repeatedModule: error('CVK1022', () => 'a file is one module: a second name is one too many'),

  // members
  missingId: error<{ what: string; name: string }>(
    'CVK1030',
    ({ what, name }) => `the ${what} '${name}' has no id`,
    ({ name }) => `Write '@1 ${name}', with a number that nothing else here has or had.`,
  ),
  misplacedAnnotation: error(
    'CVK1031',
    () => 'annotations stand before the id',
    () => 'Move it before the id.',
  ),
  cannotAnnotate: error<{ what: string }>('CVK1032', ({ what }) => `${what} cannot be annotated`),
  misplacedStream: error(
    'CVK1033',
    () => "'stream' stands only before the type of a parameter or of a result",
    () => '`list<T>` is a type that holds many values.',
  ),
  misplacedVoid: error('CVK1034', () => "'void' stands only where a procedure's result does"),
  typeArguments: error<{ name: string; wanted: readonly string[] }>(
    'CVK1035',
    ({ name, wanted }) =>
      `'${name}' ${wanted.length === 0 ? 'takes no types' : `is written ${name}<${wanted.join(', ')}>`}`,
  ),
  emptyBounds: error<{ constraint: string }>(
    'CVK1036',
    ({ constraint }) => `'${constraint}' has no bound`,
    ({ constraint }) =>
      `Write ${constraint}(1..64), ${constraint}(1..), ${constraint}(..64) or ${constraint}(8).`,
  ),

  patternString: error(
    'CVK1037',
    () => "'pattern' takes one string",
    () => 'Write `pattern("[a-z]+")`, a regular expression for the whole text.',
  ),

  // words
  unknownWord: error<{ what: string; found: string; words: readonly string[] }>(
    'CVK1040',
    ({ what, found, words }) => `'${found}' is no ${what}: expected ${oneOf(words)}`,
    ({ found, words }) => {
      const likely = closest(found, words);
      return likely && `did you mean '${likely}'?`;
    },
  ),
  clauseOrder: error<{ clause: string; after: string }>(
    'CVK1041',
    ({ clause, after }) => `'${clause}' stands before '${after}'`,
    () => 'The order is: throws, semantics, idempotent, deadline.',
  ),
  repeatedClause: error<{ clause: string }>('CVK1042', ({ clause }) => `'${clause}' stands twice`),
  throwsInDefaults: error(
    'CVK1043',
    () => "'default' has no 'throws'",
    () => 'Declare the errors at each procedure.',
  ),
  repeatedDefaults: error('CVK1044', () => "an interface has one 'default'"),
  missingCount: error(
    'CVK1045',
    () => "'n' needs the number of replies",
    () => 'Write `n(2)`.',
  ),
  needlessCount: error<{ policy: string }>(
    'CVK1046',
    ({ policy }) => `'${policy}' takes no number`,
    () => '`n(2)` waits for two replies.',
  ),
  durationUnit: error<{ text: string }>(
    'CVK1047',
    ({ text }) => `the duration '${text}' has no unit`,
    ({ text }) => `Write ${text}ms or ${text}s.`,
  ),
};
