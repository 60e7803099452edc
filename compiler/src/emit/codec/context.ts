import type { Statement } from '../file.js';
import type { FileScope } from '../scope.js';

/** What the functions of one `codec.ts` share while they are emitted. */
export interface CodecContext {
  readonly scope: FileScope;
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

  return {
    scope,
    constants,
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
