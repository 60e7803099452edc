import { MarshalError } from '@convoke/runtime/codegen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode, packr } from './codec-support.js';
import * as types from './golden/types/types/index.js';
import * as words from './golden/words/words/index.js';

const { Kind, Side } = types;

const id = fc.stringMatching(/^[a-z/]{1,20}$/);
const money: fc.Arbitrary<types.Money> = fc.record({
  units: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  currency: fc.string(),
});
const setOf = <T>(element: fc.Arbitrary<T>) =>
  fc.uniqueArray(element, { maxLength: 4 }).map(values => new Set(values));
const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>) =>
  fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([first]) => first })
    .map(entries => new Map(entries));
const double = fc.double({ noNaN: true }).map(value => (Object.is(value, -0) ? 0 : value));
const integer = (min: number, max: number) => fc.integer({ min, max });
const kind = fc.oneof(fc.constantFrom(Kind.current, Kind.savings), integer(0, 65_535));
const shape: fc.Arbitrary<types.Shape> = fc.oneof(
  double.map(value => ({ kind: 'circle' as const, value })),
  fc.array(money, { maxLength: 3 }).map(value => ({ kind: 'polygon' as const, value })),
  fc.option(fc.string()).map(value => ({ kind: 'nothing' as const, value })),
);

const everything: fc.Arbitrary<types.Everything> = fc.record({
  flag: fc.boolean(),
  tiny: integer(-0x80, 0x7f),
  small: integer(-0x8000, 0x7fff),
  middle: integer(-0x8000_0000, 0x7fff_ffff),
  large: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  byte: integer(0, 0xff),
  short: integer(0, 0xffff),
  word: integer(0, 0xffff_ffff),
  long: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  single: fc.float({ noNaN: true }).map(value => (Object.is(value, -0) ? 0 : value)),
  double,
  text: fc.string({ unit: 'grapheme' }),
  blob: fc.uint8Array(),
  time: fc.date({ noInvalidDate: true }),
  span: integer(0, 1e9),
  key: fc.uuid(),
  id,
  kind,
  side: fc.constantFrom(Side.buy, Side.sell),
  strings: fc.array(fc.string(), { maxLength: 5 }),
  numbers: setOf(integer(0, 0xffff_ffff)),
  sizes: mapOf(fc.string(), double),
  deep: mapOf(fc.uuid(), fc.array(mapOf(kind, setOf(id)), { maxLength: 3 })),
  gaps: fc.array(fc.option(money), { maxLength: 3 }),
  note: fc.option(fc.string()),
  inline: fc.option(integer(-5, 5)),
  tags: fc.array(fc.string(), { maxLength: 3 }),
  shape,
});

