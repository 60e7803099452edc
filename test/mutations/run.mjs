/** Runs the simulated cases once for each mutation, and lists which of them notice it. */
import { spawnSync } from 'node:child_process';
import { mutations } from './mutations.mjs';

let unnoticed = 0;
for (const { name } of mutations) {
  const run = spawnSync('npx', ['vitest', 'run', '--project', 'simulation', '--reporter', 'json'], {
    env: { ...process.env, MUTATION: name, SEEDS: '10' },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const report = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')));
  const red = report.testResults
    .flatMap(file => file.assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ title }) => title);
  if (red.length === 0) unnoticed++;
  console.log(`without ${name}: ${red.length} tests turn red`);
  for (const title of red) console.log(`  ${title}`);
}
console.log(unnoticed === 0 ? 'Every mutation is noticed.' : `${unnoticed} mutations are not noticed.`);
process.exitCode = unnoticed === 0 ? 0 : 1;
