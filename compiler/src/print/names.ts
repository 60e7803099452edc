/** How a module's text speaks of declarations: by its own names, or by those that it imports. */
import { posix } from 'node:path';
import type { Declaration, ModuleModel } from '../model/model.js';

export interface Names {
  /** The name by which the module speaks of a declaration; one of another module is imported from now on. */
  of(declaration: Declaration): string;
  /** The modules of what was imported, by their paths. */
  modules(): ModuleModel[];
  /** The import statements for all that was spoken of. */
  imports(): string[];
}

interface Imported {
  readonly module: ModuleModel;
  /** From local names to declared ones. */
  readonly names: Map<string, string>;
}

export function createNames(module: ModuleModel): Names {
  const imported = new Map<string, Imported>();
  const inOrder = () => [...imported].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    of(declaration) {
      if (declaration.module === module) return declaration.name;
      const local =
        module.imports.find(({ target }) => target === declaration)?.localName ?? declaration.name;
      const from = importPath(module, declaration.module);
      const known = imported.get(from) ?? { module: declaration.module, names: new Map() };
      imported.set(from, known);
      known.names.set(local, declaration.name);
      return local;
    },
    modules: () => inOrder().map(([, known]) => known.module),
    imports: () => inOrder().map(([from, { names }]) => importStatement(from, names)),
  };
}

/** The path of a module's text among others of its compilation: `bank.idl`. No two have the same. */
export function schemaPath({ folder }: ModuleModel): string {
  return `${folder}.idl`;
}

function importPath(from: ModuleModel, to: ModuleModel): string {
  const path = posix.relative(posix.dirname(schemaPath(from)), schemaPath(to));
  return path.startsWith('.') ? path : `./${path}`;
}

function importStatement(from: string, names: ReadonlyMap<string, string>): string {
  const items = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([local, name]) => (local === name ? name : `${name} as ${local}`));
  return `import { ${items.join(', ')} } from "${from}";`;
}
