/** `codec.ts`: how values of the declared types become bytes and bytes become values. */

import { interfacesOf } from '../model/interfaces.js';
import type { Declaration, ModuleModel } from '../model/model.js';
import { derivedNames } from '../model/names.js';
import { createContext } from './codec/context.js';
import { declarationMarshallers } from './codec/declarations.js';
import { codecLocals } from './codec/function.js';
import { procedureTable } from './codec/procedures.js';
import type { Statement } from './file.js';
import { createScope, type FileScope } from './scope.js';

export function codecFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const scope = createScope(module, 'codec', [...codecLocals, ...module.declarations.flatMap(codecNames)]);
  const context = createContext(scope);
  const marshallers = module.declarations.flatMap(declaration =>
    declarationMarshallers(declaration, context),
  );
  const tables = interfacesOf(module).map(declaration => procedureTable(declaration, context));
  return { scope, statements: [...context.constants, ...marshallers, ...context.helpers(), ...tables] };
}

/** The names that `codec.ts` exports for a declaration. */
export function codecNames(declaration: Declaration): string[] {
  const { kind, name } = declaration;
  const { writer, reader, procedures } = derivedNames;
  switch (kind) {
    case 'struct':
    case 'union':
    case 'error':
      return [writer(name), reader(name)];
    case 'alias':
      return declaration.constraints.length === 0 ? [] : [reader(name)];
    case 'enum':
      return declaration.closed ? [reader(name)] : [];
    case 'interface':
      return [procedures(name)];
    default:
      return [];
  }
}
