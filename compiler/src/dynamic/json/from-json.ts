/** From JSON to values of the schema's types. Errors name the place: `$.amount.units`. */
import { MarshalError } from '@convoke/runtime/codegen';
import { baseType, isNullable } from '../../check/types.js';
import { closest } from '../../diagnostics/suggest.js';
import type { EnumModel, FieldModel, TypeDeclaration, TypeModel, UnionModel } from '../../model/model.js';
import { constrained } from '../constraints.js';
import type { UnionValue } from '../write.js';
import { jsonForms } from './primitives.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * @param path where the value stands: `$` is the whole
 * @throws MarshalError when it is no such value, or breaks a constraint
 */
export function fromJson(type: TypeModel, json: unknown, path = '$'): unknown {
  switch (type.kind) {
    case 'primitive': {
      const { wanted, read } = jsonForms[type.name];
      const value = read(json);
      if (value === undefined) throw misfit(wanted, json, path);
      return value;
    }
    case 'nullable':
      return json === null ? null : fromJson(type.inner, json, path);
    case 'list':
      return elements(type.element, json, path);
    case 'set':
      return distinct(new Set(elements(type.element, json, path)), (json as unknown[]).length, path);
    case 'map': {
      const entries = pairs(json, path).map(
        ({ key, value, at }) =>
          [
            typeof key === 'string' ? keyFromText(type.key, key, at) : fromJson(type.key, key, at),
            fromJson(type.value, value, at),
          ] as const,
      );
      return distinct(new Map(entries), entries.length, path);
    }
    case 'named':
      return namedFromJson(type.target, json, path);
  }
}

/**
 * The values of fields or parameters by their names in a JSON object; what may be left out is `undefined`.
 *
 * @throws MarshalError when one is missing, unknown, or does not fit
 */
export function fieldsFromJson(fields: readonly FieldModel[], json: unknown, path = '$'): unknown[] {
  if (!isObject(json)) throw misfit(`an object with ${list(fields.map(({ name }) => name))}`, json, path);
  const names = fields.map(({ name }) => name);
  for (const key of Object.keys(json)) {
    if (!names.includes(key)) throw new MarshalError(unknownName(key, names), { path: member(path, key) });
  }
  return fields.map(field =>
    fieldFromJson(
      field,
      Object.hasOwn(json, field.name) ? json[field.name] : undefined,
      member(path, field.name),
    ),
  );
}

/** The value of a field, a parameter or an item of a stream, with the constraints that stand beside its type. */
export function fieldFromJson(field: FieldModel, json: unknown, path = '$'): unknown {
  const { type, constraints } = field;
  if (json === undefined || (json === null && !isNullable(type))) {
    if (field.optional || field.default !== undefined) return undefined;
    if (isNullable(type)) return null;
    if (json === undefined) throw new MarshalError('it is missing', { path });
  }
  return constrained(fromJson(type, json, path), constraints, path);
}

function namedFromJson(target: TypeDeclaration, json: unknown, path: string): unknown {
  switch (target.kind) {
    case 'alias':
      return constrained(fromJson(target.type, json, path), target.constraints, path);
    case 'enum':
      return enumFromJson(target, json, path);
    case 'struct': {
      const values = fieldsFromJson(target.fields, json, path);
      const entries = target.fields.map(({ name }, index) => [name, values[index]] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    }
    case 'union':
      return unionFromJson(target, json, path);
  }
}

function enumFromJson({ name, closed, members }: EnumModel, json: unknown, path: string): number {
  const found = members.find(member => member.name === json || member.id === json);
  if (found !== undefined) return found.id;
  if (!closed && jsonForms.u16.read(json) !== undefined) return json as number;
  const names = members.map(member => member.name);
  if (typeof json === 'string') throw new MarshalError(unknownName(json, names), { path });
  throw misfit(`a member of ${name}: ${list(names)}`, json, path);
}

function unionFromJson({ name, arms }: UnionModel, json: unknown, path: string): UnionValue {
  const names = arms.map(arm => arm.name);
  const [entry, ...others] = isObject(json) ? Object.entries(json) : [];
  if (entry === undefined || others.length > 0) {
    throw misfit(`an object with one arm of ${name}: ${list(names)}`, json, path);
  }
  const [kind, value] = entry;
  const at = member(path, kind);
  if (kind === '$unknown') return unknownArm(value, at);
  const arm = arms.find(each => each.name === kind);
  if (arm === undefined) throw new MarshalError(unknownName(kind, names), { path: at });
  return { kind, value: constrained(fromJson(arm.type, value, at), arm.constraints, at) };
}

/** An arm that the schema does not know, as `toJson` writes it. */
function unknownArm(json: unknown, path: string): UnionValue {
  const { id, raw } = isObject(json) ? json : {};
  const read = { id: jsonForms.u16.read(id), raw: jsonForms.bytes.read(raw) };
  if (read.id === undefined || read.raw === undefined) throw misfit('an object with id and raw', json, path);
  return { kind: '$unknown', id: read.id as number, raw: read.raw as Uint8Array };
}

function elements(type: TypeModel, json: unknown, path: string): unknown[] {
  if (!Array.isArray(json)) throw misfit('an array', json, path);
  return json.map((element, index) => fromJson(type, element, `${path}[${index}]`));
}

function distinct<T extends { readonly size: number }>(value: T, count: number, path: string): T {
  if (value.size === count) return value;
  throw new MarshalError('a key or an element stands twice', { path });
}

/** The entries of a map: an object, or an array of pairs of key and value. */
function pairs(json: unknown, path: string): { key: unknown; value: unknown; at: string }[] {
  if (isObject(json)) {
    return Object.entries(json).map(([key, value]) => ({ key, value, at: member(path, key) }));
  }
  if (!Array.isArray(json)) throw misfit('an object, or an array of pairs', json, path);
  return json.map((pair, index) => {
    const at = `${path}[${index}]`;
    if (!Array.isArray(pair) || pair.length !== 2) throw misfit('a pair of key and value', pair, at);
    return { key: pair[0], value: pair[1], at };
  });
}

/** In an object all keys are text, whatever they stand for. */
function keyFromText(type: TypeModel, text: string, path: string): unknown {
  const base = baseType(type);
  const isText = base.kind === 'primitive' && (base.name === 'string' || base.name === 'uuid');
  return fromJson(type, isText ? text : (fromText(text) ?? text), path);
}

/** `undefined` for what is neither a bool nor a number with all its digits. */
function fromText(text: string): boolean | number | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `$.amount`, or `$["first name"]`. */
function member(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function unknownName(name: string, known: readonly string[]): string {
  const likely = closest(name, known);
  return `there is no '${name}'; ${likely === undefined ? `known are ${list(known)}` : `did you mean '${likely}'?`}`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing in it' : names.map(name => `'${name}'`).join(', ');
}

function misfit(wanted: string, json: unknown, path: string): MarshalError {
  return new MarshalError(`expected ${wanted}, found ${show(json)}`, { path });
}

function show(json: unknown): string {
  const text = JSON.stringify(json) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
