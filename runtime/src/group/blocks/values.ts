/** Values of building blocks as bytes. */
import { decodeDynamic, encodeDynamic } from '../../marshalling/dynamic.js';
import { MalformedBytes } from '../bytes.js';

/** How values of one type are written and read, where MessagePack of whatever they are is not wanted. */
export interface ValueCodec<T> {
  /** @throws Error when the value cannot be written */
  encode(value: T): Uint8Array;
  /** @throws Error when the bytes are no such value */
  decode(bytes: Uint8Array): T;
}

/**
 * MessagePack of any value that it can say: null, booleans, numbers, strings, `Uint8Array`, `Date`, arrays, and objects
 * of these. Maps become objects.
 */
export const anyValue: ValueCodec<unknown> = {
  encode: encodeDynamic,
  decode: bytes => plain(decodeDynamic(bytes)),
};

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, each]) => [key, plain(each)]));
}

/** A message of a block: an array of values. */
export function decodeList(bytes: Uint8Array, least: number): unknown[] {
  const list = decodeDynamic(bytes);
  if (!Array.isArray(list) || list.length < least)
    throw new MalformedBytes('not what a building block sends');
  return list;
}

export function wholeNumber(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new MalformedBytes('no whole number');
  return value as number;
}

export function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new MalformedBytes('no bytes');
  return value;
}
