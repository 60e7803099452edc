/** Writing a value of any type as a statement, and reading one as an expression. */
import type { PrimitiveName, TypeModel } from '../../model/model.js';
import { derivedNames, upperFirst } from '../../model/names.js';
import { indent } from '../text.js';
import { typeText } from '../type-text.js';
import type { CodecContext } from './context.js';
import { readerFunction, under, writerFunction } from './function.js';

type CollectionType = Extract<TypeModel, { kind: 'list' | 'set' | 'map' }>;

/** The methods of `Writer` and `Reader` bear the names of the types; an enum is written as its id. */
const enumMethod: PrimitiveName = 'u16';

/** A statement that writes the value of `expression`. */
export function writeStatement(type: TypeModel, expression: string, context: CodecContext): string {
  switch (type.kind) {
    case 'primitive':
      return `writer.${type.name}(${expression});`;
    case 'nullable': {
      const inner = writeStatement(type.inner, expression, context);
      return `if (${expression} === null) writer.nil();\nelse ${inner}`;
    }
    case 'list':
    case 'set':
    case 'map':
      return `${collectionWriter(type, context)}(writer, ${expression});`;
    case 'named': {
      const { target } = type;
      if (target.kind === 'enum') return `writer.${enumMethod}(${expression});`;
      if (target.kind === 'alias') return writeStatement(target.type, expression, context);
      return `${context.scope.derived(target, derivedNames.writer, 'codec')}(writer, ${expression});`;
    }
  }
}

/** @param path the expression of the field's name for errors, where the value is a field's */
export function readExpression(type: TypeModel, context: CodecContext, path?: string): string {
  switch (type.kind) {
    case 'primitive':
      return `reader.${type.name}()`;
    case 'nullable':
      return `reader.takeNil() ? null : ${readExpression(type.inner, context, path)}`;
    case 'list':
    case 'set':
    case 'map':
      return `${collectionReader(type, context)}(reader)`;
    case 'named': {
      const { target } = type;
      if (target.kind === 'enum' && !target.closed) return `reader.${enumMethod}()`;
      if (target.kind === 'alias' && target.constraints.length === 0) {
        return readExpression(target.type, context, path);
      }
      const takesPath = target.kind === 'alias' || target.kind === 'enum';
      const name = context.scope.derived(target, derivedNames.reader, 'codec');
      return takesPath && path !== undefined ? `${name}(reader, ${path})` : `${name}(reader)`;
    }
  }
}

/** A function that writes values of the type: its name, or an arrow function. */
export function writerOf(type: TypeModel, context: CodecContext): string {
  const statement = writeStatement(type, 'value', context);
  const named = /^(\w+)\(writer, value\);$/.exec(statement);
  if (named !== null) return named[1]!;
  return statement.includes('\n')
    ? `(writer, value) => {\n${indent(statement)}\n}`
    : `(writer, value) => ${statement.slice(0, -1)}`;
}

/**
 * A function that reads values of the type: its name, or an arrow function.
 *
 * @param path as in `readExpression`
 */
export function readerOf(type: TypeModel, context: CodecContext, path?: string): string {
  const expression = readExpression(type, context, path);
  return (
    /^(\w+)\(reader\)$/.exec(expression)?.[1] ??
    `reader => ${expression.includes(' ? ') ? `(${expression})` : expression}`
  );
}

function collectionWriter(type: CollectionType, context: CodecContext): string {
  return context.helper(typeKey(type), 'write', `write${typeName(type)}`, name =>
    writerFunction(
      {
        name,
        isExported: false,
        parameter: 'values',
        type: typeText(type, context.scope),
        body: writeCollection(type, context),
      },
      context,
    ),
  );
}

function writeCollection(type: CollectionType, context: CodecContext): string[] {
  if (type.kind !== 'map') {
    return [
      `writer.arrayHeader(values.${type.kind === 'list' ? 'length' : 'size'});`,
      under('for (const value of values)', writeStatement(type.element, 'value', context)),
    ];
  }
  const entry = [writeStatement(type.key, 'key', context), writeStatement(type.value, 'value', context)];
  return ['writer.mapHeader(values.size);', under('for (const [key, value] of values)', entry.join('\n'))];
}

function collectionReader(type: CollectionType, context: CodecContext): string {
  return context.helper(typeKey(type), 'read', `read${typeName(type)}`, name =>
    readerFunction(
      {
        name,
        isExported: false,
        type: typeText(type, context.scope),
        body: readCollection(type, context),
      },
      context,
    ),
  );
}

function readCollection(type: CollectionType, context: CodecContext): string[] {
  const text = typeText(type, context.scope);
  const loop = 'for (let i = 0; i < count; i++)';
  const distinct = () => `return ${context.scope.runtime('checkDistinct')}(values, count);`;
  switch (type.kind) {
    case 'list':
      return [
        'const count = reader.arrayHeader();',
        `const values: ${text} = [];`,
        `${loop} values.push(${readExpression(type.element, context)});`,
        'return values;',
      ];
    case 'set':
      return [
        'const count = reader.arrayHeader();',
        `const values: ${text} = new Set();`,
        `${loop} values.add(${readExpression(type.element, context)});`,
        distinct(),
      ];
    case 'map':
      return [
        'const count = reader.mapHeader();',
        `const values: ${text} = new Map();`,
        under(
          loop,
          `const key = ${readExpression(type.key, context)};\n` +
            `values.set(key, ${readExpression(type.value, context)});`,
        ),
        distinct(),
      ];
  }
}

/** A type in words: `ListOfString`. */
function typeName(type: TypeModel): string {
  switch (type.kind) {
    case 'primitive':
      return upperFirst(type.name);
    case 'list':
    case 'set':
      return `${upperFirst(type.kind)}Of${typeName(type.element)}`;
    case 'map':
      return `MapOf${typeName(type.key)}To${typeName(type.value)}`;
    case 'nullable':
      return `Nullable${typeName(type.inner)}`;
    case 'named':
      return upperFirst(type.target.name);
  }
}

/** The same for the same types, and for no others. */
function typeKey(type: TypeModel): string {
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${typeKey(type.element)}>`;
    case 'map':
      return `map<${typeKey(type.key)}, ${typeKey(type.value)}>`;
    case 'nullable':
      return `${typeKey(type.inner)}?`;
    case 'named':
      return `${type.target.module.file}:${type.target.name}`;
  }
}
