import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldsFromJson, fromJson } from '../../../compiler/src/dynamic/json/from-json.js';
import { toJson } from '../../../compiler/src/dynamic/json/to-json.js';
import { readValue } from '../../../compiler/src/dynamic/read.js';
import { writeValue } from '../../../compiler/src/dynamic/write.js';
import type { TypeModel } from '../../../compiler/src/model/model.js';
import { decode, encode } from '../emit/codec-support.js';
import { valueIn } from './arbitrary.js';
import { find, modelOf, modelOfCase } from './models.js';

const schema = `module sample.v1;
enum Kind { @1 current; @2 savings; }
closed enum Side { @1 buy; @2 sell; }
type Id = string where length(1..8);
struct Money { @1 units: i64; @2 kind: Kind = Kind.current; @3 note?: string where length(..3); @4 title: string?; }
union Event { @1 opened: Money; @2 closed: timestamp; }
struct Types {
  @1 long: u64; @2 single: f32; @3 double: f64; @4 bytes: bytes; @5 time: timestamp; @6 wait: duration; @7 key: uuid;
  @8 kind: Kind; @9 side: Side; @10 byte: u8; @11 flag: bool; @12 id: Id; @13 money: Money; @14 event: Event;
  @15 texts: list<string>; @16 numbers: set<u32>; @17 byName: map<string, u8>; @18 byNumber: map<i64, u8>;
  @19 byKind: map<Kind, u8>; @20 byFlag: map<bool, u8>; @21 perhaps: list<u8?>;
}
interface I { @1 f(@1 amount: Money, @2 times: u8 = 2, @3 note?: string): void; }`;

const model = modelOf({ 'sample.idl': schema });
const types = find(model, 'struct', 'Types');
const typeOf = (name: string): TypeModel => types.fields.find(field => field.name === name)!.type;

