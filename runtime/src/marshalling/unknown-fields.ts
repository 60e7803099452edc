import { Reader } from './reader.js';
import type { Writer } from './writer.js';

/**
 * Where a struct that was read keeps the fields that its schema does not know. The property is enumerable, so that a
 * copy by `{ ...account }` keeps them too.
 */
export const unknownFields: unique symbol = Symbol.for('convoke.unknownFields');

/** MessagePack values by field id. */
export type UnknownFields = ReadonlyMap<number, Uint8Array>;

/** What a struct from a newer schema may carry beside its declared fields. */
export interface Extensible {
  /** Set by the generated reader where fields came that its schema does not know; written back with the others. */
  readonly [unknownFields]?: UnknownFields;
}

/** Reads the value of a field that the schema does not know, and keeps it beside those `kept` before. */
export function keepUnknownField(reader: Reader, id: number, kept: UnknownFields | undefined): UnknownFields {
  const value = reader.rawValue();
  return kept === undefined ? new Map([[id, value]]) : (kept as Map<number, Uint8Array>).set(id, value);
}

/** Hands a struct that was just read its unknown fields. */
export function attachUnknownFields(struct: object, fields: UnknownFields): void {
  (struct as { [unknownFields]: UnknownFields })[unknownFields] = fields;
}

/** Whether a struct with these ids takes the form of a map: so few of them are in use that an array is mostly nil. */
export function isSparse(highestId: number, fieldCount: number): boolean {
  return highestId > 2 * fieldCount + 8;
}

/**
 * Puts unknown fields back into the struct that was just written, `at` bytes from the message's start, and gives it
 * the form that then fits its ids. Of a field that both sides know, the written one stands.
 */
export function restoreUnknownFields(writer: Writer, at: number, unknown: UnknownFields): void {
  const fields = new Map([...unknown, ...writtenFields(writer.takeBack(at))]);
  const ids = [...fields.keys()].sort((a, b) => a - b);
  const highest = ids.at(-1) ?? 0;
  if (isSparse(highest, ids.length)) {
    writer.mapHeader(ids.length);
    for (const id of ids) {
      writer.u16(id);
      writer.raw(fields.get(id)!);
    }
    return;
  }
  writer.arrayHeader(highest);
  for (let id = 1; id <= highest; id++) {
    const value = fields.get(id);
    if (value === undefined) writer.nil();
    else writer.raw(value);
  }
}

/** The fields of an encoded struct that are not nil. */
function writtenFields(struct: Buffer): Map<number, Uint8Array> {
  const reader = new Reader().reset(struct);
  const fields = new Map<number, Uint8Array>();
  const count = reader.structHeader();
  const { keyed } = reader;
  for (let i = 0, id = 0; i < count; i++) {
    id = keyed ? reader.fieldId(id) : id + 1;
    if (!reader.takeNil()) fields.set(id, reader.rawValue());
  }
  return fields;
}
