/** What each built-in type holds. */
import type { IntegerName, PrimitiveName, ValueModel } from '../model/model.js';

export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

const signed = (bits: bigint): IntegerRange => ({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });
const unsigned = (bits: bigint): IntegerRange => ({ min: 0n, max: 2n ** bits - 1n });

const integerRanges: Readonly<Record<IntegerName, IntegerRange>> = {
  i8: signed(8n),
  i16: signed(16n),
  i32: signed(32n),
  i64: signed(64n),
  u8: unsigned(8n),
  u16: unsigned(16n),
  u32: unsigned(32n),
  u64: unsigned(64n),
};

/** The range of an integer type; `undefined` for other types. */
export function integerRange(name: PrimitiveName): IntegerRange | undefined {
  return Object.hasOwn(integerRanges, name) ? integerRanges[name as IntegerName] : undefined;
}

/** The greatest finite number of IEEE 754's binary32. */
export const greatestF32 = (2 - 2 ** -23) * 2 ** 127;

type LiteralKind = ValueModel['kind'];

/** Which literals a type takes. */
export const literalKinds: Readonly<Record<PrimitiveName, readonly LiteralKind[]>> = {
  bool: ['bool'],
  i8: ['integer'],
  i16: ['integer'],
  i32: ['integer'],
  i64: ['integer'],
  u8: ['integer'],
  u16: ['integer'],
  u32: ['integer'],
  u64: ['integer'],
  f32: ['integer', 'float'],
  f64: ['integer', 'float'],
  string: ['string'],
  bytes: [],
  timestamp: ['string'],
  duration: ['duration'],
  uuid: ['string'],
};

/** Types whose values are written as strings of a certain form. */
export const textForms: {
  readonly [Name in PrimitiveName]?: { example: string; accepts(text: string): boolean };
} = {
  timestamp: { example: '2026-01-31T12:00:00Z', accepts: isTimestamp },
  uuid: {
    example: '123e4567-e89b-42d3-a456-426614174000',
    accepts: text => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  },
};

/** RFC 3339, or a date alone; the day must exist, which `Date` does not insist on. */
function isTimestamp(text: string): boolean {
  const form = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.exec(text);
  if (!form || Number.isNaN(Date.parse(text))) return false;
  return new Date(`${form[1]}T00:00:00Z`).toISOString().startsWith(form[1]!);
}
