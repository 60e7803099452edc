/** The disk as the engine sees it: bytes by path, and inputs by name, folder or glob. */
import { readFileSync, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { FileError } from './file-error.js';

/** What was named as an input is not one. The message says what and why. */
export class InputError extends Error {
  /** `InputError`. Also tells these errors apart where two copies of this package make `instanceof` fail. */
  override readonly name = 'InputError';
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** Reads files whose paths are relative to `directory`. */
export function readFrom(directory: string): (path: string) => Uint8Array {
  return path => {
    try {
      return readFileSync(resolve(directory, path));
    } catch (error) {
      const code = errorCode(error);
      const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
      throw new FileError(reason, reason === reasons.ENOENT);
    }
  };
}

/**
 * The `.idl` files that are named, each once, sorted.
 *
 * @param patterns paths, folders (all `.idl` files below) and globs, relative to `base`
 * @param directory what the resulting paths are relative to
 * @throws InputError where a pattern leads to no file, or to one that is not an `.idl` file
 */
export async function findInputs(
  patterns: readonly string[],
  base: string,
  directory: string,
): Promise<readonly string[]> {
  const found = await Promise.all(patterns.map(pattern => expand(pattern, base)));
  const paths = found.flat().map(path => toPath(relative(directory, resolve(base, path))));
  return [...new Set(paths)].sort();
}

async function expand(pattern: string, base: string): Promise<readonly string[]> {
  const stats = statSync(resolve(base, pattern), { throwIfNoEntry: false });
  if (stats && !stats.isDirectory()) {
    if (pattern.endsWith('.idl')) return [pattern];
    throw new InputError(`'${pattern}' is not an .idl file.`);
  }
  const wanted = stats ? `${toPath(pattern).replace(/\/+$/, '')}/**/*.idl` : toPath(pattern);
  const found = await glob(wanted, { cwd: base, ignore: '**/node_modules/**', expandDirectories: false });
  const schemas = found.filter(path => path.endsWith('.idl'));
  if (schemas.length > 0) return schemas;
  if (stats) throw new InputError(`There are no .idl files in the folder '${pattern}'.`);
  throw new InputError(
    isGlob(pattern) ? `No .idl file matches '${pattern}'.` : `There is no file '${pattern}'.`,
  );
}

function isGlob(pattern: string): boolean {
  return /[*?{}[\]!()]/.test(pattern);
}

/** With `/`, whatever the system's separator is. */
function toPath(path: string): string {
  return sep === '/' ? path : path.split(sep).join('/');
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
