/** What the raw contestants share: bodies by msgpackr, and the batches in which they leave. */
import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false });

/** The body of a call or a reply: a sample as MessagePack, bytes as they are. */
export const bodies = {
  echo: { kind: 1, encode: sample => packr.pack(sample), decode: body => packr.unpack(body) },
  bytes: { kind: 2, encode: data => data, decode: body => body },
};

export const bodyOfKind = [undefined, bodies.echo, bodies.bytes];

const chunkBytes = 262_144;

/**
 * Gathers what is put into it during one tick, and hands it on in pieces of at most `most` bytes. A piece is never
 * written again.
 */
export function createBatch(most, handOn) {
  let chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let start = 0;
  let end = 0;
  let isScheduled = false;

  function flush() {
    if (end > start) handOn(chunk.subarray(start, end));
    start = end;
    // Not while a piece is begun: calls that were parted once would travel apart ever after.
    if (chunk.length - end < most) {
      chunk = Buffer.allocUnsafeSlow(chunkBytes);
      start = end = 0;
    }
  }

  function endTick() {
    isScheduled = false;
    flush();
  }

  return {
    flush,
    /** Makes room for a record of so many bytes, at most `most`, and returns where to write it: `at` in `chunk`. */
    take(bytes) {
      if (end - start + bytes > most) flush();
      const at = end;
      end += bytes;
      if (!isScheduled) {
        isScheduled = true;
        process.nextTick(endTick);
      }
      return { chunk, at };
    },
  };
}
