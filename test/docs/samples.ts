/** The samples of the pages, which a reader copies: each is compiled, and what can be run is run. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export const pages = [
  'README.md',
  'CHANGELOG.md',
  'docs/ARCHITECTURE.md',
  'docs/COMMAND-LINE.md',
  'docs/GROUPS.md',
  'docs/LANGUAGE.md',
  'docs/MESSAGES.md',
  'docs/OBSERVABILITY.md',
  'docs/PERFORMANCE.md',
  'docs/PROTOCOL.md',
  'docs/RELIABILITY.md',
  'docs/RUNTIME.md',
  'docs/SECURITY.md',
  'docs/SEMANTICS.md',
  'compiler/README.md',
  'runtime/README.md',
] as const;

export type Page = (typeof pages)[number];

/** Whose schemas are compiled by a test of their own, unless a program is written for them. */
const elsewhere: readonly Page[] = ['docs/LANGUAGE.md'];

export interface Sample {
  readonly page: Page;
  readonly line: number;
  readonly language: string;
  /** What stands behind the language: a file's name, and whether the sample is wrong on purpose. */
  readonly words: readonly string[];
  readonly text: string;
}

export function textOf(page: string): string {
  return readFileSync(new URL(page, `file://${root}`), 'utf8');
}

function samplesOf(page: Page): Sample[] {
  const text = textOf(page);
  return [...text.matchAll(/^```(\S+)([^\n]*)\n(.*?)^```$/gms)].map(match => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1]!,
    words: match[2]!.trim().split(/\s+/).filter(Boolean),
    text: match[3]!,
  }));
}

export const samples: readonly Sample[] = pages
  .flatMap(page => samplesOf(page))
  .filter(
    ({ page, language, words }) => !(elsewhere.includes(page) && language === 'idl' && words.length === 0),
  );

/** The text that a page shows under this name. */
export function sample(page: Page, name: string): string {
  const found = samples.find(each => each.page === page && each.words[0] === name);
  if (found === undefined) throw new Error(`${page} has no sample named '${name}'`);
  return found.text;
}

/** Of one page: the files that a reader has who copies its samples, those without a name under the number of their line. */
export function filesOf(page: Page): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { language, line, words, text } of samples.filter(each => each.page === page)) {
    const [name] = words;
    if (language === 'ts') files[name ?? `line-${line}.ts`] = text;
    else if (language === 'idl' && name !== undefined && !words.includes('wrong')) files[name] = text;
  }
  return files;
}
