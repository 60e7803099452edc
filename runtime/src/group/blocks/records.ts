/** State as records: pieces end anywhere, records where they were written. */
import { MalformedBytes } from '../bytes.js';

/** Records shorter than this are gathered, so that a piece is worth a message. */
const pieceBytes = 64 * 1024;
const longestRecord = 1024 * 1024 * 1024;

/** Each record behind its length. */
export async function* writeRecords(records: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = [];
  let size = 0;
  for (const record of records) {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(record.length);
    gathered.push(length, record);
    size += 4 + record.length;
    if (size < pieceBytes) continue;
    yield Buffer.concat(gathered, size);
    gathered = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(gathered, size);
}

/** @throws MalformedBytes when the last record is not whole */
export async function* readRecords(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let wanted = 4;
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < wanted) continue;
    const bytes = Buffer.concat(waiting, size);
    let at = 0;
    for (;;) {
      wanted = 4;
      if (bytes.length - at < wanted) break;
      const length = bytes.readUInt32BE(at);
      if (length > longestRecord) throw new MalformedBytes(`a record of ${length} bytes`);
      wanted = 4 + length;
      if (bytes.length - at < wanted) break;
      yield bytes.subarray(at + 4, at + wanted);
      at += wanted;
    }
    waiting = [bytes.subarray(at)];
    size = bytes.length - at;
  }
  if (size > 0) throw new MalformedBytes('the state ends within a record');
}
