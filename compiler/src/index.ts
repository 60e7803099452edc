/**
 * The compiler as a library: checks schemas, generates from them, and gives the checked model to other tools.
 *
 * @packageDocumentation
 */
export type { Diagnostic, DiagnosticCode, Related, Severity } from './diagnostics/diagnostic.js';
export { renderDiagnostic, renderJson, type Sources } from './diagnostics/render.js';
export {
  type Compilation,
  type CompileOptions,
  compile,
  type ParseCache,
} from './engine/compile.js';
export { findInputs, InputError, readFrom } from './engine/disk.js';
export { FileError } from './engine/file-error.js';
export { type GenerateOptions, type Generation, generate } from './engine/generate.js';
export { OutputError, type OutputReport } from './engine/output.js';
export type * from './model/model.js';
export { type Position, positionAt, type SourceFile } from './source/source-file.js';
export type { Span } from './source/span.js';
export { orderWords, primitiveNames, semanticsWords } from './syntax/words.js';
