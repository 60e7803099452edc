/** Which files a command works on: those that are named, else the settings', else those in `idl/`. */
import { findInputs, InputError } from '../engine/disk.js';
import type { LoadedSettings } from './settings.js';
import { UsageError } from './usage-error.js';

const conventional = 'idl/**/*.idl';

/** Paths relative to `cwd`. */
export async function chooseInputs(
  named: readonly string[],
  settings: LoadedSettings,
  cwd: string,
): Promise<readonly string[]> {
  if (named.length > 0) return findOrExplain(named, cwd, cwd);
  if (settings.files) return findOrExplain(settings.files, settings.directory, cwd);
  return findInputs([conventional], settings.directory, cwd).catch(error => {
    if (!(error instanceof InputError)) throw error;
    throw new UsageError(
      'There is nothing to compile: name .idl files, put them into idl/, or list them as `files` in convoke.config.json.',
    );
  });
}

async function findOrExplain(
  patterns: readonly string[],
  base: string,
  cwd: string,
): Promise<readonly string[]> {
  try {
    return await findInputs(patterns, base, cwd);
  } catch (error) {
    throw error instanceof InputError ? new UsageError(error.message, { cause: error }) : error;
  }
}
