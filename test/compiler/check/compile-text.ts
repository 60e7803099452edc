import { type Compilation, compile } from '../../../compiler/src/engine/compile.js';
import { FileError } from '../../../compiler/src/engine/file-error.js';
import type { Declaration } from '../../../compiler/src/model/model.js';
import { positionAt } from '../../../compiler/src/source/source-file.js';

/** Compiles files that are in memory; those named in `inputs`, or all. */
export function compileFiles(
  files: Readonly<Record<string, string>>,
  inputs: readonly string[] = Object.keys(files),
): Compilation {
  return compile({ files: inputs, directory: '/', readFile: readFrom(files) });
}

/** Compiles one file, whose module declaration is added. */
export function compileText(text: string): Compilation {
  return compileFiles({ 'sample.idl': `module sample.v1; ${text}` });
}

export function readFrom(files: Readonly<Record<string, string>>): (path: string) => string {
  return path => {
    const text = files[path];
    if (text === undefined) throw new FileError('there is no such file', true);
    return text;
  };
}

/** `file:line CVK0000`, in the order in which they are reported. */
export function places({ diagnostics, sources }: Compilation): string[] {
  return diagnostics.map(({ code, span }) => {
    const source = sources.get(span.file);
    return `${span.file}:${source ? positionAt(source, span.start).line : 0} ${code}`;
  });
}

/** A declaration of a compilation that has no errors. */
export function declared<Kind extends Declaration['kind']>(
  { model, diagnostics }: Compilation,
  kind: Kind,
  name: string,
): Extract<Declaration, { kind: Kind }> {
  if (!model) throw new Error(diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n'));
  const isWanted = (declaration: Declaration): declaration is Extract<Declaration, { kind: Kind }> =>
    declaration.kind === kind && declaration.name === name;
  const found = model.modules.flatMap(({ declarations }) => declarations).find(isWanted);
  if (!found) throw new Error(`the model has no ${kind} '${name}'`);
  return found;
}
