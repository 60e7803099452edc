import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarshalError } from '../../../runtime/src/marshalling/errors.js';
import { Reader } from '../../../runtime/src/marshalling/reader.js';
import type { Writer } from '../../../runtime/src/marshalling/writer.js';
import { hex, packr, read, written } from './support.js';

interface TypeCase<T> {
  readonly write: (writer: Writer, value: T) => void;
  readonly read: (reader: Reader) => T;
  readonly values: fc.Arbitrary<T>;
}

const typeCase = <T>(testCase: TypeCase<T>) => testCase as TypeCase<unknown>;

const integers = (name: 'i8' | 'i16' | 'i32' | 'u8' | 'u16' | 'u32', min: number, max: number) =>
  typeCase<number>({
    write: (writer, value) => writer[name](value),
    read: reader => reader[name](),
    values: fc.oneof(
      fc.integer({ min, max }),
      fc.integer({ min: Math.max(min, -40), max: Math.min(max, 300) }),
    ),
  });

const types: Readonly<Record<string, TypeCase<unknown>>> = {
  bool: typeCase({ write: (w, v) => w.bool(v), read: r => r.bool(), values: fc.boolean() }),
  i8: integers('i8', -0x80, 0x7f),
  i16: integers('i16', -0x8000, 0x7fff),
  i32: integers('i32', -0x8000_0000, 0x7fff_ffff),
  u8: integers('u8', 0, 0xff),
  u16: integers('u16', 0, 0xffff),
  u32: integers('u32', 0, 0xffff_ffff),
  f32: typeCase({
    write: (w, v) => w.f32(v),
    read: r => r.f32(),
    values: fc.float().map(value => (Object.is(value, -0) ? 0 : value)),
  }),
  f64: typeCase({
    write: (w, v) => w.f64(v),
    read: r => r.f64(),
    // msgpackr writes integers in the formats of integers, which have no negative zero
    values: fc.double().map(value => (Object.is(value, -0) ? 0 : value)),
  }),
  string: typeCase({
    write: (w, v) => w.string(v),
    read: r => r.string(),
    values: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', size: 'large' }),
    ),
  }),
  bytes: typeCase<Uint8Array>({
    write: (w, v) => w.bytes(v),
    read: r => r.bytes(),
    values: fc.uint8Array({ size: 'large' }),
  }),
  timestamp: typeCase({
    write: (w, v) => w.timestamp(v),
    read: r => r.timestamp(),
    values: fc.date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2500-01-01') }),
  }),
};

describe.each(Object.entries(types))('%s', (_, { write, read: take, values }) => {
  it('is read by msgpackr as it was written', () => {
    fc.assert(
      fc.property(values, value => {
        const seen: unknown = packr.unpack(written(writer => write(writer, value)));
        expect(seen instanceof Buffer ? new Uint8Array(seen) : seen).toEqual(value);
      }),
    );
  });

  it('is read as msgpackr wrote it', () => {
    fc.assert(
      fc.property(values, value => {
        expect(read(packr.pack(value), take)).toEqual(value);
      }),
    );
  });

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(values, value => {
        expect(
          read(
            written(writer => write(writer, value)),
            take,
          ),
        ).toEqual(value);
      }),
    );
  });
});

describe('64-bit integers', () => {
  it.each(['i64', 'u64'] as const)('%s comes back, and msgpackr reads the same number', name => {
    const values =
      name === 'i64'
        ? fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
        : fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(values, value => {
        const bytes = written(writer => writer[name](value));
        expect(read(bytes, reader => reader[name]())).toBe(value);
        expect(BigInt(packr.unpack(bytes) as number | bigint)).toBe(value);
        expect(read(packr.pack(value), reader => reader[name]())).toBe(value);
      }),
    );
  });

  const boundaries: [bigint, number][] = [
    [0n, 1],
    [0x7fn, 1],
    [0x80n, 2],
    [0xffn, 2],
    [0x100n, 3],
    [0xffffn, 3],
    [0x1_0000n, 5],
    [0xffff_ffffn, 5],
    [0x1_0000_0000n, 9],
    [(1n << 63n) - 1n, 9],
    [-1n, 1],
    [-0x20n, 1],
    [-0x21n, 2],
    [-0x80n, 2],
    [-0x81n, 3],
    [-0x8000n, 3],
    [-0x8001n, 5],
    [-0x8000_0000n, 5],
    [-0x8000_0001n, 9],
    [-(1n << 63n), 9],
  ];
  it.each(boundaries)('%s takes %s bytes', (value, size) => {
    const bytes = written(writer => writer.i64(value));
    expect(bytes).toHaveLength(size);
    expect(read(bytes, reader => reader.i64())).toBe(value);
  });
});

