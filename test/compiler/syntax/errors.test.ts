import { describe, expect, it } from 'vitest';
import { positionAt, sourceFromBytes, sourceFromText } from '../../../compiler/src/source/source-file.js';
import { parse } from '../../../compiler/src/syntax/parse.js';
import { nodesIn } from './dump.js';

/** `line:column-column CVK1234` of each diagnostic, the end's line only where it is another. */
function errorsIn(text: string): string[] {
  const source = sourceFromText('test.idl', text);
  return parse(source).diagnostics.map(({ code, span }) => {
    const start = positionAt(source, span.start);
    const end = positionAt(source, span.end);
    const endLine = end.line === start.line ? '' : `${end.line}:`;
    return `${start.line}:${start.column}-${endLine}${end.column} ${code}`;
  });
}

const file = (...lines: string[]) => ['module m;', ...lines].join('\n');
const struct = (...lines: string[]) => file('struct S {', ...lines, '}');
const procedures = (...lines: string[]) => file('interface I {', ...lines, '}');
const group = (...lines: string[]) => file('group G of I {', ...lines, '}');

type Case = readonly [name: string, text: string, errors: readonly string[]];

describe.each<[string, readonly Case[]]>([
  [
    'characters',
    [
      ['an unknown character', file('const A: u8 = § 1;'), ['2:15-16 CVK1001']],
      ['unknown characters in a row are one mistake', file('#### comment', 'struct S {}'), ['2:1-5 CVK1001']],
      [
        'a string without an end',
        file('const A: string = "abc;', 'const B u8 = 1;'),
        ['2:19-24 CVK1002', '3:9-11 CVK1010'],
      ],
      ['a string whose end is escaped', file('const A: string = "abc\\";'), ['2:19-26 CVK1002']],
      ['an annotation with a string without an end', struct('  @a("x)', '  @1 a: u8;'), ['3:6-9 CVK1002']],
      ['a comment without an end', file('struct S {', '  /* a', '  @1 a: u8;', '}'), ['3:3-5 CVK1003']],
      [
        'escapes that do not exist',
        file('const A: string = "a\\q\\u12\\u{110000}";'),
        ['2:21-23 CVK1005', '2:23-25 CVK1005', '2:27-37 CVK1005'],
      ],
      ['half a surrogate pair', file('const A: string = "\\ud800";'), ['2:19-27 CVK1017']],
      [
        'numbers that are none',
        file(
          'const A: u8 = 12abc;',
          'const B: u8 = 0x;',
          'const C: u8 = 007;',
          'const D: u8 = 1__0;',
          'const E: u8 = 1.2.3;',
          'const F: u8 = 5days;',
        ),
        [
          '2:15-20 CVK1006',
          '3:15-17 CVK1006',
          '4:15-18 CVK1006',
          '5:15-19 CVK1006',
          '6:15-20 CVK1006',
          '7:15-20 CVK1006',
        ],
      ],
      [
        'numbers that are too big',
        file(
          'const A: u64 = 18446744073709551616;',
          'const B: i64 = -9223372036854775809;',
          'const C: f64 = 1e999;',
          'const D: duration = 9e9;',
          'const E: duration = 99999999999999999h;',
        ),
        ['2:16-36 CVK1007', '3:16-36 CVK1007', '4:16-21 CVK1007', '6:21-39 CVK1007'],
      ],
      ['an id that no number holds', struct('  @99999999999999999999 a: u8;'), ['3:4-24 CVK1007']],
      ['single quotes', file("const A: string = 'a';"), ['2:19-22 CVK1008']],
      [
        'names in other scripts or with hyphens',
        struct('  @1 größe: u8;', '  @2 a-b: u8;', '  @3 $c: u8;'),
        ['3:6-11 CVK1009', '4:6-9 CVK1009', '5:6-8 CVK1009'],
      ],
    ],
  ],
  [
    'files',
    [
      ['an empty file', '', ['1:1-1 CVK1020']],
      ['no module', 'struct S {}', ['1:1-1 CVK1020']],
      ['a module that is not first', 'struct S {}\nmodule m;', ['2:1-10 CVK1021']],
      ['two modules', 'module a;\nmodule b;', ['2:1-10 CVK1022']],
      ['a misspelled module', 'modul m;\nstruct S {}', ['1:1-6 CVK1010']],
      [
        'misspelled keywords',
        file('sturct A { @1 a: u8; }', 'interfaze B { @1 a(): u8; }', 'struct C {}'),
        ['2:1-7 CVK1010', '3:1-10 CVK1010'],
      ],
      [
        "a missing ';' at the end of a line",
        'module m\nimport { A } from "./a.idl"\nconst B: u8 = 1\nstruct S {}',
        ['1:9-9 CVK1011', '2:28-28 CVK1011', '3:16-16 CVK1011'],
      ],
      ["a ';' after '}'", file('struct S {};', 'struct T {}'), ['2:12-13 CVK1016']],
      ["a '}' too many", file('struct S {}', '}', 'struct T {}'), ['3:1-2 CVK1015']],
      ["a '}' too early", struct('  @1 a: u8; }', '  @2 b: u8;', '  @3 c: u8;'), ['4:3-4 CVK1010']],
      [
        "a missing '}' before a declaration",
        file('struct S {', '  @1 a: u8;', '', '/// Doc.', '@old("x") struct T { @1 a: u8; }'),
        ['3:12-12 CVK1012'],
      ],
      ["a missing '}' at the end", file('struct S {', '  @1 a: u8;', '// end', ''), ['3:12-12 CVK1012']],
      ["a missing '{'", file('struct S', '  @1 a: u8;', '}', 'struct T {}'), ['2:9-9 CVK1011']],
      ['no body', file('struct S;', 'struct T {}'), ['2:9-10 CVK1010']],
      [
        'missing names',
        file('struct { @1 a: u8; }', 'enum 5 { @1 a; }', 'type = u8;', 'const : u8 = 1;'),
        ['2:8-9 CVK1010', '3:6-7 CVK1010', '4:6-7 CVK1010', '5:7-8 CVK1010'],
      ],
      ['something between name and body', file('struct S extends T { @1 a: u8; }'), ['2:10-17 CVK1010']],
      ['closed before what is no enum', file('closed struct S { @1 a: u8; }'), ['2:8-14 CVK1010']],
      [
        'a declaration inside another',
        struct('  @1 a: u8;', '  struct T {', '    @1 a: u8;', '  }', '  @2 b: u8 = ;'),
        ['4:3-9 CVK1014', '7:14-15 CVK1010'],
      ],
      [
        'annotations on what has none',
        file('@a import { A } from "./a.idl";', '@b', 'export { A } from "./a.idl";'),
        ['2:1-3 CVK1032', '3:1-3 CVK1032'],
      ],
      ['annotations on nothing', file('struct S {}', '@a("x")'), ['3:8-8 CVK1011']],
      [
        'imports',
        file(
          'import A from "./a.idl";',
          'import { A B } from "./a.idl";',
          'import { A, } from "./a.idl";',
          'import { A } "./a.idl";',
          'import { A as } from "./a.idl";',
          'import { A } from ./a.idl;',
        ),
        [
          '2:8-9 CVK1010',
          '3:12-13 CVK1010',
          '4:13-14 CVK1010',
          '5:14-23 CVK1010',
          '6:15-16 CVK1010',
          '7:20-21 CVK1001',
        ],
      ],
    ],
  ],
  [
    'members',
    [
      [
        'one mistake a line',
        struct(
          '  @1 a u8;',
          '  @2 b: ;',
          '  @3 c: u8',
          '  @4 : u8;',
          '  @5 e: list<u8;',
          '  f: u8;',
          '  @7 g: u8 = ;',
          '  @8 h: u8 i;',
          '  @9 j: u8;',
        ),
        [
          '3:8-10 CVK1010',
          '4:9-10 CVK1010',
          '5:11-11 CVK1011',
          '6:6-7 CVK1010',
          '7:16-17 CVK1010',
          '8:3-4 CVK1030',
          '9:14-15 CVK1010',
          '10:12-13 CVK1010',
        ],
      ],
      [
        'what is no member',
        struct('  = 5;', '  @1 a: u8;;', '  message M { @1 a: u8; }', '  @2 b u8;'),
        ['3:3-4 CVK1010', '4:12-13 CVK1016', '5:3-10 CVK1010', '6:8-10 CVK1010'],
      ],
      [
        "',' for ';'",
        file('enum E { @1 a, @2 b, @3 c }', 'struct S { @1 a: u8, @2 b: u8; }'),
        ['2:14-15 CVK1010', '2:20-21 CVK1010', '2:26-26 CVK1011', '3:20-21 CVK1010'],
      ],
      [
        "a missing ';' in the middle of a line",
        file('struct S { @1 a: u8 @2 b: u8 }', 'enum E { @1 a @2 b; }'),
        ['2:20-20 CVK1011', '2:29-29 CVK1011', '3:14-14 CVK1011'],
      ],
      ['annotations after the id', struct('  @1 @old a: u8;'), ['3:6-10 CVK1031']],
      [
        'types with the wrong number of types',
        struct('  @1 a: map<u8>;', '  @2 b: list;', '  @3 c: T<u8>;', '  @4 d: set<u8, u8>;'),
        ['3:9-16 CVK1035', '4:9-13 CVK1035', '5:9-14 CVK1035', '6:9-20 CVK1035'],
      ],
      [
        'stream and void where they mean nothing',
        struct('  @1 a: stream u8;', '  @2 b: void;', '  @3 c: list<stream u8>;', '  @4 d: stream;'),
        ['3:9-15 CVK1033', '4:9-13 CVK1034', '5:14-20 CVK1033', '6:15-16 CVK1010'],
      ],
      [
        'constraints',
        file(
          'type A = string where length();',
          'type B = string where lenth(1..2);',
          'type C = string where pattern(5);',
          'type D = string where;',
          'type E = string where length 1..2;',
          'type F = string where length(1..2;',
          'type G = string where length(..);',
        ),
        [
          '2:23-31 CVK1036',
          '3:23-28 CVK1040',
          '4:23-33 CVK1037',
          '5:22-23 CVK1010',
          '6:30-31 CVK1010',
          '7:34-35 CVK1010',
          '8:23-33 CVK1036',
        ],
      ],
      [
        'reserved',
        struct('  reserved;', '  reserved 1 2;', '  reserved 3..;', '  reserved a;'),
        ['3:11-12 CVK1010', '4:14-15 CVK1010', '5:15-16 CVK1010', '6:12-13 CVK1010'],
      ],
      [
        'values',
        file(
          'const A: list<u8> = [1 2];',
          'const B: list<u8> = [1, 2;',
          'const C: K = K.;',
          'const D: map<u8, u8> = { 1 2 };',
          'const E = 5;',
        ),
        ['2:24-25 CVK1010', '3:26-27 CVK1010', '4:16-17 CVK1010', '5:28-29 CVK1010', '6:9-10 CVK1010'],
      ],
    ],
  ],
  [
    'interfaces',
    [
      [
        'procedures',
        procedures(
          '  @1 a() u8;',
          '  @2 b();',
          '  @3 c: u8;',
          '  @4 d(@1 a u8, @2 b: u8, @3 c u8): u8;',
          '  @5 e(@1 a: u8: u8;',
          '  @6 f(@1 a: u8 @2 b: u8): u8;',
          '  g(): u8;',
          '  @8 h(a: u8): u8',
          '  @9 i(): u8;',
        ),
        [
          '3:10-12 CVK1010',
          '4:9-10 CVK1010',
          '5:7-8 CVK1010',
          '6:13-15 CVK1010',
          '6:32-34 CVK1010',
          '7:16-17 CVK1010',
          '8:17-18 CVK1010',
          '9:3-4 CVK1030',
          '10:8-9 CVK1030',
          '10:18-18 CVK1011',
        ],
      ],
      [
        'clauses in a wrong order',
        procedures(
          '  @1 a(): u8 deadline 2s idempotent;',
          '  @2 b(): u8 maybe throws E;',
          '  @3 c(): u8 idempotent at-least-once deadline 2s;',
        ),
        ['3:26-36 CVK1041', '4:20-26 CVK1041', '5:25-38 CVK1041'],
      ],
      [
        'clauses that stand twice',
        procedures(
          '  @1 a(): u8 maybe at-most-once;',
          '  @2 b(): u8 idempotent idempotent deadline 1s deadline 2s;',
        ),
        ['3:20-32 CVK1042', '4:25-35 CVK1042', '4:48-56 CVK1042'],
      ],
      [
        'clauses that do not exist',
        procedures(
          '  @1 a(): u8 at-most-one;',
          '  @2 b(): u8 throws E idempotnt;',
          '  @3 c(): u8 exactly-once deadline 2s;',
        ),
        ['3:14-25 CVK1040', '4:23-32 CVK1040', '5:14-26 CVK1040'],
      ],
      [
        'a missing comma after throws',
        procedures('  @1 a(): u8 throws E F;', '  @2 b(): u8 throws;'),
        ['3:23-24 CVK1010', '4:20-21 CVK1010'],
      ],
      [
        'deadlines',
        procedures(
          '  @1 a(): u8 deadline 500;',
          '  @2 b(): u8 deadline;',
          '  @3 c(): u8 deadline soon;',
          '  @4 d(): u8 deadline 2sec;',
        ),
        ['3:23-26 CVK1047', '4:22-23 CVK1010', '5:23-27 CVK1010', '6:23-27 CVK1006'],
      ],
      [
        'defaults',
        procedures('  default;', '  default maybe throws E;', '  default maybe deadline 2s idempotent;'),
        ['3:10-11 CVK1010', '4:3-10 CVK1044', '4:17-23 CVK1043', '5:3-10 CVK1044', '5:29-39 CVK1041'],
      ],
    ],
  ],
  [
    'groups',
    [
      [
        'heads',
        file('group G I { order total; }', 'group H of { order total; }'),
        ['2:9-10 CVK1010', '3:12-13 CVK1010'],
      ],
      [
        'settings',
        group('  access public;', '  order ttal;', '  replies most;', '  acces open;'),
        ['3:10-16 CVK1040', '4:9-13 CVK1040', '5:11-15 CVK1040', '6:3-8 CVK1010'],
      ],
      [
        'settings that stand twice',
        group('  order fifo;', '  order total;', '  a order fifo order total;'),
        ['4:3-8 CVK1042', '5:16-21 CVK1042'],
      ],
      [
        'settings without a word',
        group('  order;', '  access', '  replies all;'),
        ['3:8-9 CVK1010', '4:9-9 CVK1011'],
      ],
      [
        'counts',
        group('  replies n;', '  a replies first(2);', '  b replies n();', '  c replies n(2;'),
        ['3:11-12 CVK1045', '4:19-20 CVK1046', '5:15-16 CVK1010', '6:16-17 CVK1010'],
      ],
      [
        'policies',
        group('  a ordr fifo;', '  b;', '  c order fifo', '  d replies all;'),
        ['3:5-9 CVK1010', '4:3-4 CVK1010', '5:15-15 CVK1011'],
      ],
    ],
  ],
])('%s', (_, cases) => {
  it.each(cases)('%s', (_, text, errors) => {
    expect(errorsIn(text)).toEqual(errors);
  });
});

