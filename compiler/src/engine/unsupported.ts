/** What the language has and the emitter does not write yet. */
import { diagnostics } from '../diagnostics/catalogue.js';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.js';
import type { Model } from '../model/model.js';

/** One error for each group. */
export function findUnsupported(model: Model): readonly Diagnostic[] {
  return model.modules
    .flatMap(({ declarations }) => declarations)
    .filter(({ kind }) => kind === 'group')
    .map(({ name, span }) => diagnose(diagnostics.groupNotGenerated, span, { name }));
}
