/** The output folder: writes what changed, leaves alone what did not, and removes what has lost its source. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { formatManifest, type Manifest, ManifestError, manifestName, parseManifest } from './manifest.js';

/** One file to be, and the source that it is generated from. */
export interface OutputFile {
  /** Below the output folder, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The source's path, absolute or relative to the working directory. */
  readonly source: string;
}

/** What a run did; paths below the output folder, sorted. */
export interface OutputReport {
  /** Files that are new or have changed. */
  readonly written: readonly string[];
  /** Files that were up to date and were not touched. */
  readonly unchanged: readonly string[];
  /** Files whose source no longer yields them. */
  readonly removed: readonly string[];
}

/** The output folder cannot be written. The message says which file, why, and what to do. */
export class OutputError extends Error {
  /** `OutputError`. Also tells these errors apart where two copies of this package make `instanceof` fail. */
  override readonly name = 'OutputError';
}

/**
 * Brings `directory` up to date with `files`. A file whose bytes are the same is not touched.
 *
 * @throws OutputError where the folder or its manifest cannot be read or written
 */
export function writeOutput(directory: string, files: readonly OutputFile[]): OutputReport {
  if (existsSync(directory) && !statSync(directory).isDirectory()) {
    throw new OutputError(`'${directory}' is a file: name a folder for the generated files.`);
  }
  const before = readManifest(directory);
  const fresh = new Map(files.map(file => [file.path, relativeSource(directory, file.source)]));
  const stale = [...before].filter(
    ([path, source]) => !fresh.has(path) && isStale(directory, path, source, fresh),
  );
  const removed = stale.map(([path]) => path).sort();

  const written: string[] = [];
  const unchanged: string[] = [];
  for (const file of files) {
    (writeIfChanged(join(directory, file.path), file.text) ? written : unchanged).push(file.path);
  }
  for (const path of removed) removeFile(directory, path);

  const kept = [...before].filter(([path]) => !removed.includes(path));
  writeIfChanged(join(directory, manifestName), formatManifest(new Map([...kept, ...fresh])));
  return { written: written.sort(), unchanged: unchanged.sort(), removed };
}

/**
 * A generated file is stale when its source is gone, or when its source was compiled again into the same folder and
 * no longer yields it. A source that is only not among today's inputs keeps its files.
 */
function isStale(directory: string, path: string, source: string, fresh: Manifest): boolean {
  if (!existsSync(join(directory, source))) return true;
  return [...fresh].some(([other, from]) => from === source && dirname(other) === dirname(path));
}

function readManifest(directory: string): Manifest {
  const path = join(directory, manifestName);
  const text = readIfThere(path);
  if (text === undefined) return new Map();
  try {
    return parseManifest(text);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new OutputError(
      `The manifest '${path}' is damaged: ${error.message}. Restore it, or delete it and look for stale files yourself.`,
      { cause: error },
    );
  }
}

function relativeSource(directory: string, source: string): string {
  return relative(directory, source).split(sep).join('/');
}

function writeIfChanged(path: string, text: string): boolean {
  if (readIfThere(path) === text) return false;
  return attempt(`write '${path}'`, () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return true;
  });
}

function readIfThere(path: string): string | undefined {
  return attempt(`read '${path}'`, () => (existsSync(path) ? readFileSync(path, 'utf8') : undefined));
}

function removeFile(directory: string, path: string): void {
  attempt(`remove '${join(directory, path)}'`, () => rmSync(join(directory, path), { force: true }));
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const full = join(directory, folder);
    if (!existsSync(full) || readdirSync(full).length > 0) return;
    attempt(`remove '${full}'`, () => rmdirSync(full));
  }
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OutputError(`Cannot ${what}: ${reason}`, { cause: error });
  }
}
