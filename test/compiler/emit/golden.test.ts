import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expectGolden } from '../../golden.js';
import { caseNames, emitCase, goldenFolder } from './compile-case.js';

describe.each(caseNames)('%s', name => {
  const files = emitCase(name);

  it.each(files.map(({ path, text }) => [path, text] as const))('%s is as it was', (path, text) => {
    expectGolden(join(goldenFolder, name, path), text);
  });

  it('has no other files than before', () => {
    const golden = readdirSync(join(goldenFolder, name), { recursive: true, encoding: 'utf8' });
    const paths = golden.map(path => path.replaceAll('\\', '/')).filter(path => path.endsWith('.ts'));
    expect(files.map(({ path }) => path).sort()).toEqual(paths.sort());
  });

  it('gives the same bytes again', () => {
    expect(emitCase(name)).toEqual(files);
  });
});

it('the generated files compile under all flags', () => {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const compiler = path('../../../node_modules/typescript/bin/tsc');
  const output = runCompiler(compiler, path('tsconfig.golden.json'));
  expect(output).toBe('');
});

/** What the compiler complains of. */
function runCompiler(compiler: string, project: string): string {
  try {
    return execFileSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' });
  } catch (error) {
    return String((error as { stdout: unknown }).stdout);
  }
}
