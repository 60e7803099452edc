/** What a name stands for where a declaration of some kind is wanted. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { DiagnosticKind } from '../diagnostics/diagnostic.js';
import { closest } from '../diagnostics/suggest.js';
import type {
  ConstantModel,
  Declaration,
  EnumModel,
  ErrorModel,
  InterfaceModel,
  TypeDeclaration,
} from '../model/model.js';
import type { NameNode } from '../syntax/tree.js';
import { collectionNames, primitiveNames } from '../syntax/words.js';
import type { Context, Scope } from './scope.js';

interface Roles {
  type: TypeDeclaration;
  constant: ConstantModel;
  enum: EnumModel;
  error: ErrorModel;
  interface: InterfaceModel;
}

interface Role<Target> {
  accepts(declaration: Declaration): declaration is Declaration & Target;
  readonly unknown: DiagnosticKind<{ name: string; hint: string | undefined }>;
  readonly wrong: DiagnosticKind<{ name: string; kind: string }>;
  /** Names that are known without a declaration. */
  readonly builtIn: readonly string[];
}

const roles: { readonly [R in keyof Roles]: Role<Roles[R]> } = {
  type: {
    accepts: (declaration): declaration is TypeDeclaration =>
      ['alias', 'enum', 'struct', 'union'].includes(declaration.kind),
    unknown: diagnostics.unknownType,
    wrong: diagnostics.notAType,
    builtIn: [...primitiveNames, ...collectionNames],
  },
  constant: {
    accepts: declaration => declaration.kind === 'constant',
    unknown: diagnostics.unknownConstant,
    wrong: diagnostics.notAConstant,
    builtIn: ['true', 'false', 'null'],
  },
  enum: {
    accepts: declaration => declaration.kind === 'enum',
    unknown: diagnostics.unknownEnum,
    wrong: diagnostics.notAnEnum,
    builtIn: [],
  },
  error: {
    accepts: declaration => declaration.kind === 'error',
    unknown: diagnostics.unknownError,
    wrong: diagnostics.notAnError,
    builtIn: [],
  },
  interface: {
    accepts: declaration => declaration.kind === 'interface',
    unknown: diagnostics.unknownInterface,
    wrong: diagnostics.notAnInterface,
    builtIn: [],
  },
};

const kindNames: Readonly<Record<Declaration['kind'], string>> = {
  constant: 'a constant',
  alias: 'a type',
  enum: 'an enum',
  struct: 'a struct',
  union: 'a union',
  error: 'an error',
  interface: 'an interface',
  group: 'a group',
};

/** What other languages call our built-in types. */
const otherLanguages: Readonly<Record<string, string>> = {
  number: 'f64` or `i32',
  boolean: 'bool',
  int: 'i32',
  int32: 'i32',
  int64: 'i64',
  uint32: 'u32',
  uint64: 'u64',
  integer: 'i64',
  long: 'i64',
  bigint: 'i64',
  double: 'f64',
  float: 'f32',
  Date: 'timestamp',
  date: 'timestamp',
  Uint8Array: 'bytes',
  Array: 'list',
  array: 'list',
  Set: 'set',
  Map: 'map',
};

/** The declaration, or `undefined` after an error was reported, here or earlier. */
export function resolveName<R extends keyof Roles>(
  context: Context,
  scope: Scope,
  name: NameNode,
  role: R,
): Roles[R] | undefined {
  const { accepts, unknown, wrong } = roles[role];
  const binding = scope.bindings.get(name.text);
  if (!binding) {
    if (!mayBeLost(scope, name.text)) {
      context.report(unknown, name.span, {
        name: name.text,
        hint: likelyName(context, scope, name.text, role),
      });
    }
    return undefined;
  }
  binding.used = true;
  const { target } = binding;
  if (!target) return undefined;
  if (accepts(target)) return target;
  context.report(wrong, name.span, { name: name.text, kind: kindNames[target.kind] }, [
    { span: target.span, message: 'declared here' },
  ]);
  return undefined;
}

/** Whether a declaration of this name may stand in a part of the file that could not be read. */
export function mayBeLost(scope: Scope, name: string): boolean {
  if (!scope.module.hasSyntaxErrors) return false;
  return new RegExp(`[A-Za-z]\\s+${name}\\s*(?:[={:]|of\\b|extends\\b)`).test(scope.module.source.text);
}

/** `did you mean 'Money'?`. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const likely = closest(name, candidates);
  return likely === undefined ? undefined : `did you mean '${likely}'?`;
}

function likelyName(context: Context, scope: Scope, name: string, role: keyof Roles): string | undefined {
  const { accepts, builtIn } = roles[role];
  if (role === 'type' && Object.hasOwn(otherLanguages, name)) {
    return `did you mean \`${otherLanguages[name]}\`?`;
  }
  for (const other of context.scopes.values()) {
    const elsewhere = other.bindings.get(name);
    if (elsewhere?.target && !elsewhere.imported && accepts(elsewhere.target)) {
      return `'${name}' is declared in '${other.model.file}': import it.`;
    }
  }
  const fitting = [...scope.bindings].filter(([, { target }]) => target && accepts(target));
  return didYouMean(name, [...fitting.map(([known]) => known), ...builtIn]);
}
