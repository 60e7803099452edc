/** `client.ts`: the client stub, an object whose procedures marshal their arguments and call. */
import {
  type FunctionDeclarationStructure,
  type InterfaceDeclarationStructure,
  type MethodSignatureStructure,
  type OptionalKind,
  type PropertySignatureStructure,
  StructureKind,
} from 'ts-morph';
import { interfacesOf, offeredProcedures } from '../model/interfaces.js';
import type { InterfaceModel, ModuleModel, ProcedureModel } from '../model/model.js';
import { derivedNames } from '../model/names.js';
import { type CallShape, plainParameters, shapeOf } from '../model/procedures.js';
import type { Statement } from './file.js';
import { procedureInterface, procedureMethod } from './procedure-interface.js';
import { createScope, type FileScope } from './scope.js';
import { callerParameters, resultType, stubMethod, usedParameter } from './signatures.js';
import { arrow, call, object, unionType } from './text.js';

export function clientFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const interfaces = interfacesOf(module);
  const own = interfaces.flatMap(({ name }) => [derivedNames.client(name), derivedNames.createClient(name)]);
  const scope = createScope(module, 'client', ['caller', 'options', ...own]);
  const statements = interfaces.flatMap(declaration => {
    const errors = errorsInterface(declaration, scope);
    const properties = errors === undefined ? [] : [throwsProperty(errors.name, scope)];
    const method = (procedure: ProcedureModel) => clientMethod(procedure, scope);
    return [
      ...(errors === undefined ? [] : [{ kind: StructureKind.Interface, ...errors } as const]),
      procedureInterface(declaration, scope, 'client', derivedNames.client, method, properties),
      clientStub(declaration, scope),
    ];
  });
  return { scope, statements };
}

/**
 * What the procedures throw, by their names; nothing when none throws. The inherited ones stand here again: two bases with
 * different errors would contradict each other if the interface that extends both did not say what holds for it.
 */
function errorsInterface(
  declaration: InterfaceModel,
  scope: FileScope,
): OptionalKind<InterfaceDeclarationStructure> | undefined {
  const throwing = offeredProcedures(declaration).filter(procedure => procedure.throws.length > 0);
  if (throwing.length === 0) return undefined;
  return {
    name: scope.claim(`${declaration.name}Errors`),
    docs: [`What the procedures of \`${declaration.name}\` throw.`],
    properties: throwing.map(procedure => ({
      name: procedure.name,
      type: unionType(
        procedure.throws.map(error => scope.type(error)),
        procedure.name.length + 5,
      ),
    })),
  };
}

/** That a client stub throws such errors; see `declaredErrors` of the runtime. */
function throwsProperty(errors: string, scope: FileScope): OptionalKind<PropertySignatureStructure> {
  return {
    name: `[${scope.runtimeType('declaredErrors')}]`,
    isReadonly: true,
    hasQuestionToken: true,
    type: errors,
    docs: ['For the type checker: the stub has no such property.'],
  };
}

function clientMethod(procedure: ProcedureModel, scope: FileScope): OptionalKind<MethodSignatureStructure> {
  const parameters = [
    ...callerParameters(procedure, scope),
    `options?: ${scope.runtimeType(optionsType(procedure))}`,
  ];
  return procedureMethod(procedure, parameters, returnType(procedure, scope));
}

function returnType(procedure: ProcedureModel, scope: FileScope): string {
  const result = resultType(procedure, scope);
  if (procedure.resultStream) return `${scope.runtimeType('ItemStream')}<${result}>`;
  const mayBeLost = procedure.semantics === 'maybe' && procedure.result !== undefined;
  return `Promise<${result}${mayBeLost ? ' | undefined' : ''}>`;
}

/** The methods of the runtime's `Caller`. */
const callerMethods: Readonly<Record<CallShape, string>> = {
  unary: 'unary',
  'server-stream': 'serverStream',
  'client-stream': 'clientStream',
  'bidi-stream': 'bidiStream',
};

/** Only what may execute twice may be hedged. */
function optionsType({ semantics }: ProcedureModel): string {
  return semantics === 'at-least-once' ? 'IdempotentCallOptions' : 'CallOptions';
}

function clientStub(declaration: InterfaceModel, scope: FileScope): FunctionDeclarationStructure {
  const methods = offeredProcedures(declaration).map(procedure => {
    const table = scope.derived(declaration, derivedNames.procedures, 'codec');
    const { names, head } = stubMethod(procedure, scope);
    // The stream is the last parameter, so that it stands behind the tuple of the others.
    const values = names.slice(0, plainParameters(procedure).length);
    const passed = [`[${values.join(', ')}]`, ...names.slice(values.length), 'options'];
    const callee = `caller.${callerMethods[shapeOf(procedure)]}`;
    return arrow(head, call(callee, [`${table}.${procedure.name}`, ...passed]));
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
