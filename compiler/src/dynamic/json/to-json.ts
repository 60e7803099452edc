/** From values of the schema's types to JSON. */
import type { EnumModel, FieldModel, TypeDeclaration, TypeModel, UnionModel } from '../../model/model.js';
import type { UnionValue } from '../write.js';
import { jsonForms } from './primitives.js';

/** A value as `JSON.stringify` takes it. */
export function toJson(type: TypeModel, value: unknown): unknown {
  switch (type.kind) {
    case 'primitive':
      return jsonForms[type.name].write(value as never);
    case 'nullable':
      return value === null ? null : toJson(type.inner, value);
    case 'list':
    case 'set':
      return Array.from(value as Iterable<unknown>, element => toJson(type.element, element));
    case 'map':
      return object(
        Array.from(value as ReadonlyMap<unknown, unknown>, ([key, entry]) => [
          String(toJson(type.key, key)),
          toJson(type.value, entry),
        ]),
      );
    case 'named':
      return namedToJson(type.target, value);
  }
}

/** The fields of a struct or an error; those that are absent are left out. */
export function fieldsToJson(
  fields: readonly FieldModel[],
  values: Readonly<Record<string, unknown>>,
): unknown {
  const present = fields.filter(({ name }) => Object.hasOwn(values, name) && values[name] !== undefined);
  return object(present.map(({ name, type }) => [name, toJson(type, values[name])]));
}

function namedToJson(target: TypeDeclaration, value: unknown): unknown {
  switch (target.kind) {
    case 'alias':
      return toJson(target.type, value);
    case 'enum':
      return enumToJson(target, value as number);
    case 'struct':
      return fieldsToJson(target.fields, value as Readonly<Record<string, unknown>>);
    case 'union':
      return unionToJson(target, value as UnionValue);
  }
}

/** The name of the member; the number where the schema does not know it. */
function enumToJson({ members }: EnumModel, value: number): string | number {
  return members.find(({ id }) => id === value)?.name ?? value;
}

function unionToJson({ arms }: UnionModel, value: UnionValue): unknown {
  if ('raw' in value) {
    return { $unknown: { id: value.id, raw: Buffer.from(value.raw).toString('base64') } };
  }
  const { type } = arms.find(({ name }) => name === value.kind)!;
  return object([[value.kind, toJson(type, value.value)]]);
}

/** Without a prototype, so that a key may be any text. */
function object(entries: readonly (readonly [string, unknown])[]): unknown {
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}
