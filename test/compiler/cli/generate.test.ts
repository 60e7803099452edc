import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary.js';
import { convoke } from './run.js';

const bank = 'module bank.v1;\n\ninterface Bank {\n  @1 balance(@1 id: string): i64;\n}\n';
const shop = 'module shop.v1;\n\ninterface Shop {\n  @1 open(): bool;\n}\n';

/** The files below a folder, with `/`, sorted. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe('convoke generate', () => {
  it('writes the files of each module into a folder of its own', async () => {
    const folder = temporaryFolder({ 'idl/bank.idl': bank, 'idl/trade/shop.idl': shop });
    const { exitCode, stderr } = await convoke(folder, ['generate', '--out', 'generated']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const files = filesIn(join(folder, 'generated'));
    expect(files).toContain('.convoke-manifest.json');
    expect(files).toContain('bank/index.ts');
    expect(files).toContain('trade/shop/index.ts');
    expect(
      files.every(file => /^(\.convoke-manifest\.json|(bank|trade\/shop)\/[a-z]+\.ts)$/.test(file)),
    ).toBe(true);
    expect(files).toContain('bank/client.ts');
  });

  it('touches no file the second time', async () => {
    const folder = temporaryFolder({ 'idl/bank.idl': bank });
    await convoke(folder, ['generate', '--out', 'generated']);
    const out = join(folder, 'generated');
    const before = new Date(1_000_000);
    for (const file of filesIn(out)) utimesSync(join(out, file), before, before);

    const { exitCode, stdout } = await convoke(folder, ['generate', '--out', 'generated']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('all up to date');
    const times = filesIn(out).map(file => statSync(join(out, file)).mtimeMs);
    expect(new Set(times)).toEqual(new Set([before.getTime()]));
  });

  it('removes the files of a schema that is gone', async () => {
    const folder = temporaryFolder({ 'idl/bank.idl': bank, 'idl/shop.idl': shop });
    await convoke(folder, ['generate', '--out', 'generated']);
    rmSync(join(folder, 'idl/shop.idl'));
    const { stdout } = await convoke(folder, ['generate', '--out', 'generated']);
    expect(stdout).toMatch(/removed/);
    expect(readdirSync(join(folder, 'generated')).sort()).toEqual(['.convoke-manifest.json', 'bank']);
  });

  it('writes nothing where anything is wrong, and says so', async () => {
    const mistakes = [
      'module bank.v1;',
      'struct Account {',
      '  @1 owner: string',
      '  @2 balance: Mony;',
      '  @2 opened: timestamp;',
      '}',
      'interface Bank {',
      '  @1 balance(@1 id: string): i64 at-least-once;',
      '  @2 close(@1 id: string): void deadline 0s;',
      '}',
    ].join('\n');
    const folder = temporaryFolder({ 'idl/bank.idl': mistakes, 'idl/shop.idl': shop });
    const { exitCode, stdout, stderr } = await convoke(folder, ['generate', '--out', 'generated']);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    const lines = [...stderr.matchAll(/^idl\/bank\.idl:(\d+):\d+: error (CVK\d+)/gm)].map(
      ([, line, code]) => [line, code],
    );
    expect(lines).toEqual([
      ['3', 'CVK1011'],
      ['4', 'CVK2004'],
      ['5', 'CVK3002'],
      ['8', 'CVK4011'],
      ['9', 'CVK4013'],
    ]);
    expect(stderr).toMatch(/\n5 errors in 1 file\. Nothing was written\.\n$/);
    expect(existsSync(join(folder, 'generated'))).toBe(false);
  });

  it('leaves what it wrote before as it was where anything is wrong', async () => {
    const folder = temporaryFolder({ 'idl/bank.idl': bank });
    await convoke(folder, ['generate', '--out', 'generated']);
    const before = filesIn(join(folder, 'generated'));
    writeFileSync(join(folder, 'idl/bank.idl'), 'module bank.v1; struct');
    expect((await convoke(folder, ['generate', '--out', 'generated'])).exitCode).toBe(1);
    expect(filesIn(join(folder, 'generated'))).toEqual(before);
  });

  it('writes group.ts only where a file declares groups, and removes it when it does not any more', async () => {
    const schema = 'module a.v1;\ninterface I { @1 watch(): stream u8; @2 run(): u8; }\n';
    const folder = temporaryFolder({
      'idl/a.idl': `${schema}group G of I { order total; }`,
      'idl/bank.idl': bank,
    });
    const generated = async () => {
      const { exitCode, stderr } = await convoke(folder, ['generate', '--out', 'generated']);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      const files = ['a/group.ts', 'bank/group.ts', 'a/index.ts'];
      return files.filter(file => existsSync(join(folder, 'generated', file)));
    };
    expect(await generated()).toEqual(['a/group.ts', 'a/index.ts']);
    writeFileSync(join(folder, 'idl/a.idl'), schema);
    expect(await generated()).toEqual(['a/index.ts']);
  });

  it('writes no JSON where nothing is wrong', async () => {
    const folder = temporaryFolder({ 'idl/bank.idl': bank });
    const run = await convoke(folder, ['generate', '--out', 'generated', '--json']);
    expect(run).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it.each([
    [['generate'], /Where are the generated files to go\? Add `--out generated`/],
    [['generate', '--out', 'idl/bank.idl'], /'.*bank\.idl' is a file: name a folder/],
    [['generate', '--out'], /argument missing/],
  ])('%j is 2', async (argv, message) => {
    const folder = temporaryFolder({ 'idl/bank.idl': bank });
    const { exitCode, stderr } = await convoke(folder, argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('settings', () => {
  it.each([
    ['convoke.config.json', '{ "files": ["schemas"], "out": "src/generated" }'],
    ['convoke.config.js', 'export default { files: ["schemas"], out: "src/generated" };'],
    [
      'convoke.config.ts',
      'interface S { files: string[]; out: string }\nexport default { files: ["schemas/*.idl"], out: "src/generated" } satisfies S;',
    ],
    ['package.json', '{ "name": "x", "convoke": { "files": ["schemas/bank.idl"], "out": "src/generated" } }'],
  ])('are read from %s, also in a folder below', async (file, text) => {
    const folder = temporaryFolder({ [file]: text, 'schemas/bank.idl': bank, 'sub/note.txt': '' });
    const { exitCode, stderr } = await convoke(join(folder, 'sub'), ['generate']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(existsSync(join(folder, 'src/generated/bank/index.ts'))).toBe(true);
  });

  it('give way to the command line', async () => {
    const folder = temporaryFolder({
      'convoke.config.json': '{ "files": ["nowhere.idl"], "out": "elsewhere" }',
      'bank.idl': bank,
    });
    expect((await convoke(folder, ['generate', 'bank.idl', '--out', 'here'])).exitCode).toBe(0);
    expect(existsSync(join(folder, 'here/bank/index.ts'))).toBe(true);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  });

  it.each([
    ['{ "files": "a.idl" }', /setting 'files' in '.*' must be a list of paths and globs/],
    ['{ "file": ["x"] }', /There is no setting 'file' .* Did you mean 'files'\?/],
    ['{ "colour": "red" }', /There is no setting 'colour' .* Known are files, out\./],
    ['[]', /are not an object/],
    ['{', /Cannot read the settings/],
  ])('%s is 2', async (text, message) => {
    const folder = temporaryFolder({ 'convoke.config.json': text, 'idl/bank.idl': bank });
    const { exitCode, stderr } = await convoke(folder, ['check']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});
