/** Parses, loads what is imported, and checks. Reads through the host only, so that an editor can stand in for a disk. */
import { posix } from 'node:path';
import { check } from '../check/check.js';
import type { ImportResolution } from '../check/imports.js';
import type { ParsedModule } from '../check/scope.js';
import { diagnostics as catalogue } from '../diagnostics/catalogue.js';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.js';
import type { Model } from '../model/model.js';
import { type SourceFile, sourceFromBytes, sourceFromText } from '../source/source-file.js';
import type { Span } from '../source/span.js';
import { type ParseResult, parse } from '../syntax/parse.js';
import { FileError } from './file-error.js';
import { outputFolders } from './folders.js';

/** What is compiled, and how it is read. */
export interface CompileOptions {
  /** Paths with `/`, each file under one spelling: as diagnostics are to name it. */
  readonly files: readonly string[];
  /** What they are relative to. */
  readonly directory: string;
  /** Throws a `FileError` where there is no such file or it cannot be read. */
  readonly readFile: (path: string) => Uint8Array | string;
  /** Of an earlier compilation: files that have not changed are not parsed again. */
  readonly cache?: ParseCache;
}

/** What a compilation found. */
export interface Compilation {
  /** `undefined` when there is any error. */
  readonly model: Model | undefined;
  /** File by file, and within a file from top to bottom. */
  readonly diagnostics: readonly Diagnostic[];
  /** The inputs and what they import, by path. */
  readonly sources: ReadonlyMap<string, SourceFile>;
}

/** A source file with its syntax tree. */
interface Parsed extends ParseResult {
  readonly source: SourceFile;
}

/** Files that were parsed, by path; good for as long as their texts stay the same. */
export type ParseCache = Map<string, SourceFile>;

/** What came of parsing them; goes with the caches that hold them. */
const results = new WeakMap<SourceFile, ParseResult>();

/** Compiles the files and all that they import. Errors in schemas are diagnostics; nothing is thrown for them. */
export function compile({ files, directory, readFile, cache = new Map() }: CompileOptions): Compilation {
  const found: Diagnostic[] = [];
  const parsed = new Map<string, Parsed>();
  const failures = new Map<string, FileError>();
  const load = (path: string): void => {
    if (parsed.has(path) || failures.has(path)) return;
    try {
      parsed.set(path, parseCached(cache, path, readFile(path)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      failures.set(path, error);
    }
  };

  for (const path of files) load(path);
  for (const [path, { message }] of failures) {
    found.push(diagnose(catalogue.cannotRead, startOf(path), { file: path, reason: message }));
  }
  // A map is iterated over in the order of insertion, so that what is loaded here is visited too.
  for (const [path, { tree }] of parsed) {
    for (const { from } of [...tree.imports, ...tree.exports]) {
      const imported = from.kind === 'string' && importedPath(path, from.value);
      if (imported) load(imported);
    }
  }

  const paths = [...parsed.keys()].sort();
  const folders = outputFolders(paths, directory);
  const modules = paths.map(path => toModule(parsed.get(path)!, folders.get(path)!));
  for (const { diagnostics } of parsed.values()) found.push(...diagnostics);
  found.push(...findSharedFolders(modules));
  const checked = check(modules, (from, specifier) => resolveImport(failures, from, specifier));
  found.push(...checked.diagnostics);

  const sources = new Map(modules.map(({ source }) => [source.path, source]));
  const hasErrors = found.some(({ severity }) => severity === 'error');
  return { model: hasErrors ? undefined : checked.model, diagnostics: inOrder(found), sources };
}

function parseCached(cache: ParseCache, path: string, content: Uint8Array | string): Parsed {
  const source = typeof content === 'string' ? sourceFromText(path, content) : sourceFromBytes(path, content);
  const before = cache.get(path);
  if (before?.text === source.text && !before.invalidUtf8 && !source.invalidUtf8) {
    const result = results.get(before);
    if (result !== undefined) return { source: before, ...result };
  }
  const result = parse(source);
  cache.set(path, source);
  results.set(source, result);
  return { source, ...result };
}

function toModule({ source, tree, diagnostics }: Parsed, folder: string): ParsedModule {
  return { source, tree, folder, hasSyntaxErrors: diagnostics.some(({ severity }) => severity === 'error') };
}

/** `undefined` for what is not a relative path to an `.idl` file. */
function importedPath(from: string, specifier: string): string | undefined {
  if (!/^\.\.?\/.*\.idl$/.test(specifier)) return undefined;
  return posix.join(posix.dirname(from), specifier);
}

/** `@acme/ids/ids.idl`, `ids/ids.idl`: the name of an npm package and a path in it. */
const packagePath = /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*\/.+\.idl$/i;

function resolveImport(
  failures: ReadonlyMap<string, FileError>,
  from: string,
  specifier: string,
): ImportResolution {
  const path = importedPath(from, specifier);
  if (path === undefined) return { kind: packagePath.test(specifier) ? 'package' : 'malformed' };
  const failure = failures.get(path);
  if (!failure) return { kind: 'module', file: path };
  return failure.isMissing
    ? { kind: 'not-found', path }
    : { kind: 'unreadable', path, reason: failure.message };
}

function findSharedFolders(modules: readonly ParsedModule[]): Diagnostic[] {
  const taken = new Map<string, string>();
  return modules.flatMap(({ folder, source: { path } }) => {
    // Two folders that differ in case only are one on many file systems.
    const key = folder.toLowerCase();
    const other = taken.get(key);
    taken.set(key, other ?? path);
    return other === undefined ? [] : [diagnose(catalogue.sameFolder, startOf(path), { folder, other })];
  });
}

function startOf(file: string): Span {
  return { file, start: 0, end: 0 };
}

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(({ span: a, code: x }, { span: b, code: y }) =>
    a.file === b.file ? a.start - b.start || a.end - b.end || compareText(x, y) : compareText(a.file, b.file),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
