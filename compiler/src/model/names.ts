/**
 * How schema names become TypeScript names. The emitter writes these names, and the checker refuses a schema in which
 * two of them would clash, so both take them from here.
 */

/** The kinds of declarations of a module. */
export type DeclarationKind =
  | 'constant'
  | 'alias'
  | 'enum'
  | 'struct'
  | 'union'
  | 'error'
  | 'interface'
  | 'group';

/** Words that no binding may bear in a strict-mode module, and names of types that no declaration may take. */
const reservedWords = [
  'any arguments as async await bigint boolean break case catch class const continue debugger declare default',
  'delete do else enum eval export extends false finally for function if implements import in instanceof',
  'interface let never new null number object package private protected public return static string super',
  'switch symbol this throw true try type typeof undefined unknown var void while with yield',
];

/** Globals that generated code uses itself and that a declaration must therefore not hide. */
const usedGlobals =
  'Array BigInt Boolean Date Error Infinity Map NaN Number Object Promise Set String Symbol Uint8Array';

const renamed: ReadonlySet<string> = new Set(
  [...reservedWords, usedGlobals].flatMap(line => line.split(' ')),
);

/** What stubs name their own parameters: the options of a client stub and the context of a service procedure. */
const stubParameters: ReadonlySet<string> = new Set(['caller', 'ctx', 'options', 'service', 'values']);

/** The name of a binding in generated code: `await` becomes `await_`, most names stay as they are. */
export function typescriptName(name: string): string {
  return renamed.has(name) ? `${name}_` : name;
}

/** The name of a procedure's parameter in a stub: like `typescriptName`, and clear of the stub's own parameters. */
export function parameterName(name: string): string {
  return stubParameters.has(name) ? `${name}_` : typescriptName(name);
}

/** `Bank` to `bank`. */
export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `account` to `Account`. */
export function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The names that generated code derives from a declaration's; each is exported by the generated `index.ts`. */
export const derivedNames = {
  /** The fields of an error, as an interface. */
  data: (name: string): string => `${name}Data`,
  writer: (name: string): string => `write${upperFirst(name)}`,
  reader: (name: string): string => `read${upperFirst(name)}`,
  client: (name: string): string => `${name}Client`,
  createClient: (name: string): string => `create${upperFirst(name)}Client`,
  service: (name: string): string => `${name}Service`,
  createServerStub: (name: string): string => `create${upperFirst(name)}ServerStub`,
  createDispatcher: (name: string): string => `create${upperFirst(name)}Dispatcher`,
  procedures: (name: string): string => `${lowerFirst(name)}Procedures`,
  policies: (name: string): string => `${lowerFirst(name)}Policies`,
} as const;

const derivedByKind: Readonly<Record<DeclarationKind, readonly (keyof typeof derivedNames)[]>> = {
  constant: [],
  alias: ['writer', 'reader'],
  enum: ['writer', 'reader'],
  struct: ['writer', 'reader'],
  union: ['writer', 'reader'],
  error: ['data', 'writer', 'reader'],
  interface: ['client', 'createClient', 'service', 'createServerStub', 'createDispatcher', 'procedures'],
  group: ['client', 'createClient', 'policies'],
};

/** All names that generated code exports for a declaration, its own first. */
export function generatedNames(kind: DeclarationKind, name: string): readonly string[] {
  return [typescriptName(name), ...derivedByKind[kind].map(derived => derivedNames[derived](name))];
}
