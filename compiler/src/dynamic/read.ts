/** From bytes to values of the schema's types, by the model: what generated readers do, at run time. */
import {
  attachUnknownFields,
  checkDistinct,
  keepUnknownField,
  type Reader,
  type UnknownFields,
  unknownMember,
} from '@convoke/runtime/codegen';
import { isNullable } from '../check/types.js';
import type {
  EnumModel,
  ErrorModel,
  FieldModel,
  StructModel,
  TypeModel,
  UnionModel,
} from '../model/model.js';
import { containsItself } from '../model/reach.js';
import { constrained } from './constraints.js';
import { literalValue } from './literals.js';
import type { Fields, UnionValue } from './write.js';

/**
 * @param path by what errors call the value; types that have a name go by that without it
 * @throws MarshalError on bytes that the schema does not allow
 */
export function readValue(type: TypeModel, reader: Reader, path?: string): unknown {
  switch (type.kind) {
    case 'primitive':
      return reader[type.name]();
    case 'nullable':
      return reader.takeNil() ? null : readValue(type.inner, reader, path);
    case 'list':
      return Array.from({ length: reader.arrayHeader() }, () => readValue(type.element, reader));
    case 'set': {
      const count = reader.arrayHeader();
      const values = new Set<unknown>();
      for (let i = 0; i < count; i++) values.add(readValue(type.element, reader));
      return checkDistinct(values, count);
    }
    case 'map': {
      const count = reader.mapHeader();
      const entries = new Map<unknown, unknown>();
      for (let i = 0; i < count; i++) {
        const key = readValue(type.key, reader);
        entries.set(key, readValue(type.value, reader));
      }
      return checkDistinct(entries, count);
    }
    case 'named': {
      const { target } = type;
      const name = path ?? target.fullName;
      if (target.kind === 'alias')
        return constrained(readValue(target.type, reader, path), target.constraints, name);
      if (target.kind === 'enum') return readEnum(target, reader, name);
      return target.kind === 'struct' ? readStruct(target, reader) : readUnion(target, reader);
    }
  }
}

/**
 * Reads fields, and fills in the defaults of those that did not arrive.
 *
 * @param owner by what errors call the whole: `bank.v1.Account`
 * @param onUnknown takes a field that the schema does not know
 * @returns the values, `undefined` for optional fields that are absent
 */
export function readFields(
  owner: string,
  fields: readonly FieldModel[],
  reader: Reader,
  onUnknown: (id: number) => void,
): ReadonlyMap<FieldModel, unknown> {
  const read = new Map<FieldModel, unknown>();
  const count = reader.structHeader();
  const { keyed } = reader;
  for (let i = 0, id = 0; i < count; i++) {
    id = keyed ? reader.fieldId(id) : id + 1;
    if (reader.takeNil()) continue;
    const field = fields.find(each => each.id === id);
    if (field === undefined) onUnknown(id);
    else read.set(field, readField(field, pathOf(owner, field), reader));
  }
  return new Map(
    fields.map(field => [field, read.has(field) ? read.get(field) : absent(owner, field, reader)]),
  );
}

/** The value of a field, an arm or an item of a stream, with the constraints that stand beside its type. */
export function readField({ type, constraints }: FieldModel, path: string, reader: Reader): unknown {
  return constrained(readValue(type, reader, path), constraints, path);
}

export function pathOf(owner: string, { name }: FieldModel): string {
  return `${owner}.${name}`;
}

function absent(owner: string, field: FieldModel, reader: Reader): unknown {
  if (field.optional) return undefined;
  if (field.default !== undefined) return literalValue(field.default, field.type);
  return isNullable(field.type) ? null : reader.missing(pathOf(owner, field));
}

/** A struct, or the data of an error. */
export function readStruct(declaration: StructModel | ErrorModel, reader: Reader): Fields {
  const isRecursive = containsItself(declaration);
  if (isRecursive) reader.enter();
  let unknown: UnknownFields | undefined;
  const fields = readFields(declaration.fullName, declaration.fields, reader, id => {
    unknown = keepUnknownField(reader, id, unknown);
  });
  const present = [...fields].filter(([field, value]) => !(field.optional && value === undefined));
  const struct = Object.fromEntries(present.map(([{ name }, value]) => [name, value]));
  if (unknown !== undefined) attachUnknownFields(struct, unknown);
  if (isRecursive) reader.leave();
  return struct;
}

function readUnion(declaration: UnionModel, reader: Reader): UnionValue {
  const isRecursive = containsItself(declaration);
  if (isRecursive) reader.enter();
  const id = reader.unionHeader();
  const arm = declaration.arms.find(each => each.id === id);
  const value: UnionValue =
    arm === undefined
      ? { kind: '$unknown', id, raw: reader.rawValue() }
      : { kind: arm.name, value: readField(arm, pathOf(declaration.fullName, arm), reader) };
  if (isRecursive) reader.leave();
  return value;
}

function readEnum({ closed, members }: EnumModel, reader: Reader, path: string): number {
  const value = reader.u16();
  if (closed && members.every(({ id }) => id !== value)) throw unknownMember(value, path);
  return value;
}
