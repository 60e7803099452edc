/** `client.ts`: the client stub, an object whose procedures marshal their arguments and call. */
import {
  type FunctionDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  StructureKind,
} from 'ts-morph';
import type { InterfaceModel, ModuleModel, ProcedureModel } from '../model/model.js';
import { derivedNames, parameterName } from '../model/names.js';
import { procedureDocs } from './docs.js';
import type { Statement } from './file.js';
import { interfacesOf, offeredProcedures } from './interfaces.js';
import { procedureInterface } from './procedure-interface.js';
import { createScope, type FileScope } from './scope.js';
import { isOmissible, methodName, resultType, usedParameter } from './signatures.js';
import { arrow, object } from './text.js';
import { typeText } from './type-text.js';
import { valueText } from './values.js';

export function clientFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const interfaces = interfacesOf(module);
  const own = interfaces.flatMap(({ name }) => [derivedNames.client(name), derivedNames.createClient(name)]);
  const scope = createScope(module, 'client', ['caller', 'options', ...own]);
  const statements = interfaces.flatMap(declaration => [
    procedureInterface(declaration, scope, 'client', derivedNames.client, procedure =>
      clientMethod(procedure, scope),
    ),
    clientStub(declaration, scope),
  ]);
  return { scope, statements };
}

function clientMethod(procedure: ProcedureModel, scope: FileScope): OptionalKind<MethodSignatureStructure> {
  const { parameters } = procedure;
  const result = resultType(procedure, scope);
  const mayBeLost = procedure.semantics === 'maybe' && procedure.result !== undefined;
  return {
    name: methodName(procedure),
    docs: procedureDocs(procedure),
    parameters: [
      ...parameters.map(parameter => ({
        name: parameterName(parameter.name),
        type: typeText(parameter.type, scope),
        hasQuestionToken: isOmissible(parameter),
      })),
      { name: 'options', hasQuestionToken: true, type: scope.runtimeType('CallOptions') },
    ],
    returnType: `Promise<${result}${mayBeLost ? ' | undefined' : ''}>`,
  };
}

function clientStub(declaration: InterfaceModel, scope: FileScope): FunctionDeclarationStructure {
  const methods = offeredProcedures(declaration).map(procedure => {
    const table = scope.derived(declaration, derivedNames.procedures, 'codec');
    const local = scope.locals();
    const names = procedure.parameters.map(({ name }) => local(parameterName(name)));
    const parameters = procedure.parameters.map(({ default: value, type }, index) =>
      value === undefined ? names[index]! : `${names[index]} = ${valueText(value, type, scope)}`,
    );
    const call = `caller.unary(${table}.${procedure.name}, [${names.join(', ')}], options)`;
    const head = `${procedure.name}: ${parameters.length === 0 ? 'options' : `(${parameters.join(', ')}, options)`} =>`;
    return arrow(head, call);
  });
  return {
    kind: StructureKind.Function,
    isExported: true,
    name: derivedNames.createClient(declaration.name),
    docs: [`The client stub of \`${declaration.name}\`.`],
    parameters: [{ name: usedParameter('caller', methods), type: scope.runtimeType('Caller') }],
    returnType: derivedNames.client(declaration.name),
    statements: [`return ${object(methods)};`],
  };
}
