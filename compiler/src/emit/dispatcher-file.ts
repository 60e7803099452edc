/** `dispatcher.ts`: which procedure of the server stub a request is for. */
import { type FunctionDeclarationStructure, StructureKind } from 'ts-morph';
import { interfacesOf, offeredProcedures } from '../model/interfaces.js';
import type { InterfaceModel, ModuleModel } from '../model/model.js';
import { derivedNames } from '../model/names.js';
import type { Statement } from './file.js';
import { createScope, type FileScope } from './scope.js';
import { usedParameter } from './signatures.js';
import { object, quote } from './text.js';

export function dispatcherFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const interfaces = interfacesOf(module);
  const own = interfaces.map(({ name }) => derivedNames.createDispatcher(name));
  const scope = createScope(module, 'dispatcher', ['service', 'stub', ...own]);
  return { scope, statements: interfaces.map(declaration => dispatcher(declaration, scope)) };
}

function dispatcher(declaration: InterfaceModel, scope: FileScope): FunctionDeclarationStructure {
  const { name, fullName } = declaration;
  const procedures = offeredProcedures(declaration);
  const entries = procedures.map(procedure => {
    const table = scope.derived(declaration, derivedNames.procedures, 'codec');
    return `{ procedure: ${table}.${procedure.name}, invoke: stub.${procedure.name} },`;
  });
  const result = object([`interface: ${quote(fullName)}`, `entries: ${list(entries)}`]);
  return {
    kind: StructureKind.Function,
    isExported: true,
    name: derivedNames.createDispatcher(name),
    docs: [`The dispatcher of \`${name}\`: chooses the procedure that a request names.`],
    parameters: [
      {
        name: usedParameter('service', entries),
        type: scope.derivedType(declaration, derivedNames.service, 'server'),
      },
    ],
    returnType: scope.runtimeType('Dispatcher'),
    statements: [
      entries.length === 0 ? `return ${result};` : `${stub(declaration, scope)}\nreturn ${result};`,
    ],
  };
}

function stub(declaration: InterfaceModel, scope: FileScope): string {
  return `const stub = ${scope.derived(declaration, derivedNames.createServerStub, 'server')}(service);`;
}

function list(entries: readonly string[]): string {
  return entries.length === 0 ? '[]' : `[\n${entries.map(entry => `  ${entry}\n`).join('')}]`;
}
