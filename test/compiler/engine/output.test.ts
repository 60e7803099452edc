import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifestName } from '../../../compiler/src/engine/manifest.js';
import { OutputError, type OutputFile, writeOutput } from '../../../compiler/src/engine/output.js';
import { temporaryFolder } from '../temporary.js';

const project = () => {
  const folder = temporaryFolder({ 'bank.idl': '', 'shop.idl': '' });
  const out = join(folder, 'generated');
  const file = (path: string, text: string, source = `${path.split('/')[0]}.idl`): OutputFile => ({
    path,
    text,
    source: join(folder, source),
  });
  return { folder, out, file };
};

describe('the output folder', () => {
  it('is made, with a manifest', () => {
    const { out, file } = project();
    const report = writeOutput(out, [file('bank/types.ts', 'a'), file('bank/index.ts', 'b')]);
    expect(report).toEqual({ written: ['bank/index.ts', 'bank/types.ts'], unchanged: [], removed: [] });
    expect(readFileSync(join(out, 'bank/types.ts'), 'utf8')).toBe('a');
    expect(JSON.parse(readFileSync(join(out, manifestName), 'utf8'))).toEqual({
      version: 1,
      files: { 'bank/index.ts': '../bank.idl', 'bank/types.ts': '../bank.idl' },
    });
  });

  it('has only those files touched that changed', () => {
    const { out, file } = project();
    writeOutput(out, [file('bank/types.ts', 'a'), file('bank/index.ts', 'b')]);
    const before = new Date(1_000_000);
    const paths = ['bank/types.ts', 'bank/index.ts', manifestName].map(path => join(out, path));
    for (const path of paths) utimesSync(path, before, before);

    const report = writeOutput(out, [file('bank/types.ts', 'a'), file('bank/index.ts', 'changed')]);
    expect(report).toEqual({ written: ['bank/index.ts'], unchanged: ['bank/types.ts'], removed: [] });
    expect(paths.map(path => statSync(path).mtimeMs === before.getTime())).toEqual([true, false, true]);
  });

  it('loses the files of a source that no longer exists, and their folder', () => {
    const { folder, out, file } = project();
    writeOutput(out, [file('bank/types.ts', 'a'), file('shop/types.ts', 'b')]);
    writeFileSync(join(out, 'mine.ts'), '');
    rmSync(join(folder, 'shop.idl'));
    expect(writeOutput(out, [file('bank/types.ts', 'a')]).removed).toEqual(['shop/types.ts']);
    expect(readdirSync(out).sort()).toEqual([manifestName, 'bank', 'mine.ts']);
  });

  it('keeps a folder in which somebody else has a file', () => {
    const { folder, out, file } = project();
    writeOutput(out, [file('shop/types.ts', 'b')]);
    writeFileSync(join(out, 'shop/mine.ts'), '');
    rmSync(join(folder, 'shop.idl'));
    writeOutput(out, []);
    expect(readdirSync(join(out, 'shop'))).toEqual(['mine.ts']);
  });

  it('keeps the files of a source that is only not compiled this time', () => {
    const { folder, out, file } = project();
    writeOutput(out, [file('bank/types.ts', 'a'), file('shop/types.ts', 'b')]);
    expect(writeOutput(out, [file('bank/types.ts', 'a')]).removed).toEqual([]);
    rmSync(join(folder, 'shop.idl'));
    expect(writeOutput(out, [file('bank/types.ts', 'a')]).removed).toEqual(['shop/types.ts']);
  });

  it('loses a file that its source no longer yields', () => {
    const { out, file } = project();
    writeOutput(out, [file('bank/types.ts', 'a'), file('bank/client.ts', 'b')]);
    expect(writeOutput(out, [file('bank/types.ts', 'a')]).removed).toEqual(['bank/client.ts']);
    expect(existsSync(join(out, 'bank/client.ts'))).toBe(false);
  });

  it('keeps a file of the same source in another folder', () => {
    const { out, file } = project();
    writeOutput(out, [file('deep/bank/types.ts', 'a', 'bank.idl')]);
    expect(writeOutput(out, [file('bank/types.ts', 'a')]).removed).toEqual([]);
  });

  it('does not fail on a file that is gone already', () => {
    const { folder, out, file } = project();
    writeOutput(out, [file('shop/types.ts', 'b')]);
    rmSync(join(out, 'shop'), { recursive: true });
    rmSync(join(folder, 'shop.idl'));
    expect(writeOutput(out, []).removed).toEqual(['shop/types.ts']);
  });

  it('is refused when it is a file', () => {
    const { folder } = project();
    expect(() => writeOutput(join(folder, 'bank.idl'), [])).toThrow(OutputError);
  });

  it('is left alone when its manifest is damaged', () => {
    const { out, file } = project();
    writeOutput(out, [file('bank/types.ts', 'a')]);
    writeFileSync(join(out, manifestName), '<<<<<<< HEAD');
    expect(() => writeOutput(out, [file('bank/types.ts', 'b')])).toThrow(
      /manifest .* is damaged: it is not JSON/,
    );
    expect(readFileSync(join(out, 'bank/types.ts'), 'utf8')).toBe('a');
  });
});
