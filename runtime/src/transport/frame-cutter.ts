/** Cuts a stream of bytes into whole frames, in place where a read holds them whole. */
import { lengthBytes } from './transport.js';

/** Memory for a frame whose end has not come yet grows with what arrived, not with what its length declares. */
const firstAllocation = 65_536;

/** @returns a function that takes each read's bytes; it throws when a frame is longer than `maxFrame` or empty */
export function createFrameCutter(
  maxFrame: number,
  onFrames: (bytes: Buffer, start: number, end: number) => void,
): (chunk: Buffer) => void {
  /** The frame of which only the beginning has come, and how much of it. */
  let partial: Buffer | undefined;
  let gathered = 0;

  const checkedLength = (bytes: Buffer, at: number): number => {
    const length = bytes.readUInt32BE(at) + lengthBytes;
    if (length === lengthBytes || length > maxFrame) {
      throw new RangeError(`a frame of ${length} bytes arrived where 5 to ${maxFrame} are allowed`);
    }
    return length;
  };

  const gather = (chunk: Buffer, from: number, wanted: number): number => {
    const taken = Math.min(wanted - gathered, chunk.length - from);
    if (partial === undefined || gathered + taken > partial.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(Math.max(wanted, lengthBytes), Math.max(firstAllocation, (gathered + taken) * 2)),
      );
      partial?.copy(grown, 0, 0, gathered);
      partial = grown;
    }
    chunk.copy(partial, gathered, from, from + taken);
    gathered += taken;
    return from + taken;
  };

  /** Goes on with the partial frame; returns where the chunk's next frame begins, or -1 when more must come. */
  const finishPartial = (chunk: Buffer): number => {
    let at = 0;
    if (gathered < lengthBytes) at = gather(chunk, at, lengthBytes);
    if (gathered < lengthBytes) return -1;
    const length = checkedLength(partial!, 0);
    at = gather(chunk, at, length);
    if (gathered < length) return -1;
    const frame = partial!;
    partial = undefined;
    gathered = 0;
    onFrames(frame, 0, length);
    return at;
  };

  return chunk => {
    const start = gathered === 0 ? 0 : finishPartial(chunk);
    if (start < 0) return;
    let end = start;
    while (chunk.length - end >= lengthBytes) {
      const length = checkedLength(chunk, end);
      if (end + length > chunk.length) break;
      end += length;
    }
    if (end > start) onFrames(chunk, start, end);
    if (end < chunk.length) {
      const rest = chunk.length - end;
      gather(chunk, end, rest >= lengthBytes ? checkedLength(chunk, end) : lengthBytes);
    }
  };
}
