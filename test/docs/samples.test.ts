import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Server } from '@convoke/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultServerLimits } from '../../runtime/src/request-reply/limits.js';
import { compileText } from '../compiler/check/compile-text.js';
import { convoke } from '../compiler/cli/run.js';
import { temporaryFolder } from '../compiler/temporary.js';
import { greeterAddress, serveGreeter } from './greeter.js';
import { filesOf, pages, root, sample, samples, textOf } from './samples.js';

const run = promisify(execFile);

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

describe('the schemas', () => {
  const schemas = samples.filter(({ language, words }) => language === 'idl' && !words.includes('wrong'));

  it.each(schemas)('of $page, line $line, are right', ({ text }) => {
    const { diagnostics } = compileText(text.replace(/^module .*?;/, ''));
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
  });
});

/** What generated code is promised to compile with. */
const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  skipLibCheck: true,
};

const withPrograms = pages.filter(page => samples.some(each => each.page === page && each.language === 'ts'));
const folderOf = (page: string): string => page.replace(/\.md$/, '').replaceAll('/', '-');

describe('the programs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-samples-'));
  const built = (page: string, file: string): string => join(folder, 'dist', folderOf(page), file);
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const include = withPrograms.map(folderOf);
    writeFiles(folder, {
      'package.json': JSON.stringify({ type: 'module' }),
      'tsconfig.json': JSON.stringify({
        compilerOptions: { ...compilerOptions, rootDir: '.', outDir: 'dist' },
        include,
      }),
      'dist/package.json': JSON.stringify({ type: 'module' }),
    });
    for (const page of withPrograms) {
      const directory = join(folder, folderOf(page));
      const files = filesOf(page);
      writeFiles(directory, files);
      if (!Object.keys(files).some(name => name.endsWith('.idl'))) continue;
      const generated = await convoke(directory, ['generate', '--out', 'generated']);
      if (generated.exitCode !== 0) throw new Error(`${page}: ${generated.stderr}`);
    }
  });

  it('compile under all flags that generated code compiles under', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(error => error);
    expect(stdout).toBe('');
  });

  it.each(['udp', 'tcp'])('of the first service work over %s', async scheme => {
    const server = spawn(process.execPath, [built('README.md', 'server.js'), `${scheme}://127.0.0.1:0`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [greeting] = (await once(createInterface(server.stdout), 'line')) as [string];
      expect(greeting).toMatch(new RegExp(`^open at ${scheme}://127\\.0\\.0\\.1:\\d+$`));
      const address = greeting.replace('open at ', '');
      const { stdout } = await run(process.execPath, [built('README.md', 'client.js'), address]);
      expect(stdout).toBe(sample('README.md', 'client'));
    } finally {
      server.kill();
    }
  });

  it('of the first service work within one process', async () => {
    const { stdout } = await run(process.execPath, [built('README.md', 'both.js'), 'memory:shop']);
    expect(stdout).toBe(`open at memory:shop\n${sample('README.md', 'client')}`);
  });

  const selfContained = samples.filter(
    ({ language, text }) =>
      language === 'ts' && ['simulate(', 'server.close()', 'openEndpoint('].some(each => text.includes(each)),
  );

  it.each(selfContained)('of $page, line $line, run to their end', async ({ page, line }) => {
    await run(process.execPath, [built(page, `line-${line}.js`)]);
  });
});

describe('the first service', () => {
  it.each(['server.ts', 'client.ts'])('has a %s of fifteen lines or so', name => {
    expect(sample('README.md', name).split('\n').filter(Boolean).length).toBeLessThanOrEqual(15);
  });

  it('has settings that TypeScript reads as JSON', () => {
    expect(JSON.parse(sample('README.md', 'tsconfig.json'))).toHaveProperty('compilerOptions.strict', true);
  });
});

/** The words of a command, with the address that stands in for the one that is shown. */
function argumentsOf(command: string): string[] {
  const { shown, real } = greeterAddress;
  const words = command.match(/'[^']*'|\S+/g) ?? [];
  return words.map(word => (word === shown ? real : word.replace(/^'(.*)'$/, '$1')));
}

describe('the commands', () => {
  let greeter: Server;
  beforeAll(async () => {
    greeter = await serveGreeter(sample('docs/COMMAND-LINE.md', 'idl/greeter.idl'));
  });
  afterAll(() => greeter.close());

  const consoles = pages.filter(page =>
    samples.some(each => each.page === page && each.language === 'console'),
  );

  it.each(consoles)('of %s print what it shows', async page => {
    const folder = temporaryFolder();
    for (const { language, words, text } of samples.filter(each => each.page === page)) {
      if (language === 'idl' && words[0] !== undefined) writeFiles(folder, { [words[0]]: text });
      if (language !== 'console') continue;
      const [, command, shown] = /^\$ convoke ([^\n]*)\n(.*)$/s.exec(text)!;
      const { exitCode, stdout, stderr } = await convoke(folder, argumentsOf(command!));
      const told = exitCode === 0 ? '' : `[exit code ${exitCode}]\n`;
      expect(`${stderr}${stdout}${told}`).toBe(shown);
    }
  });

  it('of npm are scripts of this repository', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap(page => [...textOf(page).matchAll(/npm (?:run ([a-z:]+)|(test))\b/g)]);
    const names = new Set(named.map(([, script, test]) => script ?? test!));
    expect([...names].filter(name => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(names).toContain('demo');
  });

  it('of the README that test are what CI runs', () => {
    expect(textOf('README.md')).toContain('npm ci && npm test');
    expect(textOf('.ci/run')).toMatch(/^npm ci$/m);
    expect(textOf('.ci/run')).toMatch(/^npm test$/m);
  });
});

describe('the table of limits', () => {
  it('has them all, with their defaults', () => {
    const rows = textOf('docs/RUNTIME.md').matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm);
    const shown = [...rows].map(([, name, value]) => [name, Number(value!.replaceAll(',', ''))]);
    expect(Object.fromEntries(shown)).toEqual(defaultServerLimits);
  });
});

describe('the links', () => {
  /** The anchor that a heading gets. */
  const anchorOf = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');

  const anchorsOf = (page: string): string[] =>
    [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

  it.each(pages)('of %s lead somewhere', page => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    const dead = links.filter(([, path, anchor]) => {
      const target = path === '' ? page : posix.join(dirname(page), path!);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });
});
