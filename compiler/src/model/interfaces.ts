/** What an interface offers, inherited things included. */
import type { Declaration, InterfaceModel, ModuleModel, ProcedureModel } from './model.js';

export function interfacesOf(module: ModuleModel): InterfaceModel[] {
  return module.declarations.filter(isInterface);
}

function isInterface(declaration: Declaration): declaration is InterfaceModel {
  return declaration.kind === 'interface';
}

/** All procedures that an interface offers: its own, then those of its bases, nearest first. */
export function offeredProcedures(declaration: InterfaceModel): ProcedureModel[] {
  return [declaration, ...allBases(declaration)].flatMap(({ procedures }) => procedures);
}

/** Direct and indirect bases, each once, nearest first. */
export function allBases(declaration: InterfaceModel): InterfaceModel[] {
  const found = new Set(declaration.bases);
  for (const base of found) for (const farther of base.bases) found.add(farther);
  return [...found];
}
