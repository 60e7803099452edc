/** Pass 7: what interfaces extend, what their procedures are, and that inherited ones do not clash. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { InterfaceModel, ProcedureModel } from '../model/model.js';
import { cyclePath, sortDependencies } from './graph.js';
import { checkMembers } from './members.js';
import { checkDefaults, resolveProcedure } from './procedures.js';
import { resolveName } from './resolve.js';
import { type Context, type EntryOf, entriesOf } from './scope.js';

export function resolveInterfaces(context: Context): void {
  const entries = new Map<InterfaceModel, EntryOf<'interface'>>();
  for (const entry of entriesOf(context, 'interface')) {
    entries.set(entry.model, entry);
    resolveBases(context, entry);
  }
  const { order, cycles } = sortDependencies(entries.keys(), one => one.bases);
  for (const cycle of cycles) {
    context.report(diagnostics.inheritanceCycle, cycle[0]!.span, { path: cyclePath(cycle) });
    const last = entries.get(cycle.at(-1)!)!.model;
    last.bases.splice(last.bases.indexOf(cycle[0]!), 1);
  }
  for (const one of order) {
    const { node, model, scope } = entries.get(one)!;
    checkMembers(context, 'procedure', node.procedures, node.reserved);
    checkDefaults(context, node);
    for (const procedure of node.procedures) {
      model.procedures.push(resolveProcedure(context, scope, model, node, procedure));
    }
    checkInherited(context, one);
  }
}

/** All procedures of an interface by name, the inherited ones included; the first where several have one name. */
export function allProcedures(one: InterfaceModel): ReadonlyMap<string, ProcedureModel> {
  const all = new Map<string, ProcedureModel>();
  for (const declaring of hierarchy(one)) {
    for (const procedure of declaring.procedures) {
      if (!all.has(procedure.name)) all.set(procedure.name, procedure);
    }
  }
  return all;
}

/** The interface and all that it extends, each once. */
function hierarchy(one: InterfaceModel): ReadonlySet<InterfaceModel> {
  const found = new Set([one]);
  for (const next of found) {
    for (const base of next.bases) found.add(base);
  }
  return found;
}

function resolveBases(context: Context, { node, model, scope }: EntryOf<'interface'>): void {
  for (const name of node.bases) {
    if (name.kind === 'missing') continue;
    const base = resolveName(context, scope, name, 'interface');
    if (!base) continue;
    if (model.bases.includes(base)) {
      context.report(diagnostics.duplicateBase, name.span, { name: name.text });
    } else {
      model.bases.push(base);
    }
  }
}

/** Clashes that arise here, between bases or with a base; those within one base are reported there. */
function checkInherited(context: Context, one: InterfaceModel): void {
  const known = new Map<string, ProcedureModel>();
  for (const base of one.bases) {
    for (const [name, inherited] of allProcedures(base)) {
      const first = known.get(name);
      if (!first) known.set(name, inherited);
      else if (first !== inherited) reportClash(context, one, first, inherited);
    }
  }
  for (const own of one.procedures) {
    const inherited = own.name !== '' && known.get(own.name);
    if (inherited) reportClash(context, own, inherited, own);
  }
}

function reportClash(
  context: Context,
  at: InterfaceModel | ProcedureModel,
  first: ProcedureModel,
  second: ProcedureModel,
): void {
  const parameters = {
    name: first.name,
    first: first.interface.name,
    second: second.interface.name,
  };
  const related = [first, second]
    .filter(procedure => procedure !== at)
    .map(procedure => ({ span: procedure.span, message: `declared by '${procedure.interface.name}' here` }));
  context.report(diagnostics.inheritedClash, at.span, parameters, related);
}
