/** The examples and the demo of groups, as their npm scripts run them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../compiler/temporary.js';
import { root, textOf } from '../docs/samples.js';

const run = promisify(execFile);
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** The program that an npm script runs once all is built. */
function programOf(script: string): string {
  return join(root, /node (examples\/dist\/\S+)$/.exec(scripts[script]!)![1]!);
}

const lastLines = {
  'example:ledger': /The three copies hold 35, 35, 35$/,
  'example:chat': /ben: at six$/,
  'example:cache': /queries of the database: 2$/,
  'example:ticker': /the chart shows: 180\.10 180\.25 179\.90 181\.00 181\.40$/,
  'example:discovery': /who offers a printer\? udp:\/\/10\.0\.0\.7:9100$/,
};

test.each(Object.entries(lastLines))('npm run %s', async (script, lastLine) => {
  const { stdout, stderr } = await run(process.execPath, [programOf(script)]);
  expect(stderr).toBe('');
  expect(stdout.trimEnd()).toMatch(lastLine);
});

test('every example of groups is run', () => {
  const named = Object.keys(scripts).filter(script => script.startsWith('example:'));
  expect(named.sort()).toEqual(Object.keys(lastLines).sort());
});

test('npm run demo:group keeps all promises, and draws a picture', async () => {
  const picture = join(temporaryFolder(), 'run.svg');
  // Other tests keep the machine busy; how soon views follow is for the benchmarks to tell.
  const program = [programOf('demo:group'), '--svg', picture, '--within', '15000'];
  // A demo that fails prints what it saw, which belongs into the report of the test.
  const { stdout, stderr } = await run(process.execPath, program).catch(failed => failed);
  expect(stderr, stdout).toBe('');
  expect(stdout.trimEnd().split('\n').at(-1), stdout).toMatch(
    /^All promises kept: a new view \d+ ms after kill -9, /,
  );
  const svg = readFileSync(picture, 'utf8');
  expect(svg).toMatch(/^<svg [^>]*>\n<title>/);
  expect(svg.length).toBeLessThan(60_000);
  for (const name of ['ann', 'ben', 'cleo', 'dan', 'eve', 'ann II']) expect(svg).toContain(`>${name}</text>`);
});
