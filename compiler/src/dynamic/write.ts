/**
 * From values of the schema's types to bytes, by the model: what generated writers do, at run time. Values are what they
 * are in generated code, and so are the bytes.
 */
import {
  type Extensible,
  isSparse,
  restoreUnknownFields,
  unknownFields,
  unknownKind,
  type Writer,
} from '@convoke/runtime/codegen';
import type { ErrorModel, FieldModel, StructModel, TypeModel, UnionModel } from '../model/model.js';
import { containsItself } from '../model/reach.js';

/** The fields of a struct or an error by name. */
export type Fields = Readonly<Record<string, unknown>> & Extensible;

/** A union's value: an arm of the schema, or one that it does not know. */
export type UnionValue =
  | { readonly kind: string; readonly value: unknown }
  | { readonly kind: '$unknown'; readonly id: number; readonly raw: Uint8Array };

/** @throws MarshalError when the value does not fit */
export function writeValue(type: TypeModel, value: unknown, writer: Writer): void {
  switch (type.kind) {
    case 'primitive':
      writer[type.name](value as never);
      return;
    case 'nullable':
      if (value === null) writer.nil();
      else writeValue(type.inner, value, writer);
      return;
    case 'list':
    case 'set': {
      const elements = [...(value as Iterable<unknown>)];
      writer.arrayHeader(elements.length);
      for (const element of elements) writeValue(type.element, element, writer);
      return;
    }
    case 'map': {
      const entries = value as ReadonlyMap<unknown, unknown>;
      writer.mapHeader(entries.size);
      for (const [key, entry] of entries) {
        writeValue(type.key, key, writer);
        writeValue(type.value, entry, writer);
      }
      return;
    }
    case 'named': {
      const { target } = type;
      if (target.kind === 'alias') writeValue(target.type, value, writer);
      else if (target.kind === 'enum') writer.u16(value as number);
      else if (target.kind === 'struct') writeStruct(target, value as Fields, writer);
      else writeUnion(target, value as UnionValue, writer);
    }
  }
}

/** @param value a field's value; `undefined` is absent */
export function writeFields(
  fields: readonly FieldModel[],
  value: (field: FieldModel) => unknown,
  writer: Writer,
): void {
  const inOrder = [...fields].sort((a, b) => a.id - b.id);
  const highestId = inOrder.at(-1)?.id ?? 0;
  const isAbsent = (field: FieldModel) => mayBeAbsent(field) && value(field) === undefined;
  if (isSparse(highestId, fields.length)) {
    const present = inOrder.filter(field => !isAbsent(field));
    writer.mapHeader(present.length);
    for (const field of present) {
      writer.u16(field.id);
      writeValue(field.type, value(field), writer);
    }
    return;
  }
  writer.arrayHeader(highestId);
  let position = 1;
  for (const field of inOrder) {
    for (; position < field.id; position++) writer.nil();
    if (isAbsent(field)) writer.nil();
    else writeValue(field.type, value(field), writer);
    position++;
  }
}

/** A field with a default is always there when read; a caller who leaves it out has the reader fill it in. */
function mayBeAbsent(field: FieldModel): boolean {
  return field.optional || field.default !== undefined;
}

/** A struct, or the data of an error. */
export function writeStruct(declaration: StructModel | ErrorModel, value: Fields, writer: Writer): void {
  const at = writer.length;
  const isRecursive = containsItself(declaration);
  if (isRecursive) writer.enter();
  writeFields(
    declaration.fields,
    ({ name }) => (Object.hasOwn(value, name) ? value[name] : undefined),
    writer,
  );
  const unknown = value[unknownFields];
  if (unknown !== undefined) restoreUnknownFields(writer, at, unknown);
  if (isRecursive) writer.leave();
}

function writeUnion(declaration: UnionModel, value: UnionValue, writer: Writer): void {
  const isRecursive = containsItself(declaration);
  if (isRecursive) writer.enter();
  if ('raw' in value) {
    writer.unionHeader(value.id);
    writer.raw(value.raw);
  } else {
    const arm = declaration.arms.find(({ name }) => name === value.kind);
    if (arm === undefined) throw unknownKind(value as never, declaration.fullName);
    writer.unionHeader(arm.id);
    writeValue(arm.type, value.value, writer);
  }
  if (isRecursive) writer.leave();
}
