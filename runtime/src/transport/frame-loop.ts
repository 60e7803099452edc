/** Takes apart what a link delivered. */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import { lengthBytes } from './transport.js';

/**
 * Calls `onFrame` for each frame in `bytes[start, end)`, with the reader at the frame's body and its end at the frame's
 * end, until it returns false.
 *
 * @returns false when the bytes or a frame broke the rules; what came before it was handled
 */
export function forEachFrame(
  reader: Reader,
  bytes: Buffer,
  start: number,
  end: number,
  onFrame: (type: number) => boolean,
): boolean {
  let at = start;
  try {
    while (at < end) {
      reader.reset(bytes, at, end);
      const frameEnd = at + lengthBytes + reader.rawU32();
      if (frameEnd > end) throw new MarshalError('a frame is longer than what holds it');
      reader.end = frameEnd;
      if (!onFrame(reader.rawU8())) return true;
      at = frameEnd;
    }
    return true;
  } catch (error) {
    if (error instanceof MarshalError) return false;
    throw error;
  }
}