describe('nesting without end', () => {
  it.each([
    ['types', `struct S { @1 a: ${'list<'.repeat(10_000)}u8${'>'.repeat(10_000)}; @2 b u8; }`],
    ['types that do not end', `struct S { @1 a: ${'list<'.repeat(10_000)}; @2 b u8; }`],
    ['lists', `const A: u8 = ${'['.repeat(10_000)}${']'.repeat(10_000)}; const B u8 = 1;`],
    ['maps', `const A: u8 = ${'{ 1: '.repeat(10_000)}1${'}'.repeat(10_000)}; const B u8 = 1;`],
  ])('%s', (_, text) => {
    expect(errorsIn(`module m;\n${text}`)).toEqual([
      expect.stringMatching(/^2:.* CVK1013$/),
      expect.stringMatching(/^2:.* CVK1010$/),
    ]);
  });

  it.each([
    ['braces', '{'.repeat(10_000)],
    ['parentheses', `interface I { @1 a${'('.repeat(10_000)}`],
    ['structs', 'struct S {'.repeat(10_000)],
    ['annotations', '@a('.repeat(10_000)],
  ])('%s are read to the end', (_, text) => {
    expect(errorsIn(`module m;\n${text}`).length).toBeGreaterThan(0);
  });
});

describe('line endings and byte order marks', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('%s', (_, ending) => {
    const text = ['\uFEFFmodule m', '/// Doc.', 'struct S {', '  @1 a u8;', '  @2 b: u8', '}'].join(ending);
    expect(errorsIn(text)).toEqual(['1:9-9 CVK1011', '4:8-10 CVK1010', '5:11-11 CVK1011']);
    expect(parse(sourceFromText('a.idl', text)).tree.declarations[0]?.doc).toBe('Doc.');
  });
});

