import { expect, it } from 'vitest';
import { Reader } from '../../../runtime/src/marshalling/reader.js';
import {
  attachUnknownFields,
  type Extensible,
  isSparse,
  keepUnknownField,
  restoreUnknownFields,
  type UnknownFields,
  unknownFields,
} from '../../../runtime/src/marshalling/unknown-fields.js';
import type { Writer } from '../../../runtime/src/marshalling/writer.js';
import { hex, packr, written } from './support.js';

const fields = (...entries: [number, string][]): UnknownFields =>
  new Map(entries.map(([id, bytes]) => [id, new Uint8Array(hex(bytes))]));

/** A struct of one known field behind three bytes of something else, with unknown fields put back. */
function restored(unknown: UnknownFields, write = (writer: Writer) => writeOne(writer)): unknown {
  const bytes = written(writer => {
    writer.rawBytes(hex('010203'));
    const at = writer.length;
    write(writer);
    restoreUnknownFields(writer, at, unknown);
  });
  return packr.unpack(bytes.subarray(3));
}

function writeOne(writer: Writer): void {
  writer.arrayHeader(1);
  writer.string('one');
}

it('unknown fields stand at their ids again', () => {
  expect(restored(fields([3, '05'], [2, 'a162']))).toEqual(['one', 'b', 5]);
  expect(restored(fields([4, '05']))).toEqual(['one', null, null, 5]);
});

it('a struct that becomes sparse takes the form of a map, and one that fills up that of an array', () => {
  expect(restored(fields([500, '05']))).toEqual(
    new Map<number, unknown>([
      [1, 'one'],
      [500, 5],
    ]),
  );
  const writeKeyed = (writer: Writer) => {
    writer.mapHeader(1);
    writer.u16(12);
    writer.nil();
  };
  expect(restored(fields([1, '01'], [2, '02']), writeKeyed)).toEqual([1, 2]);
});

it('of a field that both know, the written one stands', () => {
  expect(restored(fields([1, '05']))).toEqual(['one']);
});

it('sparse is: the highest id is above twice the fields and eight', () => {
  expect(isSparse(10, 1)).toBe(false);
  expect(isSparse(11, 1)).toBe(true);
});

it('a copy by spreading keeps the unknown fields', () => {
  const value: { id: number } & Extensible = { id: 1 };
  const kept = keepUnknownField(new Reader().reset(hex('05')), 7, undefined);
  attachUnknownFields(value, keepUnknownField(new Reader().reset(hex('a161')), 9, kept));
  expect({ ...value }[unknownFields]).toEqual(fields([7, '05'], [9, 'a161']));
});
