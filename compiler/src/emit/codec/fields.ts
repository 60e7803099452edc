/** Writers and readers of what has fields: structs, the data of errors, and the parameters of procedures. */
import type { FieldModel, TypeModel } from '../../model/model.js';
import { lowerFirst, typescriptName, upperFirst } from '../../model/names.js';
import { indent, object, property, quote } from '../text.js';
import { isNullable, typeText } from '../type-text.js';
import { valueText } from '../values.js';
import { readConstrained } from './constraints.js';
import type { CodecContext } from './context.js';
import { under } from './function.js';
import { writeStatement } from './marshal.js';

export interface FieldSet {
  /** By which errors call the whole: `bank.v1.Account`. */
  readonly fullName: string;
  readonly fields: readonly FieldModel[];
}

/** Whether the array form would be mostly nil; the protocol's rule, as `isSparse` of the runtime has it. */
function isSparse(fields: readonly FieldModel[]): boolean {
  return highestId(fields) > 2 * fields.length + 8;
}

function highestId(fields: readonly FieldModel[]): number {
  return Math.max(0, ...fields.map(({ id }) => id));
}

function byId(fields: readonly FieldModel[]): FieldModel[] {
  return [...fields].sort((a, b) => a.id - b.id);
}

/** @param access the expression of a field's value */
export function writeFields(
  fields: readonly FieldModel[],
  access: (field: FieldModel) => string,
  context: CodecContext,
): string[] {
  return isSparse(fields) ? writeKeyed(fields, access, context) : writePositions(fields, access, context);
}

function writePositions(
  fields: readonly FieldModel[],
  access: (field: FieldModel) => string,
  context: CodecContext,
): string[] {
  const lines = [`writer.arrayHeader(${highestId(fields)});`];
  let position = 1;
  for (const field of byId(fields)) {
    for (; position < field.id; position++) lines.push('writer.nil();');
    const value = access(field);
    const write = writeStatement(field.type, value, context);
    lines.push(
      mayBeAbsent(field) ? `if (${value} === undefined) writer.nil();\n${under('else', write)}` : write,
    );
    position++;
  }
  return lines;
}

function writeKeyed(
  fields: readonly FieldModel[],
  access: (field: FieldModel) => string,
  context: CodecContext,
): string[] {
  const optional = byId(fields).filter(mayBeAbsent);
  const lines =
    optional.length === 0
      ? [`writer.mapHeader(${fields.length});`]
      : [
          `let count = ${fields.length - optional.length};`,
          ...optional.map(field => `if (${access(field)} !== undefined) count++;`),
          'writer.mapHeader(count);',
        ];
  for (const field of byId(fields)) {
    const value = access(field);
    const write = `writer.u16(${field.id});\n${writeStatement(field.type, value, context)}`;
    lines.push(mayBeAbsent(field) ? under(`if (${value} !== undefined)`, write) : write);
  }
  return lines;
}

/** A field with a default is always there when read; a caller who leaves it out has the reader fill it in. */
function mayBeAbsent(field: FieldModel): boolean {
  return field.optional || field.default !== undefined;
}

/** Names that every object inherits: of an optional field so named, only the object's own counts. */
const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** What writes the fields of an object called `value`. */
export function writeObjectFields(fields: readonly FieldModel[], context: CodecContext): string[] {
  const claim = context.scope.locals();
  const own = new Map(fields.filter(hidesInherited).map(field => [field, claim(typescriptName(field.name))]));
  const prelude = [...own].map(
    ([{ name }, local]) =>
      `const ${local} = Object.hasOwn(value, ${quote(name)}) ? value.${name} : undefined;`,
  );
  return [...prelude, ...writeFields(fields, field => own.get(field) ?? `value.${field.name}`, context)];
}

function hidesInherited({ name, optional }: FieldModel): boolean {
  return optional && inherited.has(name);
}

/** What reads fields into locals, and the locals' names. */
export interface FieldLocals {
  readonly declarations: readonly string[];
  readonly loop: readonly string[];
  readonly local: (field: FieldModel) => string;
}

/** @param onUnknown the statement for a field that the schema does not know */
export function readFields(
  { fullName, fields }: FieldSet,
  onUnknown: string,
  context: CodecContext,
): FieldLocals {
  const claim = context.scope.locals();
  const names = new Map(fields.map(field => [field, claim(typescriptName(field.name))]));
  const local = (field: FieldModel) => names.get(field)!;
  const cases = byId(fields).map(field => {
    const read = readConstrained(
      withoutNull(field.type),
      field.constraints,
      fieldPath(fullName, field),
      `${lowerFirst(fullName.split('.').at(-1)!)}${upperFirst(field.name)}Pattern`,
      context,
    );
    return `case ${field.id}:\n  ${local(field)} = ${read};\n  break;\n`;
  });
  const choice = `switch (fieldId) {\n${indent(`${cases.join('')}default:\n${indent(onUnknown)}`)}\n}`;
  return {
    local,
    declarations: fields.map(field => localDeclaration(field, local(field), context)),
    loop: [
      'const count = reader.structHeader();',
      'const { keyed } = reader;',
      'for (let i = 0, fieldId = 0; i < count; i++) {',
      '  fieldId = keyed ? reader.fieldId(fieldId) : fieldId + 1;',
      '  if (reader.takeNil()) continue;',
      indent(cases.length === 0 ? onUnknown : choice),
      '}',
    ],
  };
}

function localDeclaration(field: FieldModel, local: string, context: CodecContext): string {
  const type = typeText(field.type, context.scope);
  return isNullable(field.type) ? `let ${local}: ${type} = null;` : `let ${local}: ${type} | undefined;`;
}

/** What a field that was read into a local is worth; required ones that did not arrive throw. */
export function arrived(field: FieldModel, local: string, fullName: string, context: CodecContext): string {
  if (field.optional || isNullable(field.type)) return local;
  if (field.default !== undefined)
    return `${local} ?? ${valueText(field.default, field.type, context.scope)}`;
  return `${local} ?? reader.missing(${fieldPath(fullName, field)})`;
}

/** An object literal of the fields that were read, and statements that add the optional ones that are there. */
export function assembled(
  { fullName, fields }: FieldSet,
  local: (field: FieldModel) => string,
  context: CodecContext,
): { readonly literal: string; readonly additions: readonly string[] } {
  const isAdded = (field: FieldModel) => field.optional && !hidesInherited(field);
  const properties = fields
    .filter(field => !isAdded(field))
    .map(field =>
      field.optional
        ? `...(${local(field)} !== undefined && { ${property(field.name, local(field))} })`
        : property(field.name, arrived(field, local(field), fullName, context)),
    );
  const additions = fields
    .filter(isAdded)
    .map(field => `if (${local(field)} !== undefined) value.${field.name} = ${local(field)};`);
  return { literal: object(properties), additions };
}

/** A field's full name as an expression. */
function fieldPath(fullName: string, field: FieldModel): string {
  return quote(`${fullName}.${field.name}`);
}

/** The reader's loop over fields has taken nil already. */
function withoutNull(type: TypeModel): TypeModel {
  return type.kind === 'nullable' ? type.inner : type;
}
