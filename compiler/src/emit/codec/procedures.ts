/** The table of an interface's procedures, with the marshallers of their parameters. */

import { offeredProcedures } from '../../model/interfaces.js';
import type { ErrorModel, FieldModel, InterfaceModel, ProcedureModel } from '../../model/model.js';
import { derivedNames, lowerFirst, upperFirst } from '../../model/names.js';
import { plainParameters, procedureKey, shapeOf, streamParameter } from '../../model/procedures.js';
import { argumentsType, resultType } from '../signatures.js';
import { bracketed, object, property, quote } from '../text.js';
import { typeText } from '../type-text.js';
import { readConstrained } from './constraints.js';
import type { CodecContext } from './context.js';
import { arrived, readFields, writeFields } from './fields.js';
import { readerFunction, writerFunction } from './function.js';
import { readerOf, writerOf } from './marshal.js';

export function procedureTable(declaration: InterfaceModel, context: CodecContext): string {
  const entries = offeredProcedures(declaration).map(procedure => {
    const entry = object(procedureEntry(declaration, procedure, context));
    const stream = streamParameter(procedure);
    const types = [
      argumentsName(procedure, context),
      resultType(procedure, context.scope),
      ...(stream === undefined ? [] : [typeText(stream.type, context.scope)]),
    ];
    return `${procedure.name}: ${entry} satisfies ${context.scope.runtimeType('Procedure')}<${types.join(', ')}>`;
  });
  const doc = `/** The procedures of \`${declaration.name}\`: what each promises, and how it is marshalled. */`;
  return `${doc}\nexport const ${derivedNames.procedures(declaration.name)} = ${object(entries)};`;
}

function procedureEntry(target: InterfaceModel, procedure: ProcedureModel, context: CodecContext): string[] {
  const { result } = procedure;
  const stream = streamParameter(procedure);
  const errors = procedure.throws.map(error => errorDescription(error, context));
  const key = procedureKey(target, procedure).map(half => `0x${half.toString(16).padStart(8, '0')}`);
  return [
    `interface: ${quote(target.fullName)}`,
    `declaredBy: ${quote(procedure.interface.fullName)}`,
    `id: ${procedure.id}`,
    `name: ${quote(procedure.name)}`,
    `key: [${key.join(', ')}]`,
    `semantics: ${quote(procedure.semantics)}`,
    `shape: ${quote(shapeOf(procedure))}`,
    `idempotent: ${procedure.idempotent}`,
    `deadline: ${procedure.deadline}`,
    `arity: ${procedure.parameters.length}`,
    `hasResult: ${result !== undefined}`,
    `errors: ${bracketed('[', errors, ']', 12)}`,
    property('writeArguments', argumentsWriter(procedure, context)),
    property('readArguments', argumentsReader(procedure, context)),
    property('writeResult', result === undefined ? 'writer => writer.nil()' : writerOf(result, context)),
    property('readResult', result === undefined ? 'reader => reader.skip()' : readerOf(result, context)),
    ...(stream === undefined ? [] : [`items: ${itemMarshallers(procedure, stream, context)}`]),
  ];
}

/** The name of the constant that tells how an error is marshalled. */
function errorDescription(error: ErrorModel, context: CodecContext): string {
  const { scope } = context;
  const errorClass = scope.value(error);
  return context.helper(error.fullName, 'error', `${lowerFirst(errorClass)}Error`, name => {
    const write = scope.derived(error, derivedNames.writer, 'codec');
    const read = scope.derived(error, derivedNames.reader, 'codec');
    const entries = [
      `fullName: ${quote(error.fullName)}`,
      `writeData: (writer, error) => ${write}(writer, (error as ${errorClass}).data)`,
      `read: reader => new ${errorClass}(${read}(reader))`,
    ];
    return `const ${name}: ${scope.runtimeType('DeclaredErrorDescription')} = ${object(entries)};`;
  });
}

/** The name of the tuple of a procedure's arguments. */
function argumentsName(procedure: ProcedureModel, context: CodecContext): string {
  if (plainParameters(procedure).length === 0) return '[]';
  const preferred = `${procedure.interface.name}${upperFirst(procedure.name)}Arguments`;
  return context.helper(fullNameOf(procedure), 'type', preferred, name => {
    const start = `type ${name} = `;
    return `${start}${argumentsType(procedure, context.scope, start.length + 1)};`;
  });
}

function argumentsWriter(procedure: ProcedureModel, context: CodecContext): string {
  const parameters = plainParameters(procedure);
  if (parameters.length === 0) return 'writer => writer.arrayHeader(0)';
  const type = argumentsName(procedure, context);
  return context.helper(fullNameOf(procedure), 'write', derivedNames.writer(type), name =>
    writerFunction(
      {
        name,
        isExported: false,
        parameter: 'values',
        type,
        body: writeFields(parameters, field => `values[${parameters.indexOf(field)}]`, context),
      },
      context,
    ),
  );
}

function argumentsReader(procedure: ProcedureModel, context: CodecContext): string {
  const parameters = plainParameters(procedure);
  if (parameters.length === 0) return 'reader => {\n  reader.skip();\n  return [];\n}';
  const type = argumentsName(procedure, context);
  const fullName = fullNameOf(procedure);
  return context.helper(fullName, 'read', derivedNames.reader(type), name => {
    const fields = readFields({ fullName, fields: parameters }, 'reader.skip();', context);
    const values = parameters.map(field => arrived(field, fields.local(field), fullName, context));
    const body = [...fields.declarations, ...fields.loop, `return ${bracketed('[', values, ']', 10)};`];
    return readerFunction({ name, isExported: false, type, body }, context);
  });
}

/** An object literal with the marshallers of the items of a stream parameter. */
function itemMarshallers(procedure: ProcedureModel, stream: FieldModel, context: CodecContext): string {
  const marshallers = [
    `write: ${writerOf(stream.type, context)}`,
    `read: ${itemReader(procedure, stream, context)}`,
  ];
  return bracketed('{ ', marshallers, ' }', 11);
}

/** Checks the constraints of the parameter on each item. */
function itemReader(procedure: ProcedureModel, stream: FieldModel, context: CodecContext): string {
  const { name, type, constraints } = stream;
  const fullName = `${fullNameOf(procedure)}.${name}`;
  const path = quote(fullName);
  if (constraints.length === 0) return readerOf(type, context, path);
  const preferred = `${procedure.interface.name}${upperFirst(procedure.name)}${upperFirst(name)}`;
  return context.helper(fullName, 'read', derivedNames.reader(preferred), reader => {
    const pattern = `${lowerFirst(preferred)}Pattern`;
    const body = [`return ${readConstrained(type, constraints, path, pattern, context)};`];
    const text = typeText(type, context.scope);
    return readerFunction({ name: reader, isExported: false, type: text, body }, context);
  });
}

function fullNameOf({ interface: { fullName }, name }: ProcedureModel): string {
  return `${fullName}.${name}`;
}
