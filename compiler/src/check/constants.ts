/** Pass 5: what constants stand for, and with them the constraints of aliases, which may name constants. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { ConstantModel, ValueModel } from '../model/model.js';
import { resolveConstraints } from './constraints.js';
import { unknownValue } from './draft.js';
import { checkFit } from './fit.js';
import { cyclePath, sortDependencies } from './graph.js';
import { type Context, type EntryOf, entriesOf } from './scope.js';
import { checkType, resolveType } from './types.js';
import { resolveValue } from './values.js';

export function resolveConstants(context: Context): void {
  const entries = new Map<ConstantModel, EntryOf<'constant'>>();
  for (const entry of entriesOf(context, 'constant')) {
    const { node, model, scope } = entry;
    entries.set(model, entry);
    model.type = resolveType(context, scope, node.type);
    checkType(context, node.type, model.type);
    model.value = resolveValue(context, scope, node.value);
  }

  const { order, cycles } = sortDependencies(entries.keys(), constant => constantsIn(constant.value));
  for (const cycle of cycles) {
    context.report(diagnostics.constantCycle, cycle[0]!.span, { path: cyclePath(cycle) });
    for (const constant of cycle) entries.get(constant)!.model.value = unknownValue;
  }

  for (const { node, model, scope } of entriesOf(context, 'alias')) {
    model.constraints.push(...resolveConstraints(context, scope, node.constraints, model.type));
  }
  // In order of dependency, so that a constant which does not fit is not reported again where it is named.
  for (const constant of order) {
    const { node, model } = entries.get(constant)!;
    if (!checkFit(context, node.value, model.value, model.type)) model.value = unknownValue;
  }
}

function constantsIn(value: ValueModel): readonly ConstantModel[] {
  switch (value.kind) {
    case 'constant':
      return [value.target];
    case 'list':
      return value.elements.flatMap(constantsIn);
    case 'map':
      return value.entries.flatMap(([key, entry]) => [...constantsIn(key), ...constantsIn(entry)]);
    default:
      return [];
  }
}
