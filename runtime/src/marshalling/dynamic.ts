/** Values whose types no schema tells: metadata, and what reflection and `convoke call` handle. */
import { Packr } from 'msgpackr';
import type { Metadata } from '../schema/metadata.js';
import { MarshalError } from './errors.js';
import { metadataLimits } from './limits.js';
import { Reader } from './reader.js';
import { tagShapes } from './tags.js';

/**
 * Neither records nor extensions beyond the timestamp: both sides of msgpackr's own dialect stay shut. Maps become
 * `Map`s, so that no key of a message meets an object's prototype.
 */
const packr = new Packr({ useRecords: false, mapsAsObjects: false });

/**
 * A value of any type as MessagePack. Objects become maps with string keys.
 *
 * @throws MarshalError when the value holds something that plain MessagePack cannot say
 */
export function encodeDynamic(value: unknown): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = packr.pack(value);
  } catch (error) {
    throw new MarshalError(
      `the value cannot be marshalled: ${error instanceof Error ? error.message : error}`,
    );
  }
  checkPlain(new Reader().reset(viewOf(bytes)));
  return bytes;
}

/**
 * The value that `bytes` hold; maps are `Map`s.
 *
 * @throws MarshalError on bytes that are not one value of plain MessagePack
 */
export function decodeDynamic(bytes: Uint8Array): unknown {
  const buffer = viewOf(bytes);
  const reader = new Reader().reset(buffer);
  checkPlain(reader);
  if (reader.remaining > 0) throw reader.failure('the value ends before its bytes do', reader.position);
  return packr.unpack(buffer);
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Walks over one value, which may hold no extension but timestamps, and only valid strings. */
function checkPlain(reader: Reader): void {
  const shape = tagShapes[reader.peek()]!;
  if (shape.kind === 'array' || shape.kind === 'map') {
    reader.enter();
    const count = shape.kind === 'array' ? reader.arrayHeader() : 2 * reader.mapHeader();
    for (let left = count; left > 0; left--) checkPlain(reader);
    reader.leave();
  } else if (shape.type === 'extension') {
    reader.timestamp();
  } else if (shape.type === 'string') {
    reader.string();
  } else {
    reader.skip();
  }
}

/** Metadata of a call that has none. */
export const noMetadata: Metadata = Object.freeze(Object.create(null));

const namePattern = /^[A-Za-z][A-Za-z0-9._-]*$/;

/**
 * @param most how many bytes it may have
 * @throws MarshalError when a name or a value is not allowed, or all of them are too large
 */
export function encodeMetadata(metadata: Metadata, most: number = metadataLimits.size): Uint8Array {
  const entries = Object.entries(metadata);
  checkMetadata(entries);
  const bytes = encodeDynamic(new Map(entries));
  checkMetadataSize(bytes.length, most);
  return bytes;
}

/**
 * @param most how many bytes it may have
 * @returns an object without a prototype
 * @throws MarshalError on bytes that `encodeMetadata` would not have written
 */
export function decodeMetadata(bytes: Uint8Array, most: number = metadataLimits.size): Metadata {
  checkMetadataSize(bytes.length, most);
  const value = decodeDynamic(bytes);
  if (!(value instanceof Map)) throw new MarshalError('metadata is not a map');
  const entries = [...value];
  checkMetadata(entries);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

/** Reads metadata behind its length. @throws MarshalError as `decodeMetadata` does */
export function readMetadata(reader: Reader, most: number): Metadata {
  return decodeMetadata(reader.rawBytes(reader.rawU32()), most);
}

function checkMetadataSize(size: number, most: number): void {
  if (size > most) throw new MarshalError(`metadata of ${size} bytes is over the limit of ${most}`);
}

function checkMetadata(entries: readonly (readonly [name: unknown, value: unknown])[]): void {
  const { entries: most, nameLength } = metadataLimits;
  if (entries.length > most) {
    throw new MarshalError(`metadata of ${entries.length} entries is over the limit of ${most}`);
  }
  for (const [name, value] of entries) {
    if (typeof name !== 'string' || name.length > nameLength || !namePattern.test(name)) {
      throw new MarshalError(
        `metadata name '${name}' is not allowed; begin with a letter, go on with letters, digits, ` +
          `'.', '_' and '-', up to ${nameLength} characters`,
      );
    }
    if (!isMetadataValue(value)) {
      throw new MarshalError(`metadata '${name}' is neither a string, a number, a boolean nor a Uint8Array`);
    }
  }
}

function isMetadataValue(value: unknown): boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value instanceof Uint8Array
  );
}
