/** Pass 2: names of other files. After all files have declared theirs, so that files may import each other. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Declaration } from '../model/model.js';
import type {
  ExportNode,
  ImportedNameNode,
  ImportNode,
  MissingNode,
  NameNode,
  StringNode,
} from '../syntax/tree.js';
import { checkDeclaredName } from './declare.js';
import { didYouMean, mayBeLost } from './resolve.js';
import type { Context, Scope } from './scope.js';

/** What an import path leads to. */
export type ImportResolution =
  | { readonly kind: 'module'; readonly file: string }
  | { readonly kind: 'not-found'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }
  | { readonly kind: 'malformed' | 'package' };

export type ResolveImport = (from: string, specifier: string) => ImportResolution;

/** A name that a file hands on; `from` is `undefined` when the other file could not be found. */
interface Reexport {
  readonly name: NameNode;
  readonly localName: NameNode;
  readonly specifier: string;
  readonly from: Scope | undefined;
  /** The name by which this file imports it, when it is handed on by that name. */
  readonly binding: string | undefined;
}

type Reexports = ReadonlyMap<Scope, ReadonlyMap<string, Reexport>>;

/** What another file offers under a name; `'unknown'` when an error elsewhere makes it impossible to say. */
type Offer = Declaration | 'unknown' | 'absent';

export function resolveImports(context: Context, resolve: ResolveImport): void {
  const sources = new Map(
    [...context.scopes.values()].map(scope => [scope, findSources(context, scope, resolve)] as const),
  );
  const reexports: Reexports = new Map(
    [...sources].map(([scope, find]) => [scope, collectReexports(context, scope, find)] as const),
  );
  for (const [scope, find] of sources) {
    for (const node of scope.module.tree.imports) {
      const from = find(node);
      for (const imported of node.names) addImport(context, reexports, scope, imported, node.from, from);
    }
  }
  const inCycle = new Set<Reexport>();
  for (const [scope, handedOn] of reexports) {
    for (const reexport of handedOn.values()) {
      const chain = followChain(reexports, reexport);
      if (chain.closed && !inCycle.has(reexport)) {
        context.report(diagnostics.exportCycle, reexport.name.span, { name: reexport.name.text });
        for (const link of chain.links) inCycle.add(link);
      }
      addReexport(context, reexports, scope, reexport);
    }
  }
}

type FindSource = (node: ImportNode | ExportNode) => Scope | undefined;

/** The scopes that a file's imports lead to; a path that leads nowhere is reported where it stands first. */
function findSources(context: Context, scope: Scope, resolve: ResolveImport): FindSource {
  const found = new Map<string, Scope | undefined>();
  const { imports, exports } = scope.module.tree;
  for (const { from } of [...imports, ...exports]) {
    if (from.kind === 'missing' || found.has(from.value)) continue;
    found.set(from.value, findSource(context, scope, from, resolve(scope.model.file, from.value)));
  }
  return ({ from }) => (from.kind === 'missing' ? undefined : found.get(from.value));
}

function findSource(
  { report, scopes }: Context,
  scope: Scope,
  from: StringNode,
  resolution: ImportResolution,
): Scope | undefined {
  const specifier = from.value;
  switch (resolution.kind) {
    case 'module': {
      const source = scopes.get(resolution.file);
      if (source !== scope) return source;
      report(diagnostics.importOfItself, from.span, { specifier });
      return undefined;
    }
    case 'not-found':
      report(diagnostics.importNotFound, from.span, { specifier, path: resolution.path });
      return undefined;
    case 'unreadable':
      report(diagnostics.cannotRead, from.span, { file: resolution.path, reason: resolution.reason });
      return undefined;
    case 'package':
      report(diagnostics.packageImport, from.span, { specifier });
      return undefined;
    case 'malformed':
      report(diagnostics.importMalformed, from.span, { specifier });
      return undefined;
  }
}

function collectReexports(context: Context, scope: Scope, find: FindSource): ReadonlyMap<string, Reexport> {
  const handedOn = new Map<string, Reexport>();
  for (const node of scope.module.tree.exports) {
    for (const { name, alias } of node.names) {
      const localName = alias ?? name;
      if (name.kind === 'missing' || localName.kind === 'missing' || node.from.kind === 'missing') continue;
      if (alias) checkDeclaredName(context.report, localName);
      const own = scope.bindings.get(localName.text);
      const first = handedOn.get(localName.text)?.localName ?? own;
      if (first) {
        const related = [{ span: first.span, message: 'the first stands here' }];
        context.report(diagnostics.exportClash, localName.span, { name: localName.text }, related);
        continue;
      }
      const from = find(node);
      const specifier = node.from.value;
      const imported = from && importedAs(scope, from, specifier, name);
      const binding = imported && name.text;
      handedOn.set(localName.text, { name: imported ?? name, localName, specifier, from, binding });
    }
  }
  return handedOn;
}

