/** What declarations stand on. */
import type { AnnotationModel, Declaration, FieldModel, TypeModel, ValueModel } from './model.js';

/** The declarations and all that they speak of, directly and indirectly. */
export function reach(roots: Iterable<Declaration>): ReadonlySet<Declaration> {
  const found = new Set(roots);
  // A set is iterated over in the order of insertion, so that what is found here is visited too.
  for (const declaration of found) for (const part of parts(declaration)) found.add(part);
  return found;
}

/** Whether values of a declared type can contain values of the same type, so that their nesting has to be bounded. */
export function containsItself(declaration: Declaration): boolean {
  const known = recursive.get(declaration);
  if (known !== undefined) return known;
  const answer = reach(parts(declaration)).has(declaration);
  recursive.set(declaration, answer);
  return answer;
}

const recursive = new WeakMap<Declaration, boolean>();

function parts(declaration: Declaration): readonly Declaration[] {
  return [...inAnnotations(declaration), ...ownParts(declaration)];
}

function ownParts(declaration: Declaration): readonly Declaration[] {
  switch (declaration.kind) {
    case 'constant':
      return [...inType(declaration.type), ...inValue(declaration.value)];
    case 'alias':
      return inType(declaration.type);
    case 'enum':
      return declaration.members.flatMap(inAnnotations);
    case 'struct':
    case 'error':
      return declaration.fields.flatMap(inField);
    case 'union':
      return declaration.arms.flatMap(inField);
    case 'interface':
      return [
        ...declaration.bases,
        ...declaration.procedures.flatMap(procedure => [
          ...inAnnotations(procedure),
          ...procedure.parameters.flatMap(inField),
          ...(procedure.result === undefined ? [] : inType(procedure.result)),
          ...procedure.throws,
        ]),
      ];
    case 'group':
      return [declaration.interface];
  }
}

function inField(field: FieldModel): readonly Declaration[] {
  const value = field.default === undefined ? [] : inValue(field.default);
  return [...inAnnotations(field), ...inType(field.type), ...value];
}

function inAnnotations({ annotations }: { readonly annotations: readonly AnnotationModel[] }): Declaration[] {
  return annotations.flatMap(annotation => annotation.arguments.flatMap(inValue));
}

function inType(type: TypeModel): readonly Declaration[] {
  switch (type.kind) {
    case 'primitive':
      return [];
    case 'list':
    case 'set':
      return inType(type.element);
    case 'map':
      return [...inType(type.key), ...inType(type.value)];
    case 'nullable':
      return inType(type.inner);
    case 'named':
      return [type.target];
  }
}

function inValue(value: ValueModel): readonly Declaration[] {
  switch (value.kind) {
    case 'list':
      return value.elements.flatMap(inValue);
    case 'map':
      return value.entries.flat().flatMap(inValue);
    case 'enum-member':
      return [value.enum];
    case 'constant':
      return [value.target];
    default:
      return [];
  }
}
