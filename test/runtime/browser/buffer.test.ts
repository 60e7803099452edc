/** The stand-in for `Buffer`, held against Node's. */
import { isUtf8 as isUtf8InNode, Buffer as NodeBuffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Buffer, Bytes, isUtf8 } from '../../../runtime/src/browser/buffer.js';

interface WithText {
  utf8Write(text: string, at: number): number;
  utf8Slice(start: number, end: number): string;
}

const hex = (bytes: Uint8Array): string => NodeBuffer.from(bytes).toString('hex');
const bytes = fc.uint8Array({ minLength: 8, maxLength: 64 });
const anyText = fc.string({ unit: 'binary', maxLength: 40 });
/** UTF-8, with some bytes of it damaged. */
const almostText = fc
  .tuple(anyText, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }))
  .map(([text, damages]) => {
    const encoded = NodeBuffer.from(text);
    for (const [at, value] of damages) if (encoded.length > 0) encoded[at % encoded.length] = value;
    return encoded;
  });

describe('the stand-in for Buffer', () => {
  it('reads and writes numbers as Node does', () => {
    fc.assert(
      fc.property(bytes, fc.nat({ max: 0xffff_ffff }), fc.nat(4), (given, value, at) => {
        const ours = Buffer.from(given);
        const theirs = NodeBuffer.from(given);
        expect(ours.readUInt32BE(at)).toBe(theirs.readUInt32BE(at));
        expect(ours.readInt32BE(at)).toBe(theirs.readInt32BE(at));
        expect(ours.writeUInt32BE(value, at)).toBe(theirs.writeUInt32BE(value, at));
        expect(hex(ours)).toBe(hex(theirs));
      }),
    );
  });

  it('reads and writes text as Node does, lone surrogates and byte order marks too', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constant('\ufeffmark'), fc.constant('\ud800 alone')), text => {
        const room = text.length * 3 + 4;
        const ours = Buffer.alloc(room);
        const theirs = NodeBuffer.alloc(room) as NodeBuffer & WithText;
        const written = ours.utf8Write(text, 2);
        expect(written).toBe(theirs.utf8Write(text, 2));
        expect(hex(ours)).toBe(hex(theirs));
        expect(ours.utf8Slice(2, 2 + written)).toBe(theirs.utf8Slice(2, 2 + written));
        expect(Buffer.byteLength(text)).toBe(NodeBuffer.byteLength(text));
      }),
    );
  });

  it('knows what is UTF-8, and decodes what is not, as Node does', () => {
    fc.assert(
      fc.property(almostText, given => {
        expect(isUtf8(given)).toBe(isUtf8InNode(given));
        const theirs = given as NodeBuffer & WithText;
        expect(Buffer.from(given).utf8Slice(0, given.length)).toBe(theirs.utf8Slice(0, given.length));
      }),
    );
  });

  it('writes hexadecimal digits and compares as Node does', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const theirs = NodeBuffer.from(one);
        expect(Buffer.from(one).toString('hex', 1, 5)).toBe(theirs.toString('hex', 1, 5));
        expect(Buffer.from(one).equals(other)).toBe(theirs.equals(other));
        expect(Buffer.from(one).equals(one)).toBe(true);
      }),
    );
  });

  it('copies as Node does, what there is room for', () => {
    fc.assert(
      fc.property(bytes, fc.nat(8), fc.nat(8), fc.nat(8), (given, targetStart, start, end) => {
        const ours = new Uint8Array(8);
        const theirs = NodeBuffer.alloc(8);
        const range = [targetStart, Math.min(start, end), Math.max(start, end)] as const;
        expect(Buffer.from(given).copy(ours, ...range)).toBe(NodeBuffer.from(given).copy(theirs, ...range));
        expect(hex(ours)).toBe(hex(theirs));
      }),
    );
  });

  it('makes views of memory and of itself, and copies of anything else', () => {
    const memory = new Uint8Array([1, 2, 3, 4]);
    const view = Buffer.from(memory.buffer, 1, 2);
    const copy = Buffer.from(memory);
    memory[1] = 9;
    expect([...view]).toEqual([9, 3]);
    expect([...copy]).toEqual([1, 2, 3, 4]);
    const part = copy.subarray(1, 3);
    copy[2] = 7;
    expect(part).toBeInstanceOf(Bytes);
    expect([...part]).toEqual([2, 7]);
    expect([...Buffer.from([5, 6])]).toEqual([5, 6]);
    expect([...Buffer.concat([view, part], 4)]).toEqual([9, 3, 2, 7]);
    expect([...Buffer.concat([view, part])]).toEqual([9, 3, 2, 7]);
    expect([...Buffer.allocUnsafeSlow(2)]).toEqual([0, 0]);
  });
});
