/** Pass 10: names that differ in the schema but are the same on the wire or in generated code. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { Declaration, ModuleModel } from '../model/model.js';
import { generatedNames } from '../model/names.js';
import type { Context, Scope } from './scope.js';

export function checkClashes(context: Context): void {
  checkFullNames(context);
  for (const scope of context.scopes.values()) checkGeneratedNames(context, scope);
}

function checkFullNames(context: Context): void {
  const taken = new Map<string, ModuleModel>();
  for (const { model, entries } of context.scopes.values()) {
    if (model.name === '') continue;
    for (const { fullName, name, span } of entries.map(entry => entry.model)) {
      const first = taken.get(fullName);
      if (name !== '' && first && first !== model) {
        context.report(diagnostics.duplicateFullName, span, { fullName, file: first.file });
      }
      if (!first) taken.set(fullName, model);
    }
  }
}

function checkGeneratedNames(context: Context, { model, bindings }: Scope): void {
  const taken = new Map<string, { readonly name: string; readonly target: Declaration }>();
  const claim = (name: string, target: Declaration): string | undefined => {
    const names = generatedNames(target.kind, name);
    const clash = names.find(generated => {
      const first = taken.get(generated);
      return first && first.name !== name && first.target !== target;
    });
    for (const generated of names) if (!taken.has(generated)) taken.set(generated, { name, target });
    return clash;
  };
  for (const { localName, target } of model.reexports) claim(localName, target);
  // Own names last, so that the error stands at a name that this file can change.
  const local = [...bindings].sort(([, a], [, b]) => Number(b.imported) - Number(a.imported));
  for (const [name, { target, span }] of local) {
    const generated = target && claim(name, target);
    if (generated === undefined) continue;
    const other = taken.get(generated)!.name;
    context.report(diagnostics.generatedClash, span, { name, generated, other });
  }
}
