/** docs/RELIABILITY.md, made of the scenarios and of the names of the tests between real processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../simulation/stage.js';
import { outcomes, unbuilt } from './reliability-outcomes.js';

// Not that of the samples, which want every page to be there.
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Scenarios that stand in one file. */
interface Chapter {
  readonly path: string;
  readonly scenarios: readonly Scenario[];
}

export interface ProcessTest {
  readonly number: number;
  readonly title: string;
  readonly path: string;
}

const byNumber = (one: { number: number }, other: { number: number }) => one.number - other.number;

/** The files of a folder of tests, by their paths from the root. */
function filesIn(folder: string, ending: string): string[] {
  const names = readdirSync(join(root, folder)).filter(name => name.endsWith(ending));
  return names.sort().map(name => `${folder}/${name}`);
}

async function readChapter(path: string): Promise<Chapter> {
  const exported = (await import(join(root, path))) as Record<string, readonly Scenario[]>;
  return { path, scenarios: Object.values(exported).flat().sort(byNumber) };
}

/** In the order of their first cases. */
export async function readChapters(): Promise<Chapter[]> {
  const chapters = await Promise.all(filesIn('test/simulation/cases', '.ts').map(readChapter));
  return chapters.sort((one, other) => byNumber(one.scenarios[0]!, other.scenarios[0]!));
}

/** Those that are named after a case: its number, a colon and a title. */
export function readProcessTests(): ProcessTest[] {
  return filesIn('test/processes', '.test.ts').flatMap(path =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/^test\((['"])(\d+): (.+?)\1,/gm)].map(
      ([, , number, title]) => ({
        number: Number(number),
        title: title!,
        path,
      }),
    ),
  );
}

const escapeMarkdown = (text: string) => text.replaceAll(/[\\_*|<`]/g, '\\$&');
const capitalise = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const row = (...cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]) =>
  [row(...head), row(...head.map(() => '---')), ...rows].join('\n');

/** The name of a file of tests, leading there. */
function linkTo(path: string): string {
  const name = path
    .split('/')
    .at(-1)!
    .replace(/(\.test)?\.ts$/, '');
  return `[${name}](../${path})`;
}

/** `bad-network.test.ts` → its link, and the title where the real test is not quite the simulated one. */
function processCell({ number, title }: Scenario, tests: readonly ProcessTest[]): string {
  const links = tests
    .filter(test => test.number === number)
    .map(test => linkTo(test.path) + (test.title === title ? '' : `: ${escapeMarkdown(test.title)}`));
  return links.length === 0 ? '–' : links.join(', ');
}

function chapterText({ path, scenarios }: Chapter, tests: readonly ProcessTest[]): string {
  const heading = capitalise(path.split('/').at(-1)!.replace('.ts', '').replaceAll('-', ' '));
  const rows = scenarios.map(scenario =>
    row(
      scenario.number,
      capitalise(escapeMarkdown(scenario.title)),
      outcomes[scenario.number] ?? '',
      linkTo(path),
      processCell(scenario, tests),
    ),
  );
  return `## ${heading}\n\n${table(['', 'case', 'what happens', 'simulated', 'real processes'], rows)}`;
}

function unbuiltText(): string {
  const rows = Object.entries(unbuilt).map(([number, [title, waitsFor]]) =>
    row(number, capitalise(escapeMarkdown(title)), waitsFor),
  );
  return `## Not built yet\n\nThese belong to what Convoke cannot do yet, and nothing plays them.\n\n${table(['', 'case', 'waits for'], rows)}`;
}

export async function reliabilityPage(): Promise<string> {
  const chapters = await readChapters();
  const tests = readProcessTests();
  const played = chapters.flatMap(({ scenarios }) => scenarios);
  const inProcesses = played.filter(({ number }) => tests.some(test => test.number === number));
  const total = played.length + Object.keys(unbuilt).length;
  return `${[
    '<!-- Written by `npm run docs:reliability` from the tests; change those. -->',
    '# Reliability',
    `What can go wrong between a caller and a procedure, and what the caller is told then. Of ${total} cases ${played.length} are played in a
simulated network, each with many seeds, and ${inProcesses.length} of these between real processes over real sockets as well.`,
    `An oracle judges each run. It counts the executions of every call and holds them against what its caller was told: an
at-most-once call is executed at most once, and exactly once where the caller has a result or a declared error; outcome
\`not-executed\` means never, \`executed\` means that it ran. [Call semantics](SEMANTICS.md) says what the words mean. Beside the cases
there is [a mixture](../test/simulation/mixture.ts) of calls, cancels, crashes, partitions and stalls, all at once.`,
    `\`npm test\` plays each case with a few seeds, and what is large only in part. \`npm run test:soak\` plays all of it whole, ten
thousand seeds together. One case alone, 27 here:`,
    `\`\`\`sh
npx vitest run --project simulation --project processes -t '27:'
\`\`\``,
    ...chapters.map(chapter => chapterText(chapter, tests)),
    unbuiltText(),
  ].join('\n\n')}\n`;
}
