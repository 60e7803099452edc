import type { Declaration, TypeDeclaration, TypeModel } from '../../model/model.js';
import type { Statement } from '../file.js';
import type { FileScope } from '../scope.js';

/** What the functions of one `codec.ts` share while they are emitted. */
export interface CodecContext {
  readonly scope: FileScope;
  /** Whether values of the type can contain values of the same type, so that their nesting has to be bounded. */
  isRecursive(declaration: Declaration): boolean;
  /** Like `isRecursive`, of a list, a set or a map that contains itself by way of an alias. */
  isRecursiveCollection(type: TypeModel): boolean;
  /**
   * The name of a function that only this file needs, such as the reader of a list; `make` emits it at first use.
   * Functions with the same `key` are the same.
   */
  helper(key: string, preferredName: string, make: (name: string) => Statement): string;
  /** The name of a constant of this file. */
  constant(preferredName: string, initializer: string): string;
}

export interface CollectedCodec extends CodecContext {
  readonly helpers: readonly Statement[];
  readonly constants: readonly string[];
}

export function createContext(scope: FileScope): CollectedCodec {
  const helpers: Statement[] = [];
  const constants: string[] = [];
  const names = new Map<string, string>();
  const recursive = new Map<Declaration, boolean>();

  function isRecursive(declaration: Declaration): boolean {
    const answer = recursive.get(declaration) ?? containsItself(declaration);
    recursive.set(declaration, answer);
    return answer;
  }

  return {
    scope,
    helpers,
    constants,
    isRecursive,
    isRecursiveCollection: type => namedParts(type).some(part => part.kind === 'alias' && isRecursive(part)),
    helper(key, preferredName, make) {
      let name = names.get(key);
      if (name === undefined) {
        name = scope.claim(preferredName);
        // The name is known before the body is made: the body may need it.
        names.set(key, name);
        helpers.push(make(name));
      }
      return name;
    },
    constant(preferredName, initializer) {
      const name = scope.claim(preferredName);
      constants.push(`const ${name} = ${initializer};`);
      return name;
    },
  };
}

function containsItself(declaration: Declaration): boolean {
  const seen = new Set<Declaration>();
  const open: Declaration[] = [declaration];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const part of parts(next)) {
      if (part === declaration) return true;
      if (!seen.has(part)) {
        seen.add(part);
        open.push(part);
      }
    }
  }
  return false;
}

/** The declared types that a declared type speaks of. */
function parts(declaration: Declaration): TypeDeclaration[] {
  switch (declaration.kind) {
    case 'struct':
    case 'error':
      return declaration.fields.flatMap(({ type }) => namedParts(type));
    case 'union':
      return declaration.arms.flatMap(({ type }) => namedParts(type));
    case 'alias':
      return namedParts(declaration.type);
    default:
      return [];
  }
}

function namedParts(type: TypeModel): TypeDeclaration[] {
  switch (type.kind) {
    case 'primitive':
      return [];
    case 'list':
    case 'set':
      return namedParts(type.element);
    case 'map':
      return [...namedParts(type.key), ...namedParts(type.value)];
    case 'nullable':
      return namedParts(type.inner);
    case 'named':
      return [type.target];
  }
}
