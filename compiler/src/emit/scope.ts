/** The names in one generated file: what it declares, what it imports and from where, and its functions' locals. */
import { posix } from 'node:path';
import type { Declaration, ModuleModel } from '../model/model.js';
import { typescriptName } from '../model/names.js';
import { bracketed, quote } from './text.js';

const runtimeModule = '@convoke/runtime/codegen';

/** The files of a module. */
export type FileName = 'types' | 'codec' | 'client' | 'server' | 'dispatcher' | 'group' | 'index';

export interface FileScope {
  readonly module: ModuleModel;
  /** The local name of something that generated code takes from the runtime. */
  runtime(name: string): string;
  /** Like `runtime`, of what is only a type. */
  runtimeType(name: string): string;
  /** The name of a declared type, where it serves as a type. */
  type(declaration: Declaration): string;
  /** The name of a declared constant, enum or error, where it serves as a value. */
  value(declaration: Declaration): string;
  /** The name of what generated code derives from a declaration, such as its reader: a value of `file`. */
  derived(declaration: Declaration, name: (base: string) => string, file: FileName): string;
  /** Like `derived`, of what is only a type. */
  derivedType(declaration: Declaration, name: (base: string) => string, file: FileName): string;
  /** The local name of what the `index.ts` of another module exports, as like `preferred` as can be. */
  fromIndex(other: ModuleModel, name: string, preferred: string): string;
  /** A name of the whole file that is not taken yet, as like `preferred` as can be; it is taken from now on. */
  claim(preferred: string): string;
  /** Names for the locals of one function, clear of each other and of the file's names. */
  locals(): (preferred: string) => string;
  /** The import declarations for all that was asked for. */
  imports(): string;
}

interface ImportedName {
  readonly local: string;
  isType: boolean;
}

/** @param own the names that this file declares or keeps for locals, which imports must not take */
export function createScope(module: ModuleModel, file: FileName, own: Iterable<string>): FileScope {
  const taken = new Set(own);
  const usedByLocals = new Set<string>();
  const specifiers = new Map<string, Map<string, ImportedName>>();

  function claim(preferred: string, alsoFree: ReadonlySet<string> = new Set()): string {
    let name = preferred;
    while (taken.has(name) || alsoFree.has(name)) name += '_';
    taken.add(name);
    return name;
  }

  function importName(specifier: string, name: string, preferred: string, isType: boolean): string {
    const names = specifiers.get(specifier) ?? new Map<string, ImportedName>();
    specifiers.set(specifier, names);
    const imported = names.get(name) ?? { local: claim(preferred, usedByLocals), isType };
    names.set(name, imported);
    imported.isType &&= isType;
    return imported.local;
  }

  function derive(
    declaration: Declaration,
    name: (base: string) => string,
    from: FileName,
    isType: boolean,
  ): string {
    const exported = name(declaration.name);
    if (declaration.module === module && from === file) return exported;
    const specifier = `${relativeFolder(module.folder, declaration.module.folder)}/${from}.js`;
    return importName(specifier, exported, name(localBase(declaration)), isType);
  }

  function localBase(declaration: Declaration): string {
    return module.imports.find(({ target }) => target === declaration)?.localName ?? declaration.name;
  }

  return {
    module,
    runtime: name => importName(runtimeModule, name, name, false),
    runtimeType: name => importName(runtimeModule, name, name, true),
    type: declaration => derive(declaration, typescriptName, 'types', true),
    value: declaration => derive(declaration, typescriptName, 'types', false),
    derived: (declaration, name, from) => derive(declaration, name, from, false),
    derivedType: (declaration, name, from) => derive(declaration, name, from, true),
    fromIndex: (other, name, preferred) =>
      importName(`${relativeFolder(module.folder, other.folder)}/index.js`, name, preferred, false),
    claim,
    locals() {
      const own = new Set<string>();
      return preferred => {
        let name = preferred;
        while (own.has(name) || taken.has(name)) name += '_';
        own.add(name);
        usedByLocals.add(name);
        return name;
      };
    },
    imports: () =>
      [...specifiers]
        .sort(([a], [b]) => compareSpecifiers(a, b))
        .map(([specifier, names]) => importDeclaration(specifier, names))
        .join('\n'),
  };
}

/** From one module's folder to another's: `../money`, or `.` where they are the same. */
export function relativeFolder(from: string, to: string): string {
  const path = posix.relative(from, to);
  if (path === '') return '.';
  return path.startsWith('.') ? path : `./${path}`;
}

/** Packages first, then what is far, then what is near. */
function compareSpecifiers(a: string, b: string): number {
  const distance = (specifier: string) =>
    specifier.startsWith('../') ? -specifier.split('../').length : specifier.startsWith('.') ? 0 : -1000;
  return distance(a) - distance(b) || (a < b ? -1 : 1);
}

/** Without regard to case, and the same everywhere. */
function compareNames(a: string, b: string): number {
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()];
  if (lowerA === lowerB) return a < b ? -1 : 1;
  return lowerA < lowerB ? -1 : 1;
}

function importDeclaration(specifier: string, names: ReadonlyMap<string, ImportedName>): string {
  const entries = [...names].sort(([a], [b]) => compareNames(a, b));
  const onlyTypes = entries.every(([, { isType }]) => isType);
  const items = entries.map(([name, { local, isType }]) => {
    const item = name === local ? name : `${name} as ${local}`;
    return isType && !onlyTypes ? `type ${item}` : item;
  });
  const keyword = onlyTypes ? 'import type ' : 'import ';
  const from = ` from ${quote(specifier)};`;
  return `${keyword}${bracketed('{ ', items, ' }', keyword.length + from.length)}${from}`;
}
