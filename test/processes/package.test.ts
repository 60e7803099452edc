/** The README's first service, in a folder of its own and with the packed packages, as a new user makes it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, type TestContext, test } from 'vitest';
import { root, sample } from '../docs/samples.js';

const run = promisify(execFile);
const files = ['idl/stock.idl', 'server.ts', 'client.ts', 'both.ts', 'tsconfig.json'];
const versions: Record<string, string> = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
).devDependencies;

/** What an npm that runs this test tells its children of this repository is not for one in another folder. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package_|lifecycle_|config_(local_prefix|workspace))/.test(name),
  ),
);

const unreachable =
  /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

/** Installs the packed packages, and the compiler of TypeScript that the user of any of it has. */
async function install(directory: string, { skip }: TestContext): Promise<void> {
  const pack = ['pack', '--json', '--pack-destination', directory, '-w', 'runtime', '-w', 'compiler'];
  const { stdout } = await run('npm', pack, { cwd: root, env });
  const tarballs = (JSON.parse(stdout) as { filename: string }[]).map(({ filename }) => `./${filename}`);
  const tools = ['typescript', '@types/node'].map(name => `${name}@${versions[name]}`);
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1'];
  await run('npm', ['install', ...options, ...tarballs, ...tools], { cwd: directory, env }).catch(error => {
    if (unreachable.test(error.stderr)) skip('npm cannot reach its registry, so nothing can be installed');
    throw error;
  });
}

/** Starts the server, and calls back with the address that it prints. */
async function withServer(directory: string, listen: string, use: (address: string) => Promise<void>) {
  const server = spawn(process.execPath, ['dist/server.js', listen], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(createInterface(server.stdout), 'line');
    await use(String(line).replace('open at ', ''));
  } finally {
    server.kill();
  }
}

test('the first service of the README works over udp, tcp, unix and memory', async context => {
  const directory = mkdtempSync(join(tmpdir(), 'convoke-package-'));
  const inside = (command: string, ...words: string[]) => run(command, words, { cwd: directory, env });
  try {
    for (const name of files) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), sample('README.md', name));
    }
    await inside('npm', 'init', '-y');
    await inside('npm', 'pkg', 'set', 'type=module');
    await install(directory, context);
    await inside('npx', '--no-install', 'convoke', 'generate', '--out', 'generated');
    await inside('npx', '--no-install', 'tsc');

    const told = sample('README.md', 'client');
    for (const scheme of ['udp', 'tcp']) {
      await withServer(directory, `${scheme}://127.0.0.1:0`, async address => {
        expect(new URL(address).protocol).toBe(`${scheme}:`);
        expect((await inside(process.execPath, 'dist/client.js', address)).stdout).toBe(told);
      });
    }
    await withServer(directory, 'unix:shop.sock', async address => {
      expect((await inside(process.execPath, 'dist/client.js', address)).stdout).toBe(told);
    });
    const withoutPackage = inside(process.execPath, 'dist/server.js', 'ws://127.0.0.1:0');
    await expect(withoutPackage).rejects.toThrow("need the package 'ws': npm install ws");
    const { stdout } = await inside(process.execPath, 'dist/both.js', 'memory:shop');
    expect(stdout).toBe(`open at memory:shop\n${told}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
