/** The table of an interface's procedures, with the marshallers of their parameters. */
import { createHash } from 'node:crypto';
import type { ErrorModel, InterfaceModel, ProcedureModel } from '../../model/model.js';
import { derivedNames, lowerFirst, upperFirst } from '../../model/names.js';
import { offeredProcedures } from '../interfaces.js';
import { argumentsType, resultType } from '../signatures.js';
import { bracketed, indent, object, property, quote } from '../text.js';
import type { CodecContext } from './context.js';
import { arrived, readFields, writeFields } from './fields.js';
import { readerFunction, writerFunction } from './function.js';
import { readerOf, writerOf } from './marshal.js';

export function procedureTable(declaration: InterfaceModel, context: CodecContext): string {
  const entries = offeredProcedures(declaration).map(procedure => {
    const entry = object(procedureEntry(declaration, procedure, context));
    const type = `${argumentsType(procedure, context.scope)}, ${resultType(procedure, context.scope)}`;
    return `${procedure.name}: ${entry} satisfies ${context.scope.runtimeType('Procedure')}<${type}>`;
  });
  const doc = `/** The procedures of \`${declaration.name}\`: what each promises, and how it is marshalled. */`;
  return `${doc}\nexport const ${derivedNames.procedures(declaration.name)} = ${object(entries)};`;
}

function procedureEntry(target: InterfaceModel, procedure: ProcedureModel, context: CodecContext): string[] {
  const { result } = procedure;
  const errors = procedure.throws.map(error => errorDescription(error, context));
  const [high, low] = procedureKey(target, procedure);
  return [
    `interface: ${quote(target.fullName)}`,
    `declaredBy: ${quote(procedure.interface.fullName)}`,
    `id: ${procedure.id}`,
    `name: ${quote(procedure.name)}`,
    `key: [${high}, ${low}]`,
    `semantics: ${quote(procedure.semantics)}`,
    `idempotent: ${procedure.idempotent}`,
    `deadline: ${procedure.deadline}`,
    `arity: ${procedure.parameters.length}`,
    `hasResult: ${result !== undefined}`,
    `errors: ${bracketed('[', errors, ']', 12)}`,
    property('writeArguments', argumentsWriter(procedure, context)),
    property('readArguments', argumentsReader(procedure, context)),
    property('writeResult', result === undefined ? 'writer => writer.nil()' : writerOf(result, context)),
    property('readResult', result === undefined ? 'reader => reader.skip()' : readerOf(result, context)),
  ];
}

/** A procedure's name on the wire: the first eight bytes of the SHA-256 of `interface/declaredBy/id`. */
function procedureKey(
  target: InterfaceModel,
  { interface: { fullName }, id }: ProcedureModel,
): [string, string] {
  const hash = createHash('sha256').update(`${target.fullName}/${fullName}/${id}`).digest('hex');
  return [`0x${hash.slice(0, 8)}`, `0x${hash.slice(8, 16)}`];
}

/** The name of the constant that tells how an error is marshalled. */
function errorDescription(error: ErrorModel, context: CodecContext): string {
  const { scope } = context;
  const key = `error ${error.module.file}:${error.name}`;
  return context.helper(key, `${lowerFirst(error.name)}Error`, name => {
    const errorClass = scope.value(error);
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

function argumentsWriter(procedure: ProcedureModel, context: CodecContext): string {
  const { interface: declaring, parameters } = procedure;
  if (parameters.length === 0) return 'writer => writer.arrayHeader(0)';
  const name = `${declaring.name}${upperFirst(procedure.name)}Arguments`;
  return context.helper(`write ${argumentsKey(procedure)}`, derivedNames.writer(name), local =>
    writerFunction(
      {
        name: local,
        isExported: false,
        parameter: 'values',
        type: argumentsType(procedure, context.scope),
        isRecursive: false,
        body: writeFields(parameters, field => `values[${parameters.indexOf(field)}]`, context),
      },
      context,
    ),
  );
}

function argumentsReader(procedure: ProcedureModel, context: CodecContext): string {
  const { interface: declaring, parameters } = procedure;
  if (parameters.length === 0) return `reader => {\n${indent('reader.skip();\nreturn [];')}\n}`;
  const name = `${declaring.name}${upperFirst(procedure.name)}Arguments`;
  const fullName = `${declaring.fullName}.${procedure.name}`;
  return context.helper(`read ${argumentsKey(procedure)}`, derivedNames.reader(name), local => {
    const fields = readFields({ fullName, fields: parameters }, 'reader.skip();', context);
    const values = parameters.map(field => arrived(field, fields.local(field), fullName, context));
    return readerFunction(
      {
        name: local,
        isExported: false,
        type: argumentsType(procedure, context.scope),
        isRecursive: false,
        body: [...fields.declarations, ...fields.loop, `return ${bracketed('[', values, ']', 10)};`],
      },
      context,
    );
  });
}

function argumentsKey({ interface: { fullName }, name }: ProcedureModel): string {
  return `${fullName}.${name}`;
}