describe('files that are not UTF-8', () => {
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

  it('are one mistake, at the first character that is none', () => {
    const source = sourceFromBytes(
      'a.idl',
      bytes('module m;\n// ', [0xe9], ' ', [0xff], '\nstruct ', [0xe9], ' {}'),
    );
    const { diagnostics } = parse(source);
    expect(diagnostics.map(({ code, span }) => [code, positionAt(source, span.start)])).toEqual([
      ['CVK1004', { line: 2, column: 4 }],
    ]);
  });
});

describe('what is missing', () => {
  it('is a node of its own, and the rest of the declaration is there', () => {
    const { tree } = parse(sourceFromText('a.idl', struct('  @1 a ;', '  @2 b: list<;', '  @3 c: u8')));
    const [declaration] = tree.declarations;
    expect(declaration).toMatchObject({
      kind: 'struct',
      fields: [
        { name: { text: 'a' }, type: { kind: 'missing' } },
        { name: { text: 'b' }, type: { kind: 'list-type', element: { kind: 'missing' } } },
        { name: { text: 'c' }, type: { kind: 'primitive-type' } },
      ],
    });
    expect([...nodesIn(tree)].filter(node => node.kind === 'missing')).toHaveLength(2);
  });
});

describe('doc comments that document nothing', () => {
  it.each<[string, string, string[]]>([
    ['before the end of a body', struct('  @1 a: u8;', '  /// lost', '  /// still'), ['4:3-5:12 CVK8002']],
    ['after what they mean', struct('  @1 a: u8; /// a', '  @2 b: u8;'), ['3:13-18 CVK8002']],
    ['before an import', file('/// about', 'import { A } from "./a.idl";'), []],
  ])('%s', (_, text, warnings) => {
    expect(errorsIn(text)).toEqual(warnings);
  });
});
