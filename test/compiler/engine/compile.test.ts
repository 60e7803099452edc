import { describe, expect, it } from 'vitest';
import { compile, type ParseCache } from '../../../compiler/src/engine/compile.js';
import { FileError } from '../../../compiler/src/engine/file-error.js';
import { compileFiles, places, readFrom } from '../check/compile-text.js';

const money = 'module money.v1; struct Money { @1 units: i64; }';

describe('what is compiled', () => {
  it('is the inputs and all that they import, in the order of their names', () => {
    const compilation = compileFiles(
      {
        'idl/z.idl': 'module z.v1; import { Money } from "./sub/money.idl"; struct Z { @1 a: Money; }',
        'idl/sub/money.idl': `${money} export { Base } from "../base.idl";`,
        'idl/base.idl': 'module base.v1; struct Base {}',
        'idl/other.idl': 'module other.v1; nonsense',
      },
      ['idl/z.idl'],
    );
    expect(places(compilation)).toEqual([]);
    expect([...compilation.sources.keys()]).toEqual(['idl/base.idl', 'idl/sub/money.idl', 'idl/z.idl']);
  });

  it('is read once, however often it is named', () => {
    const reads: string[] = [];
    const read = readFrom({
      'a.idl': 'module a.v1; import { Money } from "./money.idl"; struct A { @1 a: Money; }',
      'b.idl': 'module b.v1; import { Money } from "./sub/../money.idl"; struct B { @1 a: Money; }',
      'money.idl': money,
    });
    compile({
      files: ['a.idl', 'money.idl', 'b.idl'],
      directory: '/',
      readFile: path => {
        reads.push(path);
        return read(path);
      },
    });
    expect(reads.sort()).toEqual(['a.idl', 'b.idl', 'money.idl']);
  });
});

describe('folders of generated files', () => {
  const folders = (...files: string[]) =>
    compileFiles(Object.fromEntries(files.map((file, at) => [file, `module m${at}.v1;`]))).model!.modules.map(
      ({ folder }) => folder,
    );

  it('are below the common root of the inputs', () => {
    expect(folders('idl/bank.idl', 'idl/shop/cart.idl')).toEqual(['bank', 'shop/cart']);
    expect(folders('a/b/one.idl', 'a/c/two.idl')).toEqual(['b/one', 'c/two']);
  });

  it('are beside each other for files of one folder, and for a file alone', () => {
    expect(folders('deep/below/bank.idl')).toEqual(['bank']);
    expect(folders('bank.idl', 'shop.idl')).toEqual(['bank', 'shop']);
  });

  it('never lead out of the output folder', () => {
    const files = { '../outside/a.idl': 'module a.v1;', 'inside/b.idl': 'module b.v1;' };
    const { model } = compile({
      files: Object.keys(files),
      directory: '/projects/here',
      readFile: readFrom(files),
    });
    expect(model!.modules.map(({ folder }) => folder)).toEqual(['outside/a', 'here/inside/b']);
  });

  it('are not shared', () => {
    const { diagnostics } = compileFiles({ 'Bank.idl': 'module a.v1;', 'bank.idl': 'module b.v1;' });
    expect(diagnostics.map(({ code, span }) => `${span.file} ${code}`)).toEqual(['bank.idl CVK9005']);
  });
});

describe('files that cannot be read', () => {
  const files = { 'a.idl': 'module a.v1;\nimport { B } from "./b.idl";\nstruct A { @1 b: B; }' };
  const readFile = (path: string) => {
    if (path === 'a.idl') return files[path];
    throw new FileError('permission denied', false);
  };

  it('are reported where they are imported', () => {
    const compilation = compile({ files: ['a.idl'], directory: '/', readFile });
    expect(places(compilation)).toEqual(['a.idl:2 CVK9001']);
    expect(compilation.diagnostics[0]!.message).toBe("cannot read 'b.idl': permission denied");
  });

  it('are reported when they are inputs', () => {
    const compilation = compile({ files: ['b.idl'], directory: '/', readFile });
    expect(places(compilation)).toEqual(['b.idl:0 CVK9001']);
    expect(compilation.model).toBeUndefined();
  });
});

describe('a cache', () => {
  it('keeps what has not changed, and nothing else', () => {
    const cache: ParseCache = new Map();
    const files = { 'a.idl': 'module a.v1;', 'b.idl': 'module b.v1;' };
    const run = () =>
      compile({ files: ['a.idl', 'b.idl'], directory: '/', readFile: readFrom(files), cache });
    const first = run();
    files['b.idl'] = 'module b.v2;';
    const second = run();
    expect(second.sources.get('a.idl')).toBe(first.sources.get('a.idl'));
    expect(second.sources.get('b.idl')).not.toBe(first.sources.get('b.idl'));
    expect(second.model!.modules.map(({ name }) => name)).toEqual(['a.v1', 'b.v2']);
  });
});
