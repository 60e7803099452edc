import { describe, expect, it } from 'vitest';
import { compileFiles, compileText, declared } from './compile-text.js';

describe('promises', () => {
  const procedure = (text: string) =>
    declared(compileText(`error Broken {} interface Service { ${text} }`), 'interface', 'Service')
      .procedures[0]!;

  it('are the language’s where the schema says nothing', () => {
    expect(procedure('@1 run(): void;')).toMatchObject({
      semantics: 'at-most-once',
      idempotent: false,
      deadline: 10_000,
    });
  });

  it('are the interface’s where it has a default', () => {
    expect(procedure('default at-least-once idempotent deadline 2s; @1 run(): void;')).toMatchObject({
      semantics: 'at-least-once',
      idempotent: true,
      deadline: 2000,
    });
  });

  it('are the procedure’s own clause by clause', () => {
    expect(procedure('default maybe deadline 2s; @1 run(): void deadline 500ms;')).toMatchObject({
      semantics: 'maybe',
      deadline: 500,
    });
    expect(procedure('default maybe deadline 2s; @1 run(): void at-most-once;')).toMatchObject({
      semantics: 'at-most-once',
      deadline: 2000,
    });
  });

  it('do not take idempotence from a default whose semantics they replace', () => {
    const own = procedure('default at-least-once idempotent; @1 run(): void at-most-once;');
    expect(own).toMatchObject({ semantics: 'at-most-once', idempotent: false });
  });

  it('do not inherit the default of a base', () => {
    const compilation = compileText(
      'interface Base { default maybe deadline 1s; @1 a(): void; } interface Derived extends Base { @1 b(): void; }',
    );
    const derived = declared(compilation, 'interface', 'Derived');
    expect(derived.procedures[0]).toMatchObject({ semantics: 'at-most-once', deadline: 10_000 });
    expect(derived.bases[0]!.procedures[0]).toMatchObject({ semantics: 'maybe', deadline: 1000 });
  });
});

describe('the model', () => {
  it('refers to the things that names stand for, across files and under other names', () => {
    const compilation = compileFiles({
      'idl/bank.idl':
        'module bank.v1; import { Cash as Money } from "./shop.idl"; struct Account { @1 balance: Money; }',
      'idl/shop.idl':
        'module shop.v1; import { Account } from "./bank.idl"; export { Money as Cash } from "./base/money.idl"; struct Shop { @1 account: Account; }',
      'idl/base/money.idl': 'module money.v1; struct Money { @1 units: i64; }',
    });
    const money = declared(compilation, 'struct', 'Money');
    const account = declared(compilation, 'struct', 'Account');
    expect(account.fields[0]!.type).toEqual({ kind: 'named', target: money });
    expect(account.module.imports).toEqual([{ localName: 'Money', target: money }]);
    expect(declared(compilation, 'struct', 'Shop').module.reexports).toEqual([
      { localName: 'Cash', target: money },
    ]);
    expect(money.fullName).toBe('money.v1.Money');
    expect(compilation.model!.modules.map(({ folder }) => folder)).toEqual(['bank', 'base/money', 'shop']);
  });

  it('hands on an import under the name that the file itself gives it', () => {
    const compilation = compileFiles({
      'a.idl': 'module a.v1; import { Rate as Fx } from "./money.idl"; export { Fx } from "./money.idl";',
      'money.idl': 'module money.v1; type Rate = f64;',
    });
    expect(compilation.diagnostics).toEqual([]);
    const rate = declared(compilation, 'alias', 'Rate');
    expect(compilation.model!.modules[0]!.reexports).toEqual([{ localName: 'Fx', target: rate }]);
  });

  it('keeps docs and annotations', () => {
    const compilation = compileFiles({
      'a.idl': [
        '/// The module.',
        'module a.v1;',
        '/// Kinds.',
        '@colour("red")',
        'enum Kind {',
        '  /// The first.',
        '  @owner(Kind.second)',
        '  @1 first;',
        '  @2 second;',
        '}',
      ].join('\n'),
    });
    const kind = declared(compilation, 'enum', 'Kind');
    expect(kind.module.doc).toBe('The module.');
    expect(kind.doc).toBe('Kinds.');
    expect(kind.annotations).toEqual([{ name: 'colour', arguments: [{ kind: 'string', value: 'red' }] }]);
    expect(kind.members[0]).toMatchObject({ id: 1, name: 'first', doc: 'The first.' });
    expect(kind.members[0]!.annotations).toEqual([
      { name: 'owner', arguments: [{ kind: 'enum-member', enum: kind, member: kind.members[1] }] },
    ]);
  });

  it('has the bounds of constraints as numbers that fit their types', () => {
    const compilation = compileText(
      'const Max: u32 = 64; type Name = string where length(..Max), pattern("a+"); type Big = u64 where range(1..);' +
        'type Share = f64 where range(0..1); type Wait = duration where range(1s..1m); type Code = string where length(3);',
    );
    const constraints = (name: string) => declared(compilation, 'alias', name).constraints;
    expect(constraints('Name')).toEqual([
      { kind: 'length', min: undefined, max: 64 },
      { kind: 'pattern', source: 'a+' },
    ]);
    expect(constraints('Big')).toEqual([{ kind: 'range', min: 1n, max: undefined }]);
    expect(constraints('Share')).toEqual([{ kind: 'range', min: 0, max: 1 }]);
    expect(constraints('Wait')).toEqual([{ kind: 'range', min: 1000, max: 60_000 }]);
    expect(constraints('Code')).toEqual([{ kind: 'length', min: 3, max: 3 }]);
  });

  it('says what a group promises, procedure by procedure', () => {
    const compilation = compileText(
      'interface Bank { @1 a(): i64; @2 b(): i64; } ' +
        'group Ledger of Bank { access open; order total; replies majority; a order fifo; b replies n(2); } group Plain of Bank {}',
    );
    const [a, b] = declared(compilation, 'interface', 'Bank').procedures;
    expect(declared(compilation, 'group', 'Ledger')).toMatchObject({
      access: 'open',
      order: 'total',
      replies: { kind: 'majority' },
      policies: [
        { procedure: a, order: 'fifo', replies: { kind: 'majority' } },
        { procedure: b, order: 'total', replies: { kind: 'n', count: 2 } },
      ],
    });
    expect(declared(compilation, 'group', 'Plain')).toMatchObject({
      access: 'closed',
      order: 'unordered',
      replies: { kind: 'all' },
    });
  });

  it('says nothing of maybe procedures but that they are unordered and not answered', () => {
    const compilation = compileText(
      'interface Bank { @1 a(): i64; @2 b(): void maybe; @3 c(): void maybe; } ' +
        'group Ledger of Bank { order total; replies majority; b replies none; c order unordered; }',
    );
    const maybe = { order: 'unordered', replies: { kind: 'none' } };
    expect(declared(compilation, 'group', 'Ledger').policies).toMatchObject([maybe, maybe]);
  });
});
