/** The benchmark has dependencies of its own, so that the repository's install stays small. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Installs the other contestants where that was not done before. */
export function installContestants() {
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return;
  console.error('The other contestants are not installed yet: npm ci --prefix bench');
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('npm ci --prefix bench failed; see above, and run it by hand');
}