describe('what does not fit', () => {
  const ranges = [
    ['i8', -0x80, 0x7f],
    ['i16', -0x8000, 0x7fff],
    ['i32', -0x8000_0000, 0x7fff_ffff],
    ['u8', 0, 0xff],
    ['u16', 0, 0xffff],
    ['u32', 0, 0xffff_ffff],
  ] as const;
  it.each(ranges)('%s takes its bounds and nothing beyond them, writing and reading', (name, min, max) => {
    for (const value of [min, max]) {
      expect(
        read(
          written(writer => writer[name](value)),
          reader => reader[name](),
        ),
      ).toBe(value);
    }
    for (const value of [min - 1, max + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => written(writer => writer[name](value))).toThrow(MarshalError);
    }
    for (const value of [BigInt(min) - 1n, BigInt(max) + 1n]) {
      const bytes = written(writer => writer.i64(value));
      expect(() => read(bytes, reader => reader[name]())).toThrow(`${value} does not fit ${name}`);
    }
  });

  it('64-bit integers refuse what is out of range', () => {
    expect(() => written(w => w.i64(1n << 63n))).toThrow(MarshalError);
    expect(() => written(w => w.i64(-(1n << 63n) - 1n))).toThrow(MarshalError);
    expect(() => written(w => w.u64(1n << 64n))).toThrow(MarshalError);
    expect(() => written(w => w.u64(-1n))).toThrow('-1n does not fit u64');
    expect(() => read(hex('cf ffffffffffffffff'), r => r.i64())).toThrow(MarshalError);
    expect(() => read(hex('d3 ffffffffffffffff'), r => r.u64())).toThrow(MarshalError);
  });

  it.each([
    'cc05',
    'cd0005',
    'ce00000005',
    'cf0000000000000005',
    'd005',
    'd10005',
    'd200000005',
    'd30000000000000005',
  ])('an integer may come in any width: %s', bytes => {
    for (const name of ['i8', 'u8', 'u32', 'i32'] as const) expect(read(hex(bytes), r => r[name]())).toBe(5);
    expect(read(hex(bytes), r => r.u64())).toBe(5n);
    expect(read(hex(bytes), r => r.f64())).toBe(5);
    expect(read(hex(bytes), r => r.duration())).toBe(5);
  });

  const wrong: [string, (writer: Writer) => void][] = [
    ['a string for a number', w => w.u8('7' as unknown as number)],
    ['a number for a bigint', w => w.u64(7 as unknown as bigint)],
    ['nothing for a string', w => w.string(undefined as unknown as string)],
    ['a number for a bool', w => w.bool(1 as unknown as boolean)],
    ['an array for bytes', w => w.bytes([1] as unknown as Uint8Array)],
    ['an invalid date', w => w.timestamp(new Date(Number.NaN))],
    ['a number for a date', w => w.timestamp(5 as unknown as Date)],
    ['an infinite duration', w => w.duration(Number.POSITIVE_INFINITY)],
    ['a double that is no f32', w => w.f32(1e300)],
    ['a uuid without hyphens', w => w.uuid('0123456789abcdef0123456789abcdef0123')],
    ['a uuid with a letter too far', w => w.uuid('0123456g-89ab-cdef-0123-456789abcdef')],
  ];
  it.each(wrong)('%s is refused', (_, write) => {
    expect(() => written(write)).toThrow(MarshalError);
  });

  it('a wrong type is named with its offset', () => {
    const bytes = written(w => {
      w.arrayHeader(1);
      w.string('x');
    });
    const readNumber = (reader: Reader) => reader.arrayHeader() && reader.u8();
    expect(() => read(bytes, readNumber)).toThrow('expected u8, found string (at byte 1)');
  });
});

