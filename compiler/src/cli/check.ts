/** `convoke check`: all diagnostics; writes nothing. */
import { readFrom } from '../engine/disk.js';
import { chooseInputs } from './inputs.js';
import type { Io } from './io.js';
import { count, countErrors, summarise, writeDiagnostics } from './report.js';
import { loadSettings } from './settings.js';

export interface CheckCommandOptions {
  readonly json?: boolean;
}

/** @throws UsageError where there is nothing to check */
export async function runCheck(
  named: readonly string[],
  options: CheckCommandOptions,
  io: Io,
): Promise<number> {
  const json = options.json ?? false;
  const files = await chooseInputs(named, await loadSettings(io.cwd), io.cwd);
  // The parser takes a while to load, which `--help` and wrong usage need not wait for.
  const { compile } = await import('../engine/compile.js');
  const compilation = compile({ files, directory: io.cwd, readFile: readFrom(io.cwd) });
  writeDiagnostics(io, compilation, json);
  if (!json) {
    const summary = summarise(compilation);
    if (summary !== undefined) io.stderr.write(`${summary}\n`);
    else io.stdout.write(`${count(compilation.sources.size, 'file')} checked, nothing wrong.\n`);
  }
  return countErrors(compilation) > 0 ? 1 : 0;
}