describe('JSON', () => {
  const id = '123e4567-e89b-42d3-a456-426614174000';
  const forms: [name: string, json: unknown, value: unknown][] = [
    ['long', 5, 5n],
    ['long', '18446744073709551615', 18446744073709551615n],
    ['single', 0.1, 0.1],
    ['double', 'NaN', Number.NaN],
    ['double', '-Infinity', Number.NEGATIVE_INFINITY],
    ['bytes', 'AQL/', new Uint8Array([1, 2, 255])],
    ['time', '2026-01-31T12:00:00.000Z', new Date('2026-01-31T12:00:00Z')],
    ['wait', 1500, 1500],
    ['key', id, id],
    ['kind', 'savings', 2],
    ['kind', 77, 77],
    ['side', 'sell', 2],
    ['money', { units: 1, kind: 'savings', title: null }, { units: 1n, kind: 2, title: null }],
    ['event', { closed: '1970-01-01T00:00:00.000Z' }, { kind: 'closed', value: new Date(0) }],
    ['event', { $unknown: { id: 9, raw: 'wA==' } }, { kind: '$unknown', id: 9, raw: new Uint8Array([0xc0]) }],
    ['texts', ['a', ''], ['a', '']],
    ['numbers', [1, 2], new Set([1, 2])],
    ['byName', { a: 1, __proto__x: 2 }, new Map(Object.entries({ a: 1, __proto__x: 2 }))],
    [
      'byName',
      { 1: 1, true: 2 },
      new Map([
        ['1', 1],
        ['true', 2],
      ]),
    ],
    [
      'byNumber',
      { '-5': 1, '9007199254740993': 2 },
      new Map([
        [-5n, 1],
        [9007199254740993n, 2],
      ]),
    ],
    [
      'byKind',
      { savings: 1, '77': 2 },
      new Map([
        [2, 1],
        [77, 2],
      ]),
    ],
    [
      'byFlag',
      { true: 1, false: 2 },
      new Map([
        [true, 1],
        [false, 2],
      ]),
    ],
    ['perhaps', [1, null], [1, null]],
  ];

  it.each(forms)('of %s is %j, both ways', (name, json, value) => {
    expect(fromJson(typeOf(name), json)).toEqual(value);
    expect(JSON.parse(JSON.stringify(toJson(typeOf(name), value)))).toEqual(JSON.parse(JSON.stringify(json)));
  });

  const alternatives: [name: string, json: unknown, value: unknown][] = [
    ['long', '5', 5n],
    ['bytes', 'AQI', new Uint8Array([1, 2])],
    ['time', '2026-01-31', new Date('2026-01-31')],
    ['wait', '1.5s', 1500],
    ['kind', 2, 2],
    [
      'byNumber',
      [
        [5, 1],
        ['6', 2],
      ],
      new Map([
        [5n, 1],
        [6n, 2],
      ]),
    ],
    ['money', { units: 1 }, { units: 1n, title: null }],
    ['money', { units: 1, kind: null, note: null }, { units: 1n, title: null }],
  ];
  it.each(alternatives)('of %s may be %j too', (name, json, value) => {
    expect(fromJson(typeOf(name), json)).toEqual(value);
  });

  const wrong: [name: string, json: unknown, message: string][] = [
    ['byte', 256, '$: expected an integer from 0 to 255, found 256'],
    ['byte', 1.5, '$: expected an integer'],
    ['byte', '1', '$: expected an integer'],
    [
      'long',
      9007199254740992,
      '$: expected an integer from 0 to 18446744073709551615; beyond 2^53 as a string',
    ],
    ['long', -1, '$: expected an integer from 0'],
    ['flag', 1, '$: expected true or false, found 1'],
    ['double', 'many', '$: expected a number'],
    ['bytes', 'A', '$: expected bytes in base64, found "A"'],
    ['time', 'tomorrow', '$: expected a time such as'],
    ['time', '2026-02-30', '$: expected a time'],
    ['wait', '5', '$: expected milliseconds, or a duration such as "500ms", found "5"'],
    ['key', 'x', '$: expected a UUID'],
    ['kind', 'saving', "$: there is no 'saving'; did you mean 'savings'?"],
    ['side', 3, "$: expected a member of Side: 'buy', 'sell', found 3"],
    ['id', '', '$: the value has 0 code points'],
    ['money', { units: 1, kin: 'current' }, "$.kin: there is no 'kin'; did you mean 'kind'?"],
    ['money', { units: 1, note: 'long' }, '$.note: the value has 4 code points'],
    ['money', {}, '$.units: it is missing'],
    ['money', { units: null }, '$.units: expected an integer'],
    ['money', [], "$: expected an object with 'units', 'kind', 'note', 'title', found []"],
    ['event', { opened: { units: 'x' } }, '$.opened.units: expected'],
    ['event', { openned: 1 }, "$.openned: there is no 'openned'; did you mean 'opened'?"],
    ['event', {}, "$: expected an object with one arm of Event: 'opened', 'closed', found {}"],
    ['event', { opened: {}, closed: 0 }, '$: expected an object with one arm'],
    ['event', { $unknown: {} }, '$.$unknown: expected an object with id and raw'],
    ['texts', 'a', '$: expected an array, found "a"'],
    ['texts', ['a', 1], '$[1]: expected a string, found 1'],
    ['numbers', [1, 1], '$: a key or an element stands twice'],
    ['byName', { 'a b': 'x' }, '$["a b"]: expected an integer'],
    [
      'byName',
      [
        ['a', 1],
        ['a', 2],
      ],
      '$: a key or an element stands twice',
    ],
    ['byName', [['a']], '$[0]: expected a pair of key and value, found ["a"]'],
    ['byNumber', { x: 1 }, '$.x: expected an integer'],
    ['byFlag', { yes: 1 }, '$.yes: expected true or false'],
  ];
  it.each(wrong)('of %s is not %j', (name, json, message) => {
    expect(() => fromJson(typeOf(name), json)).toThrow(message);
  });

  it('of keys that objects inherit is as of others', () => {
    const json = JSON.parse('{"__proto__":1,"constructor":2}');
    const value = fromJson(typeOf('byName'), json);
    expect(value).toEqual(
      new Map([
        ['__proto__', 1],
        ['constructor', 2],
      ]),
    );
    expect(JSON.stringify(toJson(typeOf('byName'), value))).toBe('{"__proto__":1,"constructor":2}');
  });
});

describe('arguments', () => {
  const { parameters } = find(model, 'interface', 'I').procedures[0]!;

  it('are taken by their names', () => {
    expect(fieldsFromJson(parameters, { amount: { units: 1 } })).toEqual([
      { units: 1n, title: null },
      undefined,
      undefined,
    ]);
  });

  it('that are unknown or missing are named', () => {
    expect(() => fieldsFromJson(parameters, { amoun: 1 })).toThrow("$.amoun: there is no 'amoun'");
    expect(() => fieldsFromJson(parameters, {})).toThrow('$.amount: it is missing');
    expect(() => fieldsFromJson(parameters, 5)).toThrow(
      "$: expected an object with 'amount', 'times', 'note'",
    );
    expect(() => fieldsFromJson([], 5)).toThrow('$: expected an object with nothing in it, found 5');
  });
});

describe('every value', () => {
  const declared = modelOfCase('types')
    .modules.flatMap(({ declarations }) => declarations)
    .filter(each => each.kind === 'struct' || each.kind === 'union');

  it.each(declared.map(target => [target.name, target] as const))('of %s survives JSON', (_, target) => {
    const type: TypeModel = { kind: 'named', target };
    /** As the other side gets it; `undefined` when it breaks a constraint. */
    const sent = (value: unknown): unknown => {
      const bytes = encode((writer, each) => writeValue(type, each, writer), value);
      try {
        return decode(reader => readValue(type, reader), bytes);
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(
        valueIn(type).filter(value => sent(value) !== undefined),
        value => {
          const json = JSON.parse(JSON.stringify(toJson(type, value)));
          expect(sent(fromJson(type, json))).toEqual(sent(value));
        },
      ),
      { numRuns: 50 },
    );
  });
});
