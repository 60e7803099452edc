/** Pass 1: each file's own names. First, because declarations may refer to what stands below them or in another file. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Report } from '../diagnostics/diagnostic.js';
import type { ModuleModel } from '../model/model.js';
import type { DeclarationNode, NameNode } from '../syntax/tree.js';
import { reservedTypeNames } from '../syntax/words.js';
import { type DeclarationKind, type Draft, emptyDraft } from './draft.js';
import type { Entry, ParsedModule, Scope } from './scope.js';

/** A file's scope with its own declarations; imports come later. */
export function declareModule(report: Report, module: ParsedModule): Scope {
  const name = module.tree.module;
  const model: Draft<ModuleModel> = {
    file: module.source.path,
    folder: module.folder,
    name: name.kind === 'module' && name.name.kind === 'module-name' ? name.name.text : '',
    doc: name.kind === 'module' ? name.doc : undefined,
    imports: [],
    reexports: [],
    declarations: [],
  };
  const entries: Entry[] = [];
  const scope: Scope = { module, model, entries, bindings: new Map() };
  for (const node of module.tree.declarations) {
    const entry = makeEntry(node, scope);
    entries.push(entry);
    model.declarations.push(entry.model);
    if (node.name.kind === 'name') bind(report, scope, node.name, entry);
  }
  return scope;
}

/** Reports a name that nothing may bear. */
export function checkName(report: Report, name: NameNode): void {
  if (name.text === '__proto__') report(diagnostics.forbiddenName, name.span, { name: name.text });
}

/** Reports a name that no declaration and no import may bear. */
export function checkDeclaredName(report: Report, name: NameNode): void {
  checkName(report, name);
  if (reservedTypeNames.includes(name.text)) {
    report(diagnostics.builtInName, name.span, { name: name.text });
  }
}

function bind(report: Report, scope: Scope, name: NameNode, entry: Entry): void {
  checkDeclaredName(report, name);
  const first = scope.bindings.get(name.text);
  if (first) {
    const related = [{ span: first.span, message: 'first declared here' }];
    report(diagnostics.duplicateDeclaration, name.span, { name: name.text }, related);
    return;
  }
  scope.bindings.set(name.text, { span: name.span, target: entry.model, imported: false, used: true });
}

function makeEntry<Kind extends DeclarationKind>(
  node: Extract<DeclarationNode, { kind: Kind }>,
  scope: Scope,
): Entry {
  const common = {
    name: node.name.kind === 'name' ? node.name.text : '',
    module: scope.model,
    doc: node.doc,
    span: node.name.span,
  };
  const kind: Kind = node.kind;
  return { kind, node, model: emptyDraft[kind](common), scope } as Entry;
}
