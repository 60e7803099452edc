import { isSparse, unknownFields } from '@convoke/runtime/codegen';
import { describe, expect, it } from 'vitest';
import { decode, encode, packr } from './codec-support.js';
import { emitCodec } from './compile-case.js';
import * as newer from './golden/evolution/newer/index.js';
import * as older from './golden/evolution/older/index.js';
import * as sparse from './golden/evolution/sparse/index.js';
import * as types from './golden/types/types/index.js';

const ada: newer.Person = {
  name: 'Ada',
  age: 36,
  email: 'ada@example.org',
  tags: ['first'],
  kind: newer.Kind.savings,
  old: new Map([['x', 1]]),
};

describe('a struct that has grown', () => {
  it('is read by the older schema, and comes back whole', () => {
    const seen = decode(older.readPerson, encode(newer.writePerson, ada));
    expect(seen).toMatchObject({ name: 'Ada', age: 36 });
    const changed = { ...seen, age: 37 };
    expect(decode(newer.readPerson, encode(older.writePerson, changed))).toEqual({ ...ada, age: 37 });
  });

  it('is the same bytes again when nothing was changed', () => {
    const bytes = encode(newer.writePerson, ada);
    expect(encode(older.writePerson, decode(older.readPerson, bytes))).toEqual(bytes);
  });

  it('keeps its fields inside other structs too', () => {
    const holder: newer.Holder = { person: ada, people: [ada, ada] };
    const back = encode(older.writeHolder, decode(older.readHolder, encode(newer.writeHolder, holder)));
    expect(decode(newer.readHolder, back)).toEqual(holder);
  });

  it('is filled up from the older schema', () => {
    const bytes = encode(older.writePerson, { name: 'Ada', age: 36 });
    const expected: newer.Person = { name: 'Ada', age: 36, tags: ['none'], kind: null, old: new Map() };
    expect(decode(newer.readPerson, bytes)).toEqual(expected);
  });

  it('shows no unknown fields where there are none', () => {
    const seen = decode(older.readPerson, encode(older.writePerson, { name: 'Ada', age: 36 }));
    expect(unknownFields in seen).toBe(false);
  });
});

describe('the forms of a struct', () => {
  it('a sparse one is a map without what is absent', () => {
    expect(packr.unpack(encode(types.writeSparse, { first: 'x', middle: 5 }))).toEqual(
      new Map<number, unknown>([
        [1, 'x'],
        [40, 5],
      ]),
    );
    expect(packr.unpack(encode(types.writeSparse, { first: 'x' }))).toEqual(new Map([[1, 'x']]));
  });

  it('readers take both', () => {
    const value: types.Sparse = { first: 'x', middle: 5 };
    const array: unknown[] = Array(40).fill(null);
    array[0] = 'x';
    array[39] = 5;
    expect(decode(types.readSparse, packr.pack(array))).toEqual(value);
    expect(
      decode(
        types.readSparse,
        packr.pack(
          new Map<number, unknown>([
            [1, 'x'],
            [40, 5],
          ]),
        ),
      ),
    ).toEqual(value);
    expect(
      decode(
        older.readPerson,
        packr.pack(
          new Map<number, unknown>([
            [1, 'Ada'],
            [2, 36],
          ]),
        ),
      ),
    ).toEqual({ name: 'Ada', age: 36 });
  });

  it('a dense one grows into a sparse one, and back', () => {
    const value: sparse.Person = { name: 'Ada', age: 36, note: 'x', money: 1n << 60n };
    const bytes = encode(sparse.writePerson, value);
    const seen = decode(older.readPerson, bytes);
    expect(seen).toMatchObject({ name: 'Ada', age: 36 });
    expect(encode(older.writePerson, seen)).toEqual(bytes);
    const { note: _, money: __, ...rest } = value;
    expect(decode(older.readPerson, encode(sparse.writePerson, rest))).toEqual({ name: 'Ada', age: 36 });
    expect(decode(sparse.readPerson, encode(older.writePerson, { name: 'Ada', age: 36 }))).toEqual(rest);
  });
});

it('an unknown arm of a union comes back', () => {
  const event: newer.Event = { kind: 'closed', value: ada };
  const seen = decode(older.readEvent, encode(newer.writeEvent, event));
  expect(seen).toMatchObject({ kind: '$unknown', id: 2 });
  expect(decode(newer.readEvent, encode(older.writeEvent, seen))).toEqual(event);
});

it('an error is marshalled as a struct is', () => {
  const seen = decode(older.readRefused, encode(newer.writeRefused, { reason: 'x', code: 5 }));
  expect(decode(newer.readRefused, encode(older.writeRefused, seen))).toEqual({ reason: 'x', code: 5 });
});

describe('parameters', () => {
  const { greet: olderGreet } = older.officeProcedures;
  const { greet: newerGreet } = newer.officeProcedures;

  it('of an older caller are filled up', () => {
    expect(decode(newerGreet.readArguments, encode(olderGreet.writeArguments, ['Ada']))).toEqual([
      'Ada',
      undefined,
      2,
    ]);
  });

  it('of a newer caller are passed over', () => {
    expect(decode(olderGreet.readArguments, encode(newerGreet.writeArguments, ['Ada', 'Lady', 3]))).toEqual([
      'Ada',
    ]);
  });

  it('that are required are named when they are missing', () => {
    expect(() => decode(olderGreet.readArguments, packr.pack([]))).toThrow('test.older.Office.greet.name');
  });
});

it('the compiler and the runtime agree on what is sparse', () => {
  for (const fields of [1, 2, 5]) {
    for (let highest = 2 * fields + 6; highest < 2 * fields + 11; highest++) {
      const others = Array.from({ length: fields - 1 }, (_, index) => `@${index + 1} f${index}: u8;`);
      const codec = emitCodec(`module m; struct S { ${others.join(' ')} @${highest} last: u8; }`);
      expect(codec.includes('writer.mapHeader'), `${fields} fields up to ${highest}`).toBe(
        isSparse(highest, fields),
      );
    }
  }
});
