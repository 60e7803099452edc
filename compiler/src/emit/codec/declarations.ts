/** The exported writers and readers of a module's declared types. */
import type {
  AliasModel,
  Declaration,
  EnumModel,
  ErrorModel,
  StructModel,
  UnionModel,
} from '../../model/model.js';
import { derivedNames, lowerFirst } from '../../model/names.js';
import { containsItself } from '../../model/reach.js';
import type { Statement } from '../file.js';
import { indent, quote } from '../text.js';
import { readConstrained } from './constraints.js';
import type { CodecContext } from './context.js';
import { assembled, readFields, writeObjectFields } from './fields.js';
import { readerFunction, writerFunction } from './function.js';
import { writeStatement } from './marshal.js';

export function declarationMarshallers(declaration: Declaration, context: CodecContext): Statement[] {
  switch (declaration.kind) {
    case 'alias':
      return declaration.constraints.length === 0 ? [] : [aliasReader(declaration, context)];
    case 'enum':
      return declaration.closed ? [closedEnumReader(declaration, context)] : [];
    case 'struct':
      return fieldMarshallers(declaration, context.scope.type(declaration), context);
    case 'error':
      return fieldMarshallers(
        declaration,
        context.scope.derivedType(declaration, derivedNames.data, 'types'),
        context,
      );
    case 'union':
      return unionMarshallers(declaration, context);
    default:
      return [];
  }
}

function fieldMarshallers(
  declaration: StructModel | ErrorModel,
  type: string,
  context: CodecContext,
): Statement[] {
  const { scope } = context;
  const isRecursive = containsItself(declaration);
  const fields = readFields(
    declaration,
    `unknown = ${scope.runtime('keepUnknownField')}(reader, fieldId, unknown);`,
    context,
  );
  const { literal, additions } = assembled(declaration, fields.local, context);
  const writer = writerFunction(
    {
      name: derivedNames.writer(declaration.name),
      isExported: true,
      parameter: 'value',
      type: `${type} & ${scope.runtimeType('Extensible')}`,
      isRecursive,
      body: [
        'const at = writer.length;',
        ...writeObjectFields(declaration.fields, context),
        `const unknown = value[${scope.runtime('unknownFields')}];`,
        `if (unknown !== undefined) ${scope.runtime('restoreUnknownFields')}(writer, at, unknown);`,
      ],
    },
    context,
  );
  const reader = readerFunction(
    {
      name: derivedNames.reader(declaration.name),
      isExported: true,
      type,
      isRecursive,
      body: [
        ...fields.declarations,
        `let unknown: ${scope.runtimeType('UnknownFields')} | undefined;`,
        ...fields.loop,
        `const value: ${type} = ${literal};`,
        ...additions,
        `if (unknown !== undefined) ${scope.runtime('attachUnknownFields')}(value, unknown);`,
        'return value;',
      ],
    },
    context,
  );
  return [writer, reader];
}

function aliasReader(declaration: AliasModel, context: CodecContext): Statement {
  const { name, type, constraints } = declaration;
  const pattern = `${lowerFirst(name)}Pattern`;
  return readerFunction(
    {
      name: derivedNames.reader(name),
      isExported: true,
      type: context.scope.type(declaration),
      path: quote(declaration.fullName),
      body: [`return ${readConstrained(type, constraints, 'path', pattern, context)};`],
    },
    context,
  );
}

function closedEnumReader(declaration: EnumModel, context: CodecContext): Statement {
  const cases = declaration.members.map(({ id }) => `  case ${id}:`);
  return readerFunction(
    {
      name: derivedNames.reader(declaration.name),
      isExported: true,
      type: context.scope.type(declaration),
      path: quote(declaration.fullName),
      body: [
        'const value = reader.u16();',
        'switch (value) {',
        ...cases,
        '    return value;',
        '  default:',
        `    throw ${context.scope.runtime('unknownMember')}(value, path);`,
        '}',
      ],
    },
    context,
  );
}

function unionMarshallers(declaration: UnionModel, context: CodecContext): Statement[] {
  const type = context.scope.type(declaration);
  const isRecursive = containsItself(declaration);
  const writeCases = declaration.arms.map(arm =>
    [
      `case ${quote(arm.name)}:`,
      `  writer.unionHeader(${arm.id});`,
      indent(writeStatement(arm.type, 'value.value', context)),
      '  break;',
    ].join('\n'),
  );
  const writer = writerFunction(
    {
      name: derivedNames.writer(declaration.name),
      isExported: true,
      parameter: 'value',
      type,
      isRecursive,
      body: [
        'switch (value.kind) {',
        ...writeCases.map(indent),
        "  case '$unknown':",
        '    writer.unionHeader(value.id);',
        '    writer.raw(value.raw);',
        '    break;',
        '  default:',
        `    throw ${context.scope.runtime('unknownKind')}(value, ${quote(declaration.fullName)});`,
        '}',
      ],
    },
    context,
  );
  const readCases = declaration.arms.map(arm => {
    const path = quote(`${declaration.fullName}.${arm.name}`);
    const pattern = `${lowerFirst(declaration.name)}Pattern`;
    const value = readConstrained(arm.type, arm.constraints, path, pattern, context);
    return `case ${arm.id}:\n  return { kind: ${quote(arm.name)}, value: ${value} };`;
  });
  const arms = [
    'const id = reader.unionHeader();',
    'switch (id) {',
    ...readCases.map(indent),
    '  default:',
    "    return { kind: '$unknown', id, raw: reader.rawValue() };",
    '}',
  ];
  return [writer, ...unionReaders(declaration, type, arms, isRecursive, context)];
}

/** The reader of a union returns from each of its arms; one that counts its depth needs a frame around them. */
function unionReaders(
  declaration: UnionModel,
  type: string,
  arms: readonly string[],
  isRecursive: boolean,
  context: CodecContext,
): Statement[] {
  const name = derivedNames.reader(declaration.name);
  if (!isRecursive)
    return [readerFunction({ name, isExported: true, type, isRecursive, body: arms }, context)];
  const readArm = context.scope.claim(`${name}Arm`);
  return [
    readerFunction(
      {
        name,
        isExported: true,
        type,
        isRecursive,
        body: [`const value = ${readArm}(reader);`, 'return value;'],
      },
      context,
    ),
    readerFunction({ name: readArm, isExported: false, type, body: arms }, context),
  ];
}
