/** The checker: syntax trees to the checked model. One pass after the other, over all files at once. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { collect } from '../diagnostics/diagnostic.js';
import type { Model } from '../model/model.js';
import { resolveAliases } from './aliases.js';
import { annotateDeclarations } from './annotations.js';
import { checkClashes } from './clashes.js';
import { resolveConstants } from './constants.js';
import { checkContainment } from './containment.js';
import { resolveData, resolveEnums } from './data.js';
import { declareModule } from './declare.js';
import { resolveGroups } from './groups.js';
import { type ResolveImport, reportUnusedImports, resolveImports } from './imports.js';
import { resolveInterfaces } from './interfaces.js';
import type { Context, ParsedModule } from './scope.js';

export interface CheckResult {
  /** Sound only when neither parser nor checker reported an error. */
  readonly model: Model;
  /** File by file in the order of the modules, and within a file from top to bottom. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks modules that may import each other.
 *
 * @param modules in the order of their files' names
 * @param resolveImport must lead to files of `modules`
 */
export function check(modules: readonly ParsedModule[], resolveImport: ResolveImport): CheckResult {
  const diagnostics: Diagnostic[] = [];
  const report = collect(diagnostics);
  const scopes = new Map(modules.map(module => [module.source.path, declareModule(report, module)]));
  const context: Context = { report, scopes };
  resolveImports(context, resolveImport);
  resolveAliases(context);
  resolveEnums(context);
  resolveConstants(context);
  resolveData(context);
  resolveInterfaces(context);
  resolveGroups(context);
  annotateDeclarations(context);
  checkContainment(context);
  checkClashes(context);
  reportUnusedImports(context);
  return { model: { modules: [...scopes.values()].map(scope => scope.model) }, diagnostics };
}
