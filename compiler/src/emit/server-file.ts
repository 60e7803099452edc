/** `server.ts`: the service that an application implements, and the server stub that calls it. */
import { type FunctionDeclarationStructure, StructureKind } from 'ts-morph';
import type { InterfaceModel, ModuleModel } from '../model/model.js';
import { derivedNames, parameterName } from '../model/names.js';
import { docs, procedureDocs } from './docs.js';
import { emptyInterface, type Statement } from './file.js';
import { interfacesOf, offeredProcedures } from './interfaces.js';
import { createScope, type FileScope } from './scope.js';
import { argumentsType, argumentType, methodName, resultType, usedParameter } from './signatures.js';
import { arrow, bracketed, object } from './text.js';

export function serverFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const interfaces = interfacesOf(module);
  const own = interfaces.flatMap(({ name }) => [
    derivedNames.service(name),
    derivedNames.createServerStub(name),
  ]);
  const scope = createScope(module, 'server', ['ctx', 'service', 'values', ...own]);
  const statements = interfaces.flatMap(declaration => [
    serviceInterface(declaration, scope),
    serverStub(declaration, scope),
  ]);
  return { scope, statements };
}

function serviceInterface(declaration: InterfaceModel, scope: FileScope): Statement {
  const name = derivedNames.service(declaration.name);
  const isEmpty = declaration.procedures.length + declaration.bases.length === 0;
  if (isEmpty) return emptyInterface(name, declaration);
  return {
    kind: StructureKind.Interface,
    isExported: true,
    name,
    docs: docs(declaration),
    extends: declaration.bases.map(base => scope.derivedType(base, derivedNames.service, 'server')),
    methods: declaration.procedures.map(procedure => ({
      name: methodName(procedure),
      docs: procedureDocs(procedure),
      parameters: [
        ...procedure.parameters.map(parameter => ({
          name: parameterName(parameter.name),
          type: argumentType(parameter, scope),
        })),
        { name: 'ctx', type: scope.runtimeType('CallContext') },
      ],
      returnType: `${scope.runtimeType('Awaitable')}<${resultType(procedure, scope)}>`,
    })),
  };
}

function serverStub(declaration: InterfaceModel, scope: FileScope): FunctionDeclarationStructure {
  const procedures = offeredProcedures(declaration).map(procedure => {
    const { name } = procedure;
    const values = procedure.parameters.map((_, index) => `values[${index}]`);
    const call = `service.${name}(${[...values, 'ctx'].join(', ')})`;
    const parameters = [
      `${usedParameter('values', values)}: ${argumentsType(procedure, scope)}`,
      `ctx: ${scope.runtimeType('CallContext')}`,
    ];
    const head = `${name}: ${bracketed('(', parameters, ')', name.length + 9)} =>`;
    return arrow(head, call);
  });
  return {
    kind: StructureKind.Function,
    isExported: true,
    name: derivedNames.createServerStub(declaration.name),
    docs: [
      `The server stub of \`${declaration.name}\`: hands a request's arguments to the procedure of the service.`,
    ],
    parameters: [
      { name: usedParameter('service', procedures), type: derivedNames.service(declaration.name) },
    ],
    statements: [`return ${object(procedures)};`],
  };
}
