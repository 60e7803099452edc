/** The packed packages as a new user takes them: a folder of one's own, one .idl file, a server and a client. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, type TestContext, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const fixture = fileURLToPath(new URL('../fixtures/package/', import.meta.url));
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
    const [address] = await once(createInterface(server.stdout), 'line');
    await use(address);
  } finally {
    server.kill();
  }
}

test("a folder of one's own with the packed packages works over udp, tcp and memory", async context => {
  const directory = mkdtempSync(join(tmpdir(), 'convoke-package-'));
  try {
    cpSync(fixture, directory, { recursive: true });
    await install(directory, context);
    const npx = (...words: string[]) => run('npx', ['--no-install', ...words], { cwd: directory, env });
    await npx('convoke', 'generate', '--out', 'generated');
    await npx('tsc');

    const told = 'Hello, world!\nNobody: no name\n';
    for (const scheme of ['udp', 'tcp']) {
      await withServer(directory, `${scheme}://127.0.0.1:0`, async address => {
        expect(address).toMatch(new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+$`));
        const { stdout } = await run(process.execPath, ['dist/client.js', address], { cwd: directory });
        expect(stdout).toBe(told);
      });
    }
    const { stdout } = await run(process.execPath, ['dist/both.js', 'memory:greeter'], { cwd: directory });
    expect(stdout).toBe(`memory:greeter\n${told}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
