/** What each file knows by name. */
import type { Report } from '../diagnostics/diagnostic.js';
import type { Declaration, ModuleModel } from '../model/model.js';
import type { SourceFile } from '../source/source-file.js';
import type { Span } from '../source/span.js';
import type { DeclarationNode, FileNode } from '../syntax/tree.js';
import type { DeclarationKind, Draft, DraftOf } from './draft.js';

/** A file as the parser left it. */
export interface ParsedModule {
  readonly source: SourceFile;
  readonly tree: FileNode;
  /** Parts of the file may be lost, so what is unknown may only be unreadable. */
  readonly hasSyntaxErrors: boolean;
  /** Of its generated files, below the output folder. */
  readonly folder: string;
}

/** A declaration as it is written and as it will be modelled. */
export type Entry = {
  [Kind in DeclarationKind]: {
    readonly kind: Kind;
    readonly node: Extract<DeclarationNode, { kind: Kind }>;
    readonly model: DraftOf<Kind>;
    readonly scope: Scope;
  };
}[DeclarationKind];

export type EntryOf<Kind extends DeclarationKind> = Extract<Entry, { kind: Kind }>;

/** What a name stands for in one file. */
export interface Binding {
  readonly span: Span;
  /** `undefined` when the import failed, for which an error is already reported. */
  readonly target: Declaration | undefined;
  readonly imported: boolean;
  used: boolean;
}

export interface Scope {
  readonly module: ParsedModule;
  readonly model: Draft<ModuleModel>;
  /** In source order, those included whose names are missing or taken. */
  readonly entries: readonly Entry[];
  readonly bindings: Map<string, Binding>;
}

/** What all passes share. */
export interface Context {
  readonly report: Report;
  /** By file. */
  readonly scopes: ReadonlyMap<string, Scope>;
}

/** All declarations of these kinds, file by file. */
export function entriesOf<Kind extends DeclarationKind>(context: Context, ...kinds: Kind[]): EntryOf<Kind>[] {
  const wanted: readonly DeclarationKind[] = kinds;
  const isWanted = (entry: Entry): entry is EntryOf<Kind> => wanted.includes(entry.kind);
  return [...context.scopes.values()].flatMap(scope => scope.entries.filter(isWanted));
}
