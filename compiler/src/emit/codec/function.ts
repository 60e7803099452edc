/** The shapes of generated writers and readers. */
import {
  type FunctionDeclarationStructure,
  type OptionalKind,
  type ParameterDeclarationStructure,
  StructureKind,
} from 'ts-morph';
import { indent } from '../text.js';
import type { CodecContext } from './context.js';

interface MarshallerOptions {
  readonly name: string;
  readonly isExported: boolean;
  /** The type of the value. */
  readonly type: string;
  readonly body: readonly string[];
  /** Whether values can contain values of the same type, so that their nesting is to be bounded. */
  readonly isRecursive?: boolean;
}

interface WriterOptions extends MarshallerOptions {
  /** The name of the value. */
  readonly parameter: string;
}

interface ReaderOptions extends MarshallerOptions {
  /** The default of a parameter that tells for which field the value is read. */
  readonly path?: string;
}

/** The names that generated writers and readers give to their own locals. */
export const codecLocals = [
  ...['at', 'count', 'error', 'fieldId', 'i', 'key', 'keyed', 'path', 'reader', 'unknown', 'value', 'values'],
  'writer',
];

export function writerFunction(options: WriterOptions, context: CodecContext): FunctionDeclarationStructure {
  const { parameter, type, body, isRecursive } = options;
  return marshaller(options, {
    parameters: [
      { name: 'writer', type: context.scope.runtimeType('Writer') },
      { name: parameter, type },
    ],
    returnType: 'void',
    body: isRecursive ? ['writer.enter();', ...body, 'writer.leave();'] : body,
  });
}

/** The last line of the body is what returns the value. */
export function readerFunction(options: ReaderOptions, context: CodecContext): FunctionDeclarationStructure {
  const { path, type, body, isRecursive } = options;
  return marshaller(options, {
    parameters: [
      { name: 'reader', type: context.scope.runtimeType('Reader') },
      ...(path === undefined ? [] : [{ name: 'path', initializer: path }]),
    ],
    returnType: type,
    body: isRecursive
      ? ['reader.enter();', ...body.slice(0, -1), 'reader.leave();', ...body.slice(-1)]
      : body,
  });
}

interface FunctionShape {
  readonly parameters: OptionalKind<ParameterDeclarationStructure>[];
  readonly returnType: string;
  readonly body: readonly string[];
}

function marshaller(
  { name, isExported }: MarshallerOptions,
  { parameters, returnType, body }: FunctionShape,
): FunctionDeclarationStructure {
  const statements = [body.join('\n')];
  return { kind: StructureKind.Function, isExported, name, parameters, returnType, statements };
}

/** A statement under a loop or a condition: in the same line where it is one line itself. */
export function under(head: string, statement: string): string {
  return statement.includes('\n') ? `${head} {\n${indent(statement)}\n}` : `${head} ${statement}`;
}
