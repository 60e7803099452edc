/** The TypeScript interface with a method for each procedure: what clients call, and what services implement. */
import {
  type MethodSignatureStructure,
  type OptionalKind,
  type PropertySignatureStructure,
  StructureKind,
} from 'ts-morph';
import type { InterfaceModel, ProcedureModel } from '../model/model.js';
import { docs, procedureDocs } from './docs.js';
import { emptyInterface, type Statement } from './file.js';
import type { FileScope } from './scope.js';
import { methodName } from './signatures.js';
import { fits } from './text.js';

/**
 * @param nameOf how such an interface is named, also that of each base
 * @param properties what it has beside its methods
 */
export function procedureInterface(
  declaration: InterfaceModel,
  scope: FileScope,
  file: 'client' | 'server',
  nameOf: (interfaceName: string) => string,
  method: (procedure: ProcedureModel) => OptionalKind<MethodSignatureStructure>,
  properties: OptionalKind<PropertySignatureStructure>[] = [],
): Statement {
  const name = nameOf(declaration.name);
  const isEmpty = declaration.procedures.length + declaration.bases.length === 0;
  if (isEmpty) return emptyInterface(name, declaration);
  return {
    kind: StructureKind.Interface,
    isExported: true,
    name,
    docs: docs(declaration),
    extends: declaration.bases.map(base => scope.derivedType(base, nameOf, file)),
    properties,
    methods: declaration.procedures.map(method),
  };
}

/**
 * The method of a procedure in such an interface.
 *
 * @param parameters each with its type: `id?: string`
 */
export function procedureMethod(
  procedure: ProcedureModel,
  parameters: readonly string[],
  returnType: string,
): OptionalKind<MethodSignatureStructure> {
  const name = methodName(procedure);
  const line = parameters.join(', ');
  const isShort = fits(`  ${name}(${line}): ${returnType};`);
  // ts-morph writes all parameters into one line, and so gets them as the text of one.
  const text = isShort ? line : `\n${parameters.map(parameter => `${parameter},\n`).join('')}`;
  return { name, docs: procedureDocs(procedure), parameters: [{ name: text }], returnType };
}
