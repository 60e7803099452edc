/** Annotations: carried into the model as they are; the compiler knows `@deprecated`. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { AnnotationModel } from '../model/model.js';
import type { AnnotatedNode } from '../syntax/tree.js';
import { memberName } from './members.js';
import type { Context, Scope } from './scope.js';
import { resolveValue } from './values.js';

export function resolveAnnotations(context: Context, scope: Scope, node: AnnotatedNode): AnnotationModel[] {
  const seen = new Set<string>();
  return node.annotations.map(annotation => {
    const name = memberName(annotation.name);
    const values = annotation.arguments.map(argument => resolveValue(context, scope, argument));
    if (name !== '' && seen.has(name)) {
      context.report(diagnostics.duplicateAnnotation, annotation.span, { name });
    }
    seen.add(name);
    const wellFormed = values.length === 0 || (values.length === 1 && values[0]?.kind === 'string');
    const isRead = annotation.arguments.every(argument => argument.kind !== 'missing');
    if (name === 'deprecated' && isRead && !wellFormed) {
      context.report(diagnostics.deprecatedArguments, annotation.span);
    }
    return { name, arguments: values };
  });
}

/** The annotations of the declarations themselves; those of their members come with the members. */
export function annotateDeclarations(context: Context): void {
  for (const scope of context.scopes.values()) {
    for (const { node, model } of scope.entries) {
      model.annotations.push(...resolveAnnotations(context, scope, node));
    }
  }
}
