/** The schema's constraints, checked where data enters a process; bounds are inclusive. */
import { MarshalError } from './errors.js';

/** What a range begins or ends with. */
export type Bound = number | bigint;

/** A set or a map. */
export interface Sized {
  /** How many elements or keys it has. */
  readonly size: number;
}

/**
 * Checks the number of a string's code points, or of bytes, and returns the value.
 *
 * @throws MarshalError
 */
export function checkLength<T extends string | Uint8Array>(
  value: T,
  min: number,
  max: number,
  path: string,
): T {
  const { length } = value;
  // A code point is one or two of JavaScript's units, so that most strings need no counting.
  if (typeof value === 'string' && (length > max || length < 2 * min)) {
    return checkBounds(value, codePoints(value), min, max, 'length', 'code points', path);
  }
  return checkBounds(
    value,
    length,
    min,
    max,
    'length',
    typeof value === 'string' ? 'code points' : 'bytes',
    path,
  );
}

/**
 * Checks how many elements a list, a set or a map has, and returns it.
 *
 * @throws MarshalError
 */
export function checkCount<T extends ArrayLike<unknown> | Sized>(
  value: T,
  min: number,
  max: number,
  path: string,
): T {
  return checkBounds(
    value,
    'length' in value ? value.length : value.size,
    min,
    max,
    'count',
    'elements',
    path,
  );
}

/**
 * Checks that a number is in a range, and returns it. NaN is in none.
 *
 * @throws MarshalError
 */
export function checkRange<T extends Bound>(value: T, min: Bound, max: Bound, path: string): T {
  if (value >= min && value <= max) return value;
  throw new MarshalError(`the value is ${value}, which is not in ${show('range', min, max)}`, { path });
}

/**
 * Checks that a string matches a pattern, and returns it.
 *
 * @throws MarshalError
 */
export function checkPattern(value: string, pattern: RegExp, path: string): string {
  if (pattern.test(value)) return value;
  throw new MarshalError(`the value of ${codePoints(value)} code points does not match ${pattern}`, { path });
}

/**
 * Checks that no element of a set, or key of a map, arrived twice, and returns it.
 *
 * @throws MarshalError
 */
export function checkDistinct<T extends Sized>(value: T, count: number): T {
  if (value.size === count) return value;
  throw new MarshalError(
    `${count - value.size} of ${count} keys or elements arrived twice; each must stand once`,
  );
}

/** The error for a number that no member of a closed enum bears. */
export function unknownMember(value: number, path: string): MarshalError {
  return new MarshalError(`${value} is no member of this closed enum`, { path });
}

/** The error for a union's value whose kind the schema does not know. */
export function unknownKind(value: never, path: string): MarshalError {
  const { kind } = value as { kind?: unknown };
  return new MarshalError(`'${String(kind)}' is no arm of this union`, { path });
}

function checkBounds<T>(
  value: T,
  size: number,
  min: number,
  max: number,
  rule: string,
  unit: string,
  path: string,
): T {
  if (size >= min && size <= max) return value;
  throw new MarshalError(`the value has ${size} ${unit}, which is not in ${show(rule, min, max)}`, { path });
}

function show(rule: string, min: Bound, max: Bound): string {
  const lower = min === Number.NEGATIVE_INFINITY || (min === 0 && rule !== 'range') ? '' : min;
  return `${rule}(${lower}..${max === Number.POSITIVE_INFINITY ? '' : max})`;
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}
