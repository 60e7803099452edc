import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameCutter } from '../../../runtime/src/transport/frame-cutter.js';

function frame(body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + body.length);
  bytes.writeUInt32BE(body.length, 0);
  bytes.set(body, 4);
  return bytes;
}

/** Cuts the chunks, and returns the frames as text. */
function cut(chunks: readonly Buffer[], maxFrame = 1000): string[] {
  const frames: string[] = [];
  const take = createFrameCutter(maxFrame, (bytes, start, end) => {
    for (let at = start; at < end; at += 4 + bytes.readUInt32BE(at)) {
      frames.push(bytes.toString('latin1', at + 4, at + 4 + bytes.readUInt32BE(at)));
    }
  });
  for (const chunk of chunks) take(chunk);
  return frames;
}

/** Cuts bytes at these places. */
function chop(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places].map(place => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
}

const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 12 });

describe('cutting a stream into frames', () => {
  it('gives the same frames however the bytes arrive', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(1000)), (sent, places) => {
        const stream = Buffer.concat(sent.map(frame));
        const texts = sent.map(body => Buffer.from(body).toString('latin1'));
        expect(cut(chop(stream, places))).toEqual(texts);
        expect(cut([...stream].map(byte => Buffer.from([byte])))).toEqual(texts);
      }),
    );
  });

  it('hands on whole frames of a read in place, in one piece', () => {
    const stream = Buffer.concat([frame(Buffer.from('a')), frame(Buffer.from('b')), frame(Buffer.from('c'))]);
    const pieces: unknown[] = [];
    createFrameCutter(100, (bytes, start, end) => pieces.push([bytes === stream, start, end]))(stream);
    expect(pieces).toEqual([[true, 0, 15]]);
  });

  it('takes a frame of the longest length, in one read or in many', () => {
    const longest = frame(Buffer.alloc(996, 'x'));
    expect(cut([longest])).toHaveLength(1);
    expect(cut(chop(longest, [1, 5, 500]))).toHaveLength(1);
  });

  it.each([
    { what: 'a byte longer than is allowed', bytes: frame(Buffer.alloc(997)) },
    { what: 'of 4 GiB', bytes: Buffer.from('ffffffff', 'hex') },
    { what: 'that is empty', bytes: Buffer.alloc(4) },
  ])('throws at a frame $what, as soon as its length is known', ({ bytes }) => {
    for (const chunks of [[bytes], [bytes.subarray(0, 4)], [bytes.subarray(0, 2), bytes.subarray(2)]]) {
      expect(() => cut([frame(Buffer.from('before')), ...chunks])).toThrow(/^a frame of \d+ bytes arrived/);
    }
  });

  it('hands on what stands before a frame that is too long in an earlier read', () => {
    const seen: number[] = [];
    const take = createFrameCutter(100, (_, start, end) => seen.push(end - start));
    take(frame(Buffer.from('before')));
    expect(() => take(Buffer.from('ffffffff', 'hex'))).toThrow(RangeError);
    expect(seen).toEqual([10]);
  });
});
