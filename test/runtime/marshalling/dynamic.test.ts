import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import {
  decodeDynamic,
  decodeMetadata,
  encodeDynamic,
  encodeMetadata,
} from '../../../runtime/src/marshalling/dynamic.js';
import { MarshalError } from '../../../runtime/src/marshalling/errors.js';
import type { Metadata } from '../../../runtime/src/schema/description.js';
import { hex, packr } from './support.js';

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,20}$/);
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true }).map(number => (Object.is(number, -0) ? 0 : number)),
  fc.boolean(),
  fc.uint8Array(),
);

describe('metadata', () => {
  it('comes back', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 20 }), metadata => {
        const back = decodeMetadata(encodeMetadata(metadata));
        expect(Object.entries(back).map(([key, item]) => [key, plain(item)])).toEqual(
          Object.entries(metadata),
        );
      }),
    );
  });

  it('is an object on which nothing is inherited', () => {
    const back = decodeMetadata(encodeMetadata({ constructor: 'x' } as unknown as Metadata));
    expect(Object.getPrototypeOf(back)).toBeNull();
    expect(back.constructor).toBe('x');
    expect(back.toString).toBeUndefined();
  });

  const refused: [string, unknown][] = [
    ['a name that begins with a digit', { '1a': 1 }],
    ['an empty name', { '': 1 }],
    ['__proto__', JSON.parse('{"__proto__": 1}')],
    ['a name of 129 characters', { ['a'.repeat(129)]: 1 }],
    ['null', { a: null }],
    ['an object', { a: {} }],
    ['a bigint', { a: 1n << 60n }],
    ['65 entries', Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, i]))],
    ['more than 8 KiB', { a: 'x'.repeat(8192) }],
  ];
  it.each(refused)('%s is refused by who writes and by who reads', (_, metadata) => {
    expect(() => encodeMetadata(metadata as Metadata)).toThrow(MarshalError);
    expect(() => decodeMetadata(packr.pack(new Map(Object.entries(metadata as object))))).toThrow(
      MarshalError,
    );
  });

  it('that is not a map is refused', () => {
    expect(() => decodeMetadata(hex('90'))).toThrow('metadata is not a map');
  });
});

describe('dynamic values', () => {
  it('come back; objects as maps', () => {
    const date = new Date('2024-05-05');
    expect(decodeDynamic(encodeDynamic({ a: [1, 'x', null, true, date], b: 1n << 60n }))).toEqual(
      new Map<string, unknown>([
        ['a', [1, 'x', null, true, date]],
        ['b', 1n << 60n],
      ]),
    );
  });

  it.each([new Error('x'), Symbol('x'), 1n << 70n])('%s cannot be said', odd => {
    expect(() => encodeDynamic({ odd })).toThrow(MarshalError);
  });

  it('of msgpackr’s own dialect are refused', () => {
    const dialect = [
      new Packr({ useRecords: true }).pack({ a: 1 }),
      new Packr({ moreTypes: true, structuredClone: true }).pack(new Set([1])),
      new Packr({ bundleStrings: true, useRecords: false }).pack([
        'some string',
        'another string',
        'third one',
      ]),
      hex('d46900'),
      hex('c1'),
    ];
    for (const bytes of dialect) expect(() => decodeDynamic(bytes)).toThrow(MarshalError);
  });

  it('end where their bytes end', () => {
    expect(() => decodeDynamic(hex('0101'))).toThrow('the value ends before its bytes do');
    expect(() => decodeDynamic(hex(''))).toThrow(MarshalError);
  });

  it('nest only so deep', () => {
    expect(() => decodeDynamic(Buffer.concat([Buffer.alloc(10_000, 0x91), hex('c0')]))).toThrow(
      'nests deeper',
    );
  });

  it('whatever the bytes are, are a value or a MarshalError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        try {
          decodeDynamic(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MarshalError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function plain(item: unknown): unknown {
  return item instanceof Uint8Array ? new Uint8Array(item) : item;
}