describe('a struct of all types', () => {
  it('comes back', () => {
    fc.assert(
      fc.property(everything, value => {
        expect(decode(types.readEverything, encode(types.writeEverything, value))).toEqual(value);
      }),
    );
  });

  it('is to msgpackr an array in the order of the ids', () => {
    fc.assert(
      fc.property(everything, value => {
        const seen = packr.unpack(encode(types.writeEverything, value)) as unknown[];
        expect(seen).toHaveLength(28);
        expect([seen[0], seen[1], seen[11], seen[13]]).toEqual([
          value.flag,
          value.tiny,
          value.text,
          value.time,
        ]);
        expect(seen[19]).toEqual(value.strings);
        expect(seen[20]).toEqual([...value.numbers]);
        expect(seen[21]).toEqual(value.sizes);
        expect(seen[24]).toBe(value.note);
      }),
    );
  });

  const [sample] = fc.sample(everything, { numRuns: 1, seed: 7 }) as [types.Everything];
  const bytes = encode(types.writeEverything, sample);

  it('cut short anywhere is a MarshalError', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(types.readEverything, bytes.subarray(0, length))).toThrow(MarshalError);
    }
  });

  it('with any one bit flipped is a value or a MarshalError', () => {
    let refused = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const reader = () => decode(types.readEverything, flipped);
      try {
        reader();
      } catch (error) {
        if (!(error instanceof MarshalError) && !/bytes were not read/.test(String(error))) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('a value of a wrong type or out of range is refused before it is sent', () => {
    const wrong: Partial<Record<keyof types.Everything, unknown>> = {
      flag: 'yes',
      tiny: 128,
      byte: -1,
      word: 1.5,
      long: 5,
      large: 1n << 63n,
      text: undefined,
      blob: 'x',
      time: new Date(Number.NaN),
      key: 'no uuid',
      kind: 70_000,
    };
    for (const [name, value] of Object.entries(wrong)) {
      const broken = { ...sample, [name]: value } as types.Everything;
      expect(() => encode(types.writeEverything, broken), name).toThrow(MarshalError);
    }
  });
});

describe('required fields', () => {
  it('that are missing are named', () => {
    expect(() => decode(types.readMoney, packr.pack([5n]))).toThrow(
      'test.types.Money.currency: the required field is missing',
    );
    expect(() => decode(types.readMoney, packr.pack([null, 'EUR']))).toThrow('test.types.Money.units');
  });
});

const rules = (...values: unknown[]) =>
  decode(types.readRules, packr.pack(['name', new Uint8Array(1), ...values]));

describe('defaults', () => {
  it('take the place of what is absent, nil or cut off', () => {
    const filled: Partial<types.Rules> = {
      ratio: 0.5,
      big: 5n,
      list: [1, 2],
      set: new Set(['a']),
      map: new Map([['a', 1]]),
      kind: Kind.savings,
      limit: types.MaxNotes,
      wait: 2000,
      code: 'EUR',
      percentage: 50,
      at: new Date('2024-05-05T00:00:00Z'),
      flags: [],
    };
    expect(rules()).toEqual({ name: 'name', blob: new Uint8Array(1), ...filled });
    expect(rules(...Array<null>(13).fill(null))).toEqual(rules());
    expect(rules().list).not.toBe(rules().list);
  });

  it('are left to the reader by a writer that has no value', () => {
    const { name, blob } = rules();
    expect(decode(types.readRules, encode(types.writeRules, { name, blob } as types.Rules))).toEqual(rules());
  });
});

describe('constraints', () => {
  const broken: [string, unknown[], string][] = [
    ['range of f64', [1.5], 'test.types.Rules.ratio: the value is 1.5, which is not in range(0..1)'],
    ['range of i64', [0, 6n], 'test.types.Rules.big: the value is 6, which is not in range(-5..5)'],
    [
      'count',
      [0, 0n, [1, 2, 3, 4]],
      'test.types.Rules.list: the value has 4 elements, which is not in count(..3)',
    ],
    ['count of a set', [0, 0n, [], []], 'test.types.Rules.set: the value has 0 elements'],
    ['pattern', [...Array<null>(8).fill(null), 'euro'], 'test.types.Rules.code: the value of 4 code points'],
    ['of an alias', [...Array<null>(9).fill(null), 'A'], 'test.types.Rules.id: the value of 1 code points'],
    [
      'of a field over that of its alias',
      [...Array<null>(9).fill(null), 'a'],
      'test.types.Rules.id: the value has 1',
    ],
    [
      'range of an alias',
      [...Array<null>(10).fill(null), 101],
      'test.types.Rules.percentage: the value is 101',
    ],
  ];
  it.each(broken)('%s', (_, values, message) => {
    expect(() => rules(...values)).toThrow(message);
  });

  it('length of a string and of bytes', () => {
    expect(() => decode(types.readRules, packr.pack(['', new Uint8Array(1)]))).toThrow(
      'test.types.Rules.name: the value has 0',
    );
    expect(() => decode(types.readRules, packr.pack(['x', new Uint8Array(17)]))).toThrow('has 17 bytes');
  });

  it('are not checked where a value leaves the process', () => {
    expect(encode(types.writeMoney, { units: 1n, currency: '' }).length).toBeGreaterThan(0);
    expect(encode(types.writeRules, { ...rules(), name: 'far too long a name' }).length).toBeGreaterThan(0);
  });
});

describe('enums', () => {
  it('an open one keeps numbers that it does not know, a closed one refuses them', () => {
    const value = rules();
    expect(decode(types.readRules, encode(types.writeRules, { ...value, kind: 77 })).kind).toBe(77);
    expect(decode(types.readSide, packr.pack(2))).toBe(Side.sell);
    expect(() => decode(types.readSide, packr.pack(3))).toThrow(
      'test.types.Side: 3 is no member of this closed enum',
    );
  });
});

describe('unions', () => {
  it('are an array of id and value', () => {
    expect(packr.unpack(encode(types.writeShape, { kind: 'circle', value: 1.5 }))).toEqual([1, 1.5]);
    expect(decode(types.readShape, packr.pack([3, null]))).toEqual({ kind: 'nothing', value: null });
  });

  it('keep an unknown arm and write it back', () => {
    const bytes = packr.pack([9, { a: [1, 2] }]);
    const value = decode(types.readShape, bytes);
    expect(value).toMatchObject({ kind: '$unknown', id: 9 });
    expect(encode(types.writeShape, value)).toEqual(bytes);
  });

  it('refuse a kind that is none', () => {
    const value = { kind: 'cube', value: 1 } as unknown as types.Shape;
    expect(() => encode(types.writeShape, value)).toThrow("test.types.Shape: 'cube' is no arm of this union");
  });
});

describe('sets and maps', () => {
  const read = (at: number, value: unknown) => {
    const fields = packr.unpack(encode(types.writeRules, rules())) as unknown[];
    fields[at] = value;
    return () => decode(types.readRules, packr.pack(fields));
  };

  it('refuse what arrives twice', () => {
    expect(read(5, ['a', 'a'])).toThrow('arrived twice');
    expect(read(5, ['a', 'b'])().set).toEqual(new Set(['a', 'b']));
    const bytes = encode(types.writeRules, {
      ...rules(),
      map: new Map([
        ['a', 1],
        ['b', 1],
      ]),
    });
    const twice = Buffer.from(bytes);
    twice[twice.indexOf('b')] = 'a'.charCodeAt(0);
    expect(() => decode(types.readRules, twice)).toThrow('arrived twice');
  });
});

describe('a type that contains itself', () => {
  const tree = (depth: number): types.Tree =>
    depth === 0 ? { label: '', children: [] } : { label: '', children: [tree(depth - 1)] };
  const sum = (depth: number): types.Expression =>
    depth === 0 ? { kind: 'literal', value: 1 } : { kind: 'sum', value: [sum(depth - 1)] };

  it('comes back as deep as is allowed', () => {
    expect(decode(types.readTree, encode(types.writeTree, tree(127)))).toEqual(tree(127));
    expect(decode(types.readExpression, encode(types.writeExpression, sum(127)))).toEqual(sum(127));
  });

  it('is refused when it is deeper, written and read', () => {
    const cyclic = tree(1);
    cyclic.children = [cyclic];
    for (const value of [tree(128), tree(1000), cyclic]) {
      expect(() => encode(types.writeTree, value)).toThrow(MarshalError);
    }
    const packed = (depth: number): unknown[] => (depth === 0 ? ['', []] : ['', [packed(depth - 1)]]);
    expect(() => decode(types.readTree, packr.pack(packed(128)))).toThrow(MarshalError);
    expect(() => encode(types.writeExpression, sum(128))).toThrow(MarshalError);
  });
});

describe('names that objects inherit', () => {
  it('are fields like others', () => {
    const absent = { toString: 'x' } as words.Inherited;
    expect(packr.unpack(encode(words.writeInherited, absent))).toEqual([null, 'x', null, null]);
    const read = decode(words.readInherited, packr.pack([null, 'x']));
    expect(Object.keys(read)).toEqual(['toString']);
    const full = { constructor: 'c', toString: 'x', valueOf: 1, hasOwnProperty: true };
    expect(decode(words.readInherited, encode(words.writeInherited, full))).toEqual(full);
    const sparse = { a: 1 } as words.SparseInherited;
    expect(packr.unpack(encode(words.writeSparseInherited, sparse))).toEqual(new Map([[1, 1]]));
  });
});