/**
 * What a re-exported name is called where it comes from, when this file imports it from there under the name that it
 * re-exports: `import { Rate as Fx } from "./money.idl"; export { Fx } from "./money.idl";`.
 */
function importedAs(scope: Scope, from: Scope, specifier: string, name: NameNode): NameNode | undefined {
  const isOffered =
    ownOffer(from, name.text) !== undefined ||
    from.module.tree.exports.some(node =>
      node.names.some(one => nameText(one.alias ?? one.name) === name.text),
    );
  if (isOffered) return undefined;
  const imported = scope.module.tree.imports
    .filter(node => node.from.kind === 'string' && node.from.value === specifier)
    .flatMap(node => node.names)
    .find(({ alias }) => nameText(alias) === name.text);
  if (imported?.name.kind !== 'name') return undefined;
  return imported.name;
}

function nameText(name: NameNode | MissingNode | undefined): string | undefined {
  return name?.kind === 'name' ? name.text : undefined;
}

function addReexport(context: Context, reexports: Reexports, scope: Scope, reexport: Reexport): void {
  const { name, localName, specifier, from, binding } = reexport;
  const imported = binding !== undefined && scope.bindings.get(binding);
  if (imported) imported.used = true;
  const offer = from ? findOffer(reexports, from, name.text) : 'unknown';
  const target = expectOffer(context, reexports, from, name, specifier, offer);
  if (target) scope.model.reexports.push({ localName: localName.text, target });
}

function addImport(
  context: Context,
  reexports: Reexports,
  scope: Scope,
  imported: ImportedNameNode,
  path: ImportNode['from'],
  from: Scope | undefined,
): void {
  const { name, alias } = imported;
  const localName = alias ?? name;
  if (name.kind === 'missing' || localName.kind === 'missing' || path.kind === 'missing') return;
  const offer = from ? findOffer(reexports, from, name.text) : 'unknown';
  const target = expectOffer(context, reexports, from, name, path.value, offer);
  if (alias) checkDeclaredName(context.report, localName);
  const first = scope.bindings.get(localName.text);
  if (first) {
    const related = [{ span: first.span, message: 'it stands here for something else' }];
    context.report(diagnostics.importClash, localName.span, { name: localName.text }, related);
    return;
  }
  scope.bindings.set(localName.text, { span: localName.span, target, imported: true, used: false });
  if (target) scope.model.imports.push({ localName: localName.text, target });
}

/** The declaration that is offered, or `undefined` and an error, unless one was reported for the same reason. */
function expectOffer(
  context: Context,
  reexports: Reexports,
  from: Scope | undefined,
  name: NameNode,
  specifier: string,
  offer: Offer,
): Declaration | undefined {
  if (offer === 'absent' && from && !mayBeLost(from, name.text)) {
    const offered = [...from.bindings].filter(([, { imported }]) => !imported).map(([own]) => own);
    const hint = from.bindings.has(name.text)
      ? `It only imports '${name.text}': import it from where it is declared.`
      : didYouMean(name.text, [...offered, ...reexports.get(from)!.keys()]);
    context.report(diagnostics.notExported, name.span, { name: name.text, specifier, hint });
  }
  return typeof offer === 'string' ? undefined : offer;
}

function findOffer(reexports: Reexports, scope: Scope, name: string): Offer {
  const own = ownOffer(scope, name);
  if (own) return own;
  const first = reexports.get(scope)!.get(name);
  if (!first) return 'absent';
  const { links, closed } = followChain(reexports, first);
  const { from, name: declared } = links.at(-1)!;
  return (!closed && from && ownOffer(from, declared.text)) || 'unknown';
}

function ownOffer(scope: Scope, name: string): Offer | undefined {
  const own = scope.bindings.get(name);
  return own && !own.imported ? (own.target ?? 'unknown') : undefined;
}

/** The re-exports by which a name is handed from file to file, up to the one that takes it where it is declared. */
function followChain(reexports: Reexports, first: Reexport): { links: readonly Reexport[]; closed: boolean } {
  const links = new Set<Reexport>();
  let at: Reexport | undefined = first;
  while (at && !links.has(at)) {
    links.add(at);
    at = at.from && !ownOffer(at.from, at.name.text) ? reexports.get(at.from)!.get(at.name.text) : undefined;
  }
  return { links: [...links], closed: at !== undefined };
}

/** Last of all: what was imported and never referred to. */
export function reportUnusedImports(context: Context): void {
  for (const scope of context.scopes.values()) {
    if (scope.module.hasSyntaxErrors) continue;
    for (const [name, { imported, used, target, span }] of scope.bindings) {
      if (imported && !used && target) context.report(diagnostics.unusedImport, span, { name });
    }
  }
}
