/** What the language has and the emitter does not write yet. */
import { diagnostics } from '../diagnostics/catalogue.js';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.js';
import type { Declaration, Model } from '../model/model.js';

/** One error for each procedure with a stream and each group. */
export function findUnsupported(model: Model): readonly Diagnostic[] {
  return model.modules.flatMap(module => module.declarations.flatMap(unsupportedIn));
}

function unsupportedIn(declaration: Declaration): readonly Diagnostic[] {
  if (declaration.kind === 'group') {
    return [diagnose(diagnostics.groupNotGenerated, declaration.span, { name: declaration.name })];
  }
  if (declaration.kind !== 'interface') return [];
  return declaration.procedures
    .filter(({ resultStream, parameters }) => resultStream || parameters.some(parameter => parameter.stream))
    .map(({ name, span }) => diagnose(diagnostics.streamNotGenerated, span, { name }));
}
