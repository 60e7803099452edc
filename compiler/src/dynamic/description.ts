/** Descriptions of interfaces made from the model at run time: stubs of interfaces that nothing was generated for. */
import {
  type AnyProcedure,
  type Caller,
  DeclaredError,
  type DeclaredErrorDescription,
  type InterfaceDescription,
  type ModuleSchema,
  type Reader,
  type Writer,
} from '@convoke/runtime/codegen';
import { allBases, offeredProcedures } from '../model/interfaces.js';
import type { ErrorModel, FieldModel, InterfaceModel, ProcedureModel } from '../model/model.js';
import {
  type CallShape,
  plainParameters,
  procedureKey,
  shapeOf,
  streamParameter,
} from '../model/procedures.js';
import { literalValue } from './literals.js';
import { pathOf, readField, readFields, readStruct, readValue } from './read.js';
import { writeFields, writeStruct, writeValue } from './write.js';

/** A stub by the names of procedures, with the calling conventions of a generated one. */
export type DynamicClient = Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;

/** A service by the names of procedures, with the calling conventions of a generated one. */
export type DynamicService = Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;

/** A declared error of a schema for which no class was generated. */
export class DynamicError extends DeclaredError<Readonly<Record<string, unknown>>> {
  readonly declaration: ErrorModel;

  constructor(declaration: ErrorModel, data: Readonly<Record<string, unknown>>) {
    super(declaration.fullName, data);
    this.declaration = declaration;
    this.name = declaration.name;
  }
}

/** @param schema the text from which the model was made */
export function describeInterface(
  declaration: InterfaceModel,
  schema: ModuleSchema,
): InterfaceDescription<DynamicClient, DynamicService> {
  const offered = offeredProcedures(declaration).map(
    procedure => [procedure, describeProcedure(declaration, procedure)] as const,
  );
  return {
    name: declaration.fullName,
    bases: allBases(declaration).map(({ fullName }) => fullName),
    schema,
    procedures: offered.map(([, description]) => description),
    createClient: caller =>
      Object.fromEntries(
        offered.map(([procedure, description]) => [
          procedure.name,
          clientMethod(procedure, description, caller),
        ]),
      ),
    createDispatcher: service => ({
      interface: declaration.fullName,
      entries: offered.map(([{ name }, procedure]) => ({
        procedure,
        invoke: (values: readonly unknown[], context, items) =>
          service[name]!(...values, ...(procedure.items === undefined ? [] : [items]), context),
      })),
    }),
  };
}

type Call = (
  caller: Caller,
  procedure: AnyProcedure,
  values: readonly unknown[],
  rest: readonly never[],
) => unknown;

/** `rest` is what follows the arguments: the stream, where there is one, and the options. */
const calls: Readonly<Record<CallShape, Call>> = {
  unary: (caller, procedure, values, [options]) => caller.unary(procedure, values, options),
  'server-stream': (caller, procedure, values, [options]) => caller.serverStream(procedure, values, options),
  'client-stream': (caller, procedure, values, [items, options]) =>
    caller.clientStream(procedure, values, items!, options),
  'bidi-stream': (caller, procedure, values, [items, options]) =>
    caller.bidiStream(procedure, values, items!, options),
};

function clientMethod(procedure: ProcedureModel, description: AnyProcedure, caller: Caller) {
  const parameters = plainParameters(procedure);
  const call = calls[shapeOf(procedure)];
  return (...given: readonly unknown[]) => {
    const values = parameters.map((parameter, index) =>
      given[index] === undefined ? defaultOf(parameter) : given[index],
    );
    return call(caller, description, values, given.slice(parameters.length) as never[]);
  };
}

/** What stands for an argument that is left out. */
function defaultOf({ default: value, type }: FieldModel): unknown {
  return value === undefined ? undefined : literalValue(value, type);
}

function describeProcedure(target: InterfaceModel, procedure: ProcedureModel): AnyProcedure {
  const { id, name, result, semantics, idempotent, deadline } = procedure;
  const parameters = plainParameters(procedure);
  const stream = streamParameter(procedure);
  const owner = `${procedure.interface.fullName}.${name}`;
  return {
    interface: target.fullName,
    declaredBy: procedure.interface.fullName,
    id,
    name,
    key: procedureKey(target, procedure),
    semantics,
    shape: shapeOf(procedure),
    idempotent,
    deadline,
    arity: procedure.parameters.length,
    hasResult: result !== undefined,
    errors: procedure.throws.map(describeError),
    writeArguments: (writer: Writer, values: readonly unknown[]) =>
      writeFields(parameters, parameter => values[parameters.indexOf(parameter)], writer),
    readArguments: (reader: Reader) => [
      ...readFields(owner, parameters, reader, () => reader.skip()).values(),
    ],
    writeResult: (writer: Writer, value: unknown) =>
      result === undefined ? writer.nil() : writeValue(result, value, writer),
    readResult: (reader: Reader) => (result === undefined ? reader.skip() : readValue(result, reader)),
    ...(stream !== undefined && {
      items: {
        write: (writer: Writer, item: unknown) => writeValue(stream.type, item, writer),
        read: (reader: Reader) => readField(stream, pathOf(owner, stream), reader),
      },
    }),
  };
}

function describeError(declaration: ErrorModel): DeclaredErrorDescription {
  return {
    fullName: declaration.fullName,
    writeData: (writer, error) => writeStruct(declaration, error.data as DynamicError['data'], writer),
    read: reader => new DynamicError(declaration, readStruct(declaration, reader)),
  };
}