describe('strings', () => {
  it.each([0, 19, 20, 31, 32, 85, 86, 255, 256, 65_535, 65_536, 70_000])('of %s characters', length => {
    for (const letter of ['a', 'ü', '€', '😀']) {
      const text = letter.repeat(length);
      const bytes = written(writer => writer.string(text));
      expect(packr.unpack(bytes)).toBe(text);
      expect(read(bytes, reader => reader.string())).toBe(text);
    }
  });

  it('lone surrogates become U+FFFD', () => {
    for (const text of ['a\ud800', `\udc00${'x'.repeat(40)}`]) {
      const bytes = written(writer => writer.string(text));
      expect(read(bytes, reader => reader.string())).toBe(Buffer.from(text).toString());
    }
  });

  it('U+FFFD itself is a character like others', () => {
    expect(
      read(
        written(w => w.string('\ufffd')),
        r => r.string(),
      ),
    ).toBe('\ufffd');
  });

  it.each(['a1ff', 'a2c328', 'a3eda080', 'd902c0af', 'ad616161616161616161616161ff'])(
    'bytes that are not UTF-8 are refused: %s',
    bytes => {
      expect(() => read(hex(bytes), reader => reader.string())).toThrow('not valid UTF-8');
    },
  );
});

describe('bytes', () => {
  it('are a copy while short, and a view from 512 on', () => {
    for (const [length, isView] of [
      [511, false],
      [512, true],
    ] as const) {
      const message = written(writer => writer.bytes(new Uint8Array(length)));
      const reader = new Reader().reset(message);
      const value = reader.bytes();
      message.fill(1);
      expect(value[0]).toBe(isView ? 1 : 0);
    }
  });

  it('are a plain Uint8Array either way', () => {
    for (const length of [3, 600]) {
      const value = read(
        written(w => w.bytes(Buffer.alloc(length))),
        r => r.bytes(),
      );
      expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
    }
  });
});

describe('timestamps', () => {
  it.each([
    ['1970-01-01T00:00:00.000Z', 6],
    ['2106-02-07T06:28:15.000Z', 6],
    ['2024-05-05T00:00:00.001Z', 10],
    ['2514-05-30T01:53:03.999Z', 10],
    ['2514-05-30T01:53:04.000Z', 15],
    ['1969-12-31T23:59:59.999Z', 15],
    ['-271821-04-20T00:00:00.000Z', 15],
    ['+275760-09-13T00:00:00.000Z', 15],
  ])('%s takes %s bytes and comes back', (text, size) => {
    const date = new Date(text);
    const bytes = written(writer => writer.timestamp(date));
    expect(bytes).toHaveLength(size);
    expect(read(bytes, reader => reader.timestamp())).toEqual(date);
    expect(packr.unpack(bytes)).toEqual(date);
  });

  it.each([
    ['more nanoseconds than a second has', 'd7ff ffffffff 00000000'],
    ['a time that no Date can hold', 'c70cff 00000000 7fffffffffffffff'],
    ['another extension', 'd601 00000000'],
    ['a timestamp of five bytes', 'c705ff 0000000000'],
  ])('%s is refused', (_, bytes) => {
    expect(() => read(hex(bytes), reader => reader.timestamp())).toThrow(MarshalError);
  });
});

describe('uuids', () => {
  it('come back in lower case, as 16 bytes', () => {
    fc.assert(
      fc.property(fc.uuid(), value => {
        const bytes = written(writer => writer.uuid(value.toUpperCase()));
        expect(bytes).toHaveLength(18);
        expect(read(bytes, reader => reader.uuid())).toBe(value);
      }),
    );
  });

  it('of another length are refused', () => {
    expect(() => read(hex('c40100'), reader => reader.uuid())).toThrow('1 bytes are not a uuid');
  });
});

describe('durations', () => {
  it('come back, with fractions too', () => {
    const values = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(values, value => {
        expect(
          read(
            written(w => w.duration(value)),
            r => r.duration(),
          ),
        ).toBe(Object.is(value, -0) ? 0 : value);
      }),
    );
  });

  it.each(['cb7ff0000000000000', 'cb7ff8000000000000'])('that are not finite are refused: %s', bytes => {
    expect(() => read(hex(bytes), reader => reader.duration())).toThrow(MarshalError);
  });
});
