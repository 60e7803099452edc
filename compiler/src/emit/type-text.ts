import type { TypeModel } from '../model/model.js';
import { representations } from '../model/representations.js';
import type { FileScope } from './scope.js';

/** A type of the schema in TypeScript, with what it names imported. */
export function typeText(type: TypeModel, scope: FileScope): string {
  switch (type.kind) {
    case 'primitive':
      return representations[type.name];
    case 'list': {
      const element = typeText(type.element, scope);
      return type.element.kind === 'nullable' ? `(${element})[]` : `${element}[]`;
    }
    case 'set':
      return `Set<${typeText(type.element, scope)}>`;
    case 'map':
      return `Map<${typeText(type.key, scope)}, ${typeText(type.value, scope)}>`;
    case 'nullable':
      return `${typeText(type.inner, scope)} | null`;
    case 'named':
      return scope.type(type.target);
  }
}

/** The type behind aliases; their constraints are not seen. */
export function throughAliases(type: TypeModel): TypeModel {
  let seen = type;
  while (seen.kind === 'named' && seen.target.kind === 'alias') seen = seen.target.type;
  return seen;
}

/** Whether a value of this type may be null. */
export function isNullable(type: TypeModel): boolean {
  return throughAliases(type).kind === 'nullable';
}
