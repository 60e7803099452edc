/** `convoke generate`: compiles, and brings the output folder up to date. */
import { relative, resolve } from 'node:path';
import { readFrom } from '../engine/disk.js';
import { OutputError, type OutputReport } from '../engine/output.js';
import { chooseInputs } from './inputs.js';
import type { Io } from './io.js';
import { count, summarise, writeDiagnostics } from './report.js';
import { type LoadedSettings, loadSettings } from './settings.js';
import { UsageError } from './usage-error.js';

export interface GenerateCommandOptions {
  readonly out?: string;
  readonly json?: boolean;
}

/** @throws UsageError where there is nothing to compile, or no folder to write to */
export async function runGenerate(
  named: readonly string[],
  options: GenerateCommandOptions,
  io: Io,
): Promise<number> {
  const json = options.json ?? false;
  const settings = await loadSettings(io.cwd);
  const out = chooseOutput(options, settings, io.cwd);
  const files = await chooseInputs(named, settings, io.cwd);
  // The parser takes a while to load, which `--help` and wrong usage need not wait for.
  const { generate } = await import('../engine/generate.js');
  const generation = await generate({ files, readFile: readFrom(io.cwd), directory: io.cwd, out }).catch(
    explain,
  );
  writeDiagnostics(io, generation, json);
  if (!json) writeSummary(io, out, generation.output, summarise(generation));
  return generation.output ? 0 : 1;
}

/** Relative to `cwd`. */
function chooseOutput(options: GenerateCommandOptions, settings: LoadedSettings, cwd: string): string {
  if (options.out !== undefined) return options.out;
  if (settings.out !== undefined) return relative(cwd, resolve(settings.directory, settings.out)) || '.';
  throw new UsageError(
    'Where are the generated files to go? Add `--out generated`, or `"out": "generated"` in convoke.config.json.',
  );
}

function explain(error: unknown): never {
  throw error instanceof OutputError ? new UsageError(error.message, { cause: error }) : error;
}

function writeSummary(
  io: Io,
  out: string,
  output: OutputReport | undefined,
  summary: string | undefined,
): void {
  if (!output) {
    io.stderr.write(`${summary} Nothing was written.\n`);
    return;
  }
  if (summary !== undefined) io.stderr.write(`${summary}\n`);
  const { written, unchanged, removed } = output;
  const total = count(written.length + unchanged.length, 'file');
  const changes = [
    written.length > 0 ? `${written.length} written` : '',
    removed.length > 0 ? `${removed.length} removed` : '',
  ].filter(text => text !== '');
  io.stdout.write(`${out}: ${total}, ${changes.length > 0 ? changes.join(', ') : 'all up to date'}.\n`);
}
