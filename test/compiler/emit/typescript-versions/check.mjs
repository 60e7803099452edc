// Compiles the golden files with every supported version of TypeScript. Run `npm ci && npm run check` here, with the
// packages of the repository installed. The versions have a folder of their own because all of them would install a
// command `tsc`, of which the repository wants one.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));
const versions = ['5.9', '6.0', '7.0'];

const failed = versions.filter(version => {
  const compiler = path(`node_modules/typescript-${version}/bin/tsc`);
  const { status } = spawnSync(process.execPath, [compiler, '-p', path('../tsconfig.golden.json')], {
    stdio: 'inherit',
  });
  console.log(`TypeScript ${version}: ${status === 0 ? 'compiles' : 'fails'}`);
  return status !== 0;
});
process.exitCode = failed.length === 0 ? 0 : 1;
