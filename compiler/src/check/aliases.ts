/** Pass 3: what aliases stand for. Before all other types, because rules look through aliases. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { AliasModel, TypeModel } from '../model/model.js';
import { unknownType } from './draft.js';
import { cyclePath, sortDependencies } from './graph.js';
import { type Context, entriesOf } from './scope.js';
import { checkType, resolveType } from './types.js';

export function resolveAliases(context: Context): void {
  const entries = entriesOf(context, 'alias');
  const drafts = new Map(entries.map(({ model }) => [model as AliasModel, model]));
  for (const { node, model, scope } of entries) model.type = resolveType(context, scope, node.type);

  const { cycles } = sortDependencies(drafts.keys(), alias => aliasesIn(alias.type));
  for (const cycle of cycles) {
    context.report(diagnostics.aliasCycle, cycle[0]!.span, { path: cyclePath(cycle) });
    for (const alias of cycle) drafts.get(alias)!.type = unknownType;
  }
  for (const { node, model } of entries) checkType(context, node.type, model.type);
}

/** The aliases that a type speaks of, at any depth. */
function aliasesIn(type: TypeModel): readonly AliasModel[] {
  switch (type.kind) {
    case 'primitive':
      return [];
    case 'list':
    case 'set':
      return aliasesIn(type.element);
    case 'map':
      return [...aliasesIn(type.key), ...aliasesIn(type.value)];
    case 'nullable':
      return aliasesIn(type.inner);
    case 'named':
      return type.target.kind === 'alias' ? [type.target] : [];
  }
}
