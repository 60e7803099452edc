import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarshalError } from '../../../runtime/src/marshalling/errors.js';
import { maxDepth, maxUnknownDepth } from '../../../runtime/src/marshalling/limits.js';
import { Reader } from '../../../runtime/src/marshalling/reader.js';
import { hex, packr, read } from './support.js';

const anything = fc.anything({
  withDate: true,
  withBigInt: true,
  withMap: false,
  withSet: false,
  withTypedArray: false,
  maxDepth: 4,
});

describe('skip', () => {
  it('passes over exactly one value of whatever type', () => {
    fc.assert(
      fc.property(anything, value => {
        let bytes: Buffer;
        try {
          bytes = packr.pack(value);
        } catch {
          return; // a bigint of more than 64 bits
        }
        expect(read(bytes, reader => reader.rawValue())).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it.each([
    'c403010203',
    'c50003010203',
    'c600000003010203',
    'c703ff010203',
    'c80003ff010203',
    'c900000003ff010203',
    'd40501',
    'd5050102',
    'd60501020304',
    'd7050102030405060708',
    'd805000102030405060708090a0b0c0d0e0f',
    'dd00000001c0',
    'df00000001c0c0',
  ])('knows the format of %s', bytes => {
    expect(read(hex(bytes), reader => reader.rawValue())).toEqual(new Uint8Array(hex(bytes)));
  });

  it('takes values nested as deep as is allowed, and refuses 10,000 levels', () => {
    const nested = (levels: number) => Buffer.concat([Buffer.alloc(levels, 0x91), hex('c0')]);
    expect(read(nested(maxUnknownDepth), reader => reader.rawValue())).toHaveLength(maxUnknownDepth + 1);
    for (const levels of [maxUnknownDepth + 1, 10_000, 1_000_000]) {
      expect(() => read(nested(levels), reader => reader.skip())).toThrow('nests deeper than 1024 levels');
    }
  });

  it('refuses the byte that begins no value', () => {
    expect(() => read(hex('c1'), reader => reader.skip())).toThrow('unused byte 0xc1');
  });
});

describe('announced lengths', () => {
  it.each([
    ['arrayHeader', 'dd ffffffff c0'],
    ['arrayHeader', '93 c0c0'],
    ['mapHeader', 'df ffffffff c0'],
    ['mapHeader', '82 c0c0c0'],
    ['structHeader', 'dd 00010000 c0'],
    ['string', 'db ffffffff 61'],
    ['string', 'a3 6161'],
    ['bytes', 'c6 ffffffff 00'],
    ['skip', 'c9 ffffffff 05'],
    ['rawValue', '9f c0'],
  ] as const)('%s checks them against what is left: %s', (method, bytes) => {
    expect(() => read(hex(bytes), reader => reader[method]())).toThrow(/announced/);
  });

  it('are checked against the end, not the buffer', () => {
    const reader = new Reader().reset(hex('a3 616263'), 0, 3);
    expect(() => reader.string()).toThrow(MarshalError);
    expect(() => new Reader().reset(hex('05'), 0, 0).u8()).toThrow(MarshalError);
  });
});

describe('structs', () => {
  it('come as an array or as a map whose ids ascend', () => {
    const reader = new Reader();
    expect(reader.reset(hex('92 0102')).structHeader()).toBe(2);
    expect(reader.keyed).toBe(false);
    expect(reader.reset(hex('81 0102')).structHeader()).toBe(1);
    expect(reader.keyed).toBe(true);
    expect(reader.fieldId(0)).toBe(1);
  });

  it('have no id twice', () => {
    const reader = new Reader().reset(hex('82 0201 0202'));
    reader.structHeader();
    const first = reader.fieldId(0);
    reader.skip();
    expect(() => reader.fieldId(first)).toThrow('ids must ascend');
    expect(() => new Reader().reset(hex('00')).fieldId(0)).toThrow(MarshalError);
  });

  it('have at most 65535 fields', () => {
    const bytes = Buffer.concat([hex('dd 00010000'), Buffer.alloc(65_536, 0xc0)]);
    expect(() => read(bytes, reader => reader.structHeader())).toThrow('ids end at 65535');
  });
});

it('unions are arrays of two', () => {
  expect(() => read(hex('93 01c0c0'), reader => reader.unionHeader())).toThrow(MarshalError);
  expect(() => read(hex('92 a161 c0'), reader => reader.unionHeader())).toThrow(MarshalError);
});

it('a type that contains itself is bounded in depth, anew for each message', () => {
  const reader = new Reader();
  for (let message = 0; message < 2; message++) {
    reader.reset(hex('c0'));
    for (let level = 0; level < maxDepth; level++) reader.enter();
    expect(() => reader.enter()).toThrow(MarshalError);
  }
});

it('raw bytes are big-endian and bounded', () => {
  const reader = new Reader().reset(hex('01 0203 84050607 001fffffffffffff 0809 0a'));
  expect(reader.rawU8()).toBe(1);
  expect(reader.rawU16()).toBe(0x0203);
  expect(reader.rawU32()).toBe(0x84050607);
  expect(reader.rawU64()).toBe(2 ** 53 - 1);
  expect([...reader.rawBytes(2)]).toEqual([8, 9]);
  expect(() => reader.rawU16()).toThrow(MarshalError);
  expect(reader.rawU8()).toBe(0x0a);
  expect(() => new Reader().reset(hex('0020000000000000')).rawU64()).toThrow('above 2^53');
});

it('whatever the bytes are, every method ends, with a value or a MarshalError', () => {
  const methods = [
    ...([
      'bool',
      'i8',
      'i16',
      'i32',
      'i64',
      'u8',
      'u16',
      'u32',
      'u64',
      'f32',
      'f64',
      'string',
      'bytes',
    ] as const),
    ...([
      'timestamp',
      'duration',
      'uuid',
      'arrayHeader',
      'mapHeader',
      'structHeader',
      'unionHeader',
    ] as const),
    ...(['skip', 'rawValue', 'takeNil'] as const),
  ];
  const tagged = fc
    .tuple(fc.integer({ min: 0x80, max: 0xff }), fc.uint8Array({ maxLength: 20 }))
    .map(([tag, rest]) => Uint8Array.of(tag, ...rest));
  fc.assert(
    fc.property(fc.constantFrom(...methods), tagged, (method, bytes) => {
      const reader = new Reader().reset(Buffer.from(bytes));
      try {
        reader[method]();
        expect(reader.position).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(MarshalError);
      }
    }),
    { numRuns: 3000 },
  );
});
