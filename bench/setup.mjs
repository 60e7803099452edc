/** What must be there before a cell can run, beyond what `npm ci` and `npm run build` at the root leave. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs the other contestants where that was not done yet, and compiles Convoke's generated code where it changed. */
export function setUp() {
  if (!existsSync(`${root}bench/node_modules/.package-lock.json`)) {
    console.error('The other contestants are not installed yet.');
    runAtRoot('npm', 'ci', '--prefix', 'bench');
  }
  runAtRoot('npx', 'tsc', '-b', 'bench');
}

function runAtRoot(command, ...words) {
  const { status } = spawnSync(command, words, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    throw new Error(`'${[command, ...words].join(' ')}' failed; its output above says why, then try again`);
  }
}
