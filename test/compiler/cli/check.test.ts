import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary.js';
import { convoke } from './run.js';

const good = 'module good.v1;\n\nstruct Good {\n  @1 a: string;\n}\n';
const bad = 'module bad.v1;\n\nstruct Bad {\n  @1 a: strng;\n}\n';
const careless = 'module careless.v1;\nimport { Good } from "./good.idl";\n';

describe('convoke check', () => {
  it('is 0 and says so where nothing is wrong', async () => {
    const folder = temporaryFolder({ 'idl/good.idl': good });
    expect(await convoke(folder, ['check'])).toEqual({
      exitCode: 0,
      stdout: '1 file checked, nothing wrong.\n',
      stderr: '',
    });
  });

  it('is 1 where something is wrong, which it shows', async () => {
    const folder = temporaryFolder({ 'idl/bad.idl': bad });
    expect(await convoke(folder, ['check', 'idl/bad.idl'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: [
        "idl/bad.idl:4:9: error CVK2004: there is no type 'strng'",
        '    4 |   @1 a: strng;',
        '      |         ^^^^^',
        "  hint: did you mean 'string'?",
        '',
        '1 error in 1 file.',
        '',
      ].join('\n'),
    });
  });

  it('is 0 where there are warnings alone', async () => {
    const folder = temporaryFolder({ 'good.idl': good, 'careless.idl': careless });
    const { exitCode, stderr } = await convoke(folder, ['check', 'careless.idl']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("careless.idl:2:10: warning CVK8001: 'Good' is imported but not used");
    expect(stderr).toContain('1 warning in 1 file.');
  });

  it('counts errors, warnings and files', async () => {
    const folder = temporaryFolder({ 'good.idl': good, 'careless.idl': careless, 'a.idl': bad });
    const { stderr } = await convoke(folder, ['check', '*.idl']);
    expect(stderr).toMatch(/\n1 error and 1 warning in 2 files\.\n$/);
  });

  it('accepts streams and groups', async () => {
    const folder = temporaryFolder({
      'a.idl':
        'module a.v1; interface I { @1 watch(): stream u8; @2 run(): u8; } group G of I { order total; }',
    });
    expect((await convoke(folder, ['check', 'a.idl'])).exitCode).toBe(0);
  });

  it('writes JSON lines to standard output and nothing else', async () => {
    const folder = temporaryFolder({ 'good.idl': good, 'careless.idl': careless, 'bad.idl': bad });
    const { exitCode, stdout, stderr } = await convoke(folder, [
      'check',
      '--json',
      'bad.idl',
      'careless.idl',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe('');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([
      {
        file: 'bad.idl',
        line: 4,
        column: 9,
        endLine: 4,
        endColumn: 14,
        severity: 'error',
        code: 'CVK2004',
        message: "there is no type 'strng'",
        hint: "did you mean 'string'?",
      },
      expect.objectContaining({ file: 'careless.idl', line: 2, severity: 'warning', code: 'CVK8001' }),
    ]);
  });

  it('writes no JSON where nothing is wrong', async () => {
    const folder = temporaryFolder({ 'good.idl': good });
    expect(await convoke(folder, ['check', '--json', 'good.idl'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('takes files, folders and globs, each file once', async () => {
    const folder = temporaryFolder({
      'a/one.idl': good,
      'a/b/two.idl': bad,
      'a/node_modules/x/three.idl': 'nonsense',
    });
    const { stderr } = await convoke(folder, [
      'check',
      'a',
      'a/**/*.idl',
      './a/one.idl',
      join(folder, 'a/b/two.idl'),
    ]);
    expect(stderr).toMatch(/\n1 error in 1 file\.\n$/);
    expect(stderr).toContain('a/b/two.idl:4:9: error CVK2004');
  });
});

describe('colours', () => {
  const sequence = '\u001b[';
  const folder = () => temporaryFolder({ 'bad.idl': bad });

  it('are for terminals', async () => {
    expect((await convoke(folder(), ['check', 'bad.idl'], { terminal: true })).stderr).toContain(sequence);
    expect((await convoke(folder(), ['check', 'bad.idl'])).stderr).not.toContain(sequence);
  });

  it('are left out where NO_COLOR is set', async () => {
    const run = await convoke(folder(), ['check', 'bad.idl'], { terminal: true, env: { NO_COLOR: '1' } });
    expect(run.stderr).not.toContain(sequence);
  });
});

describe('wrong use is 2', () => {
  it.each([
    [['check', 'nowhere.idl'], "convoke: There is no file 'nowhere.idl'."],
    [['check', 'x/*.idl'], "convoke: No .idl file matches 'x/*.idl'."],
    [['check', 'notes.txt'], "convoke: 'notes.txt' is not an .idl file."],
    [['check', 'empty'], "convoke: There are no .idl files in the folder 'empty'."],
    [['check'], 'convoke: There is nothing to compile'],
    [['check', '--jsn'], "error: unknown option '--jsn'"],
    [['chek'], "error: unknown command 'chek'\n(Did you mean check?)"],
    [[], 'Usage: convoke'],
  ])('%j', async (argv, message) => {
    const folder = temporaryFolder({ 'notes.txt': '' });
    mkdirSync(join(folder, 'empty'));
    const { exitCode, stdout, stderr } = await convoke(folder, argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('help', () => {
  it.each([
    [['--help'], 'A first service:'],
    [['help', 'generate'], '$ convoke generate --out generated'],
    [['check', '--help'], '$ convoke check'],
    [['--version'], '0.1.0'],
  ])('%j is 0 and goes to standard output', async (argv, text) => {
    const { exitCode, stdout, stderr } = await convoke(temporaryFolder(), argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(text);
  });
});
