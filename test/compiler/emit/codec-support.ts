import { Reader, Writer } from '@convoke/runtime/codegen';
import { Packr } from 'msgpackr';

/** The judge of what MessagePack is. */
export const packr = new Packr({ useRecords: false, mapsAsObjects: false });

export function encode<T>(write: (writer: Writer, value: T) => void, value: T): Buffer {
  const writer = new Writer();
  writer.begin();
  write(writer, value);
  return writer.end();
}

export function decode<T>(read: (reader: Reader) => T, bytes: Uint8Array): T {
  const reader = new Reader().reset(Buffer.from(bytes));
  const value = read(reader);
  if (reader.remaining !== 0) throw new Error(`${reader.remaining} bytes were not read`);
  return value;
}
