import { Packr } from 'msgpackr';
import { Reader } from '../../../runtime/src/marshalling/reader.js';
import { Writer } from '../../../runtime/src/marshalling/writer.js';

/** The judge of what MessagePack is. */
export const packr = new Packr({ useRecords: false, mapsAsObjects: false, int64AsType: 'bigint' });

export function written(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  writer.begin();
  write(writer);
  return writer.end();
}

export function read<T>(bytes: Uint8Array, take: (reader: Reader) => T): T {
  const reader = new Reader().reset(Buffer.from(bytes));
  const value = take(reader);
  if (reader.remaining !== 0) throw new Error(`${reader.remaining} bytes were not read`);
  return value;
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
