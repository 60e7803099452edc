/** What values of the built-in types are in JSON. */
import { integerRange, textForms } from '../../check/primitives.js';
import type { IntegerName, PrimitiveName } from '../../model/model.js';
import { parseDuration } from '../../syntax/literals.js';

interface JsonForm {
  /** In words, for who gave something else. */
  readonly wanted: string;
  /** `undefined` for what is no such value. */
  read(json: unknown): unknown;
  write(value: never): unknown;
}

const same = (value: unknown): unknown => value;

function integer(name: IntegerName): JsonForm {
  const { min, max } = integerRange(name)!;
  return {
    wanted: `an integer from ${min} to ${max}`,
    read: json =>
      typeof json === 'number' && Number.isInteger(json) && json >= min && json <= max ? json : undefined,
    write: same,
  };
}

/** A number where JSON's readers keep every digit of it, else text. */
function wideInteger(name: IntegerName): JsonForm {
  const { min, max } = integerRange(name)!;
  return {
    wanted: `an integer from ${min} to ${max}; beyond 2^53 as a string`,
    read(json) {
      const isExact = Number.isSafeInteger(json) || (typeof json === 'string' && /^-?\d{1,20}$/.test(json));
      if (!isExact) return undefined;
      const value = BigInt(json as number | string);
      return value >= min && value <= max ? value : undefined;
    },
    write: (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)),
  };
}

/** JSON has no word for them. */
const notFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function float(shown: (value: number) => number): JsonForm {
  return {
    wanted: 'a number, "NaN", "Infinity" or "-Infinity"',
    read(json) {
      if (typeof json === 'number') return json;
      return typeof json === 'string' && Object.hasOwn(notFinite, json) ? notFinite[json] : undefined;
    },
    write: (value: number) => (Number.isFinite(value) ? shown(value) : String(value)),
  };
}

/** With as few digits as it takes to tell it from other numbers of 32 bits. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}

function text(wanted: string, accepts: (text: string) => boolean): JsonForm {
  return {
    wanted,
    read: json => (typeof json === 'string' && accepts(json) ? json : undefined),
    write: same,
  };
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

export const jsonForms: Readonly<Record<PrimitiveName, JsonForm>> = {
  bool: {
    wanted: 'true or false',
    read: json => (typeof json === 'boolean' ? json : undefined),
    write: same,
  },
  i8: integer('i8'),
  i16: integer('i16'),
  i32: integer('i32'),
  i64: wideInteger('i64'),
  u8: integer('u8'),
  u16: integer('u16'),
  u32: integer('u32'),
  u64: wideInteger('u64'),
  f32: float(shortest),
  f64: float(value => value),
  string: text('a string', () => true),
  bytes: {
    wanted: 'bytes in base64',
    read: json =>
      typeof json === 'string' && base64.test(json) ? new Uint8Array(Buffer.from(json, 'base64')) : undefined,
    write: (value: Uint8Array) => Buffer.from(value).toString('base64'),
  },
  timestamp: {
    wanted: `a time such as "${textForms.timestamp!.example}"`,
    read: json =>
      typeof json === 'string' && textForms.timestamp!.accepts(json) ? new Date(json) : undefined,
    write: (value: Date) => value.toISOString(),
  },
  duration: {
    wanted: 'milliseconds, or a duration such as "500ms"',
    read(json) {
      if (typeof json === 'string') return parseDuration(json);
      return typeof json === 'number' && Number.isFinite(json) ? json : undefined;
    },
    write: same,
  },
  uuid: text(`a UUID such as "${textForms.uuid!.example}"`, textForms.uuid!.accepts),
};
