/** `server.ts`: the service that an application implements, and the server stub that calls it. */
import {
  type FunctionDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  StructureKind,
} from 'ts-morph';
import { interfacesOf, offeredProcedures } from '../model/interfaces.js';
import type { InterfaceModel, ModuleModel, ProcedureModel } from '../model/model.js';
import { derivedNames, parameterName } from '../model/names.js';
import { plainParameters, streamParameter } from '../model/procedures.js';
import type { Statement } from './file.js';
import { procedureInterface, procedureMethod } from './procedure-interface.js';
import { createScope, type FileScope } from './scope.js';
import { argumentsType, argumentType, resultType, usedParameter } from './signatures.js';
import { arrow, bracketed, call, object } from './text.js';

export function serverFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const interfaces = interfacesOf(module);
  const own = interfaces.flatMap(({ name }) => [
    derivedNames.service(name),
    derivedNames.createServerStub(name),
  ]);
  const scope = createScope(module, 'server', ['ctx', 'service', 'values', ...own]);
  const statements = interfaces.flatMap(declaration => [
    procedureInterface(declaration, scope, 'server', derivedNames.service, procedure =>
      serviceMethod(procedure, scope),
    ),
    serverStub(declaration, scope),
  ]);
  return { scope, statements };
}

function serviceMethod(procedure: ProcedureModel, scope: FileScope): OptionalKind<MethodSignatureStructure> {
  const parameters = procedure.parameters.map(
    parameter => `${parameterName(parameter.name)}: ${argumentType(parameter, scope)}`,
  );
  parameters.push(`ctx: ${scope.runtimeType('CallContext')}`);
  const returnType = `${scope.runtimeType('Awaitable')}<${returnedType(procedure, scope)}>`;
  return procedureMethod(procedure, parameters, returnType);
}

function returnedType(procedure: ProcedureModel, scope: FileScope): string {
  const result = resultType(procedure, scope);
  return procedure.resultStream ? `${scope.runtimeType('ItemSource')}<${result}>` : result;
}

function serverStub(declaration: InterfaceModel, scope: FileScope): FunctionDeclarationStructure {
  const procedures = offeredProcedures(declaration).map(procedure => {
    const { name } = procedure;
    const values = plainParameters(procedure).map((_, index) => `values[${index}]`);
    const stream = streamParameter(procedure);
    const streamName = stream && scope.locals()(parameterName(stream.name));
    const passed = [...values, ...(streamName === undefined ? [] : [streamName]), 'ctx'];
    const parameters = [
      `${usedParameter('values', values)}: ${argumentsType(procedure, scope)}`,
      `ctx: ${scope.runtimeType('CallContext')}`,
      ...(stream === undefined ? [] : [`${streamName}: ${argumentType(stream, scope)}`]),
    ];
    const head = `${name}: ${bracketed('(', parameters, ')', name.length + 9)} =>`;
    return arrow(head, call(`service.${name}`, passed));
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
