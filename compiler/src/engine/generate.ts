/** Compiles, emits, and brings the output folder up to date. Where there is any error nothing is written. */
import { posix, resolve } from 'node:path';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { type Compilation, type CompileOptions, compile } from './compile.js';
import { type OutputReport, writeOutput } from './output.js';

/** What is compiled, and where the generated files go. */
export interface GenerateOptions extends CompileOptions {
  /** The output folder, relative to `directory`; made where there is none. */
  readonly out: string;
}

/** What came of generating. */
export interface Generation {
  /** Of the compilation. */
  readonly diagnostics: readonly Diagnostic[];
  /** The inputs and what they import, by path. */
  readonly sources: Compilation['sources'];
  /** `undefined` when nothing was written because of errors. */
  readonly output: OutputReport | undefined;
}

/** @throws OutputError where the output folder cannot be written */
export async function generate(options: GenerateOptions): Promise<Generation> {
  const { model, diagnostics, sources } = compile(options);
  if (!model) return { diagnostics, sources, output: undefined };
  // ts-morph takes longer to load than a schema to check, so it is loaded only when something is to be written.
  const { emit } = await import('../emit/index.js');
  const sourceOf = new Map(model.modules.map(({ folder, file }) => [folder, file]));
  const files = emit(model).map(({ path, text }) => ({
    path,
    text,
    source: resolve(options.directory, sourceOf.get(posix.dirname(path))!),
  }));
  return { diagnostics, sources, output: writeOutput(resolve(options.directory, options.out), files) };
}
