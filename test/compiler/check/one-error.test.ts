import { describe, expect, it } from 'vitest';
import { compileFiles, places } from './compile-text.js';

const check = (...lines: string[]) =>
  places(compileFiles({ 'a.idl': ['module a.v1;', ...lines].join('\n') }));

describe('one mistake is one error', () => {
  it('of an unknown type, wherever it is used', () => {
    const found = check(
      'type Id = Idd;',
      'struct A { @1 id: Id where length(1..2) = 5; @2 ids: set<Id>; @3 byId: map<Id, Id?>; @4 maybe?: Id; }',
      'interface I { @1 run(@1 id: Id = "x"): Id; }',
    );
    expect(found).toEqual(['a.idl:2 CVK2004']);
  });

  it('of a constant that does not fit', () => {
    const found = check(
      'const A: u8 = 300;',
      'const B: u8 = A;',
      'struct S { @1 a: u8 where range(..B) = B; }',
    );
    expect(found).toEqual(['a.idl:2 CVK3031']);
  });

  it('of an alias that stands for itself', () => {
    const found = check('type A = B;', 'type B = A?;', 'struct S { @1 a?: A; @2 b: set<B>; }');
    expect(found).toEqual(['a.idl:2 CVK3010']);
  });

  it('of an import that leads nowhere', () => {
    const found = check(
      'import { Money, Rate } from "./money.idl";',
      'export { Money } from "./money.idl";',
      'struct S { @1 a: Money; @2 b: map<Rate, Money>; @3 c: Rate = 5; }',
      'interface I extends Rate { @1 run(): Money throws Money; }',
    );
    expect(found).toEqual(['a.idl:2 CVK2015']);
  });

  it('of a group whose interface is unknown', () => {
    expect(check('group G of Bank {', '  balance order fifo;', '}')).toEqual(['a.idl:2 CVK2009']);
  });

  it('of a stream with the wrong semantics', () => {
    const found = check('error E {}', 'interface I { @1 watch(): stream i64 throws E maybe; }');
    expect(found).toEqual(['a.idl:3 CVK4020']);
  });

  it('of a declaration that cannot be read, whose name is used', () => {
    const found = check('strct Lost {', '  @1 x: i32;', '}', 'struct A { @1 lost: Lost; }');
    expect(found).toEqual(['a.idl:2 CVK1010']);
  });

  it('of a file that cannot be read in part, from which is imported', () => {
    const found = places(
      compileFiles({
        'a.idl': 'module a.v1;\nimport { Lost } from "./b.idl";\nstruct A { @1 lost: Lost; }',
        'b.idl': 'module b.v1;\nstrct Lost {\n}',
      }),
    );
    expect(found).toEqual(['b.idl:2 CVK1010']);
  });
});

describe('all mistakes are reported in one run', () => {
  it('five different ones in one file, each on its line', () => {
    const found = check(
      'struct Account {',
      '  @1 owner: string',
      '  @2 balance: Mony;',
      '  @2 opened: timestamp;',
      '}',
      'interface Bank {',
      '  @1 balance(@1 id: string): i64 at-least-once;',
      '  @2 close(@1 id: string): void deadline 0s;',
      '}',
    );
    expect(found).toEqual([
      'a.idl:3 CVK1011',
      'a.idl:4 CVK2004',
      'a.idl:5 CVK3002',
      'a.idl:8 CVK4011',
      'a.idl:9 CVK4013',
    ]);
  });

  it('of all files', () => {
    const found = places(
      compileFiles({
        'b.idl': 'module b.v1;\nimport { A } from "./a.idl";\nstruct B { @1 a: A; @1 b: C; }',
        'a.idl': 'module a.v1;\nimport { B } from "./b.idl";\nstruct A { @0 b?: B; }',
      }),
    );
    expect(found).toEqual(['a.idl:3 CVK3001', 'b.idl:3 CVK3002', 'b.idl:3 CVK2004']);
  });

  it('two endless fields of one struct', () => {
    expect(check('struct Tree {', '  @1 left: Tree;', '  @2 right: Tree;', '}')).toEqual([
      'a.idl:3 CVK3012',
      'a.idl:4 CVK3012',
    ]);
  });
});

describe('hints', () => {
  const hint = (text: string) =>
    compileFiles({ 'a.idl': `module a.v1; ${text}`, 'b.idl': 'module b.v1; struct Distant {}' })
      .diagnostics[0]!.hint;

  it.each([
    ['struct Money {} struct A { @1 a: Mony; }', "did you mean 'Money'?"],
    ['struct A { @1 a: strng; }', "did you mean 'string'?"],
    ['struct A { @1 a: boolean; }', 'did you mean `bool`?'],
    ['struct A { @1 a: Distant; }', "'Distant' is declared in 'b.idl': import it."],
    ['enum Kind { @1 current; } const A: Kind = Kind.curent;', "did you mean 'current'?"],
    ['import { Distnt } from "./b.idl";', "did you mean 'Distant'?"],
    ['type A = list<u8> where length(..3);', "did you mean 'count'?"],
    ['const A: duration = 5;', 'Give it a unit: `5ms`.'],
    ['struct A { @1 a: u8; @4 b: u8; @4 c: u8; }', 'The next free id is 5.'],
    [
      'interface I { @1 load(@1 note?: string, @2 owner: string): void; }',
      "Move 'owner' before it (its id stays), or make it optional too.",
    ],
    [
      'interface I { @1 load(@1 note?: string, @2 rows: stream u8): void; }',
      "A stream is last and cannot be left out: make 'note' required or nullable.",
    ],
  ])('%s', (text, expected) => {
    expect(hint(text)).toBe(expected);
  });
});

describe('deep schemas', () => {
  it('do not overflow the stack', () => {
    const depth = 10_000;
    const chain = Array.from({ length: depth }, (_, at) => `struct S${at} { @1 next: S${at + 1}; }`);
    expect(check(...chain, `struct S${depth} {}`)).toEqual([]);
    const aliases = Array.from({ length: depth }, (_, at) => `type A${at} = A${at + 1};`);
    expect(check(...aliases, `type A${depth} = string;`, 'struct S { @1 a: set<A0>; }')).toEqual([]);
  });
});
