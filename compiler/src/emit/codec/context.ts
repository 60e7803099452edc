import type { Declaration, TypeDeclaration, TypeModel } from '../../model/model.js';
import type { Statement } from '../file.js';
import type { FileScope } from '../scope.js';

/** What the functions of one `codec.ts` share while they are emitted. */
export interface CodecContext {
  readonly scope: FileScope;
  /** Whether values of the type can contain values of the same type, so that their nesting has to be bounded. */
  isRecursive(declaration: Declaration): boolean;
  /**
   * The name of something that only this file needs, such as the reader of a list; `make` emits it at first use.
   * Helpers with the same subject and role are the same, and those of one subject stand together.
   */
  helper(subject: string, role: HelperRole, preferredName: string, make: (name: string) => Statement): string;
  /** The name of a constant of this file. */
  constant(preferredName: string, initializer: string): string;
}

/** In the order in which they stand. */
const helperRoles = ['type', 'write', 'read', 'error'] as const;
type HelperRole = (typeof helperRoles)[number];

export interface CollectedCodec extends CodecContext {
  helpers(): readonly Statement[];
  readonly constants: readonly string[];
}

interface Helper {
  readonly name: string;
  statement?: Statement;
}

export function createContext(scope: FileScope): CollectedCodec {
  const constants: string[] = [];
  const helpers = new Map<string, Map<HelperRole, Helper>>();
  const recursive = new Map<Declaration, boolean>();

  function isRecursive(declaration: Declaration): boolean {
    const answer = recursive.get(declaration) ?? containsItself(declaration);
    recursive.set(declaration, answer);
    return answer;
  }

  return {
    scope,
    constants,
    isRecursive,
    helper(subject, role, preferredName, make) {
      const roles = helpers.get(subject) ?? new Map<HelperRole, Helper>();
      helpers.set(subject, roles);
      const known = roles.get(role);
      if (known !== undefined) return known.name;
      const helper: Helper = { name: scope.claim(preferredName) };
      // It is known before it is made: what it consists of may need it.
      roles.set(role, helper);
      helper.statement = make(helper.name);
      return helper.name;
    },
    helpers: () =>
      [...helpers.values()].flatMap(roles => helperRoles.flatMap(role => roles.get(role)?.statement ?? [])),
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
