import { describe, expect, it } from 'vitest';
import { MarshalError } from '../../../runtime/src/marshalling/errors.js';
import { chunkSize, maxDepth } from '../../../runtime/src/marshalling/limits.js';
import { Writer } from '../../../runtime/src/marshalling/writer.js';
import { packr } from './support.js';

describe('the arena', () => {
  it('never writes the bytes of a finished message again', () => {
    const writer = new Writer();
    const messages: { bytes: Buffer; copy: Buffer }[] = [];
    for (let i = 0; i < 2000; i++) {
      writer.begin();
      writer.string(`message ${i} ${'x'.repeat(i % 300)}`);
      if (i % 7 === 0) writer.abandon();
      const bytes = writer.end();
      messages.push({ bytes, copy: Buffer.from(bytes) });
    }
    for (const { bytes, copy } of messages) expect(bytes.equals(copy)).toBe(true);
  });

  it('moves an unfinished message into the next chunk', () => {
    const writer = new Writer();
    writer.begin();
    writer.bytes(new Uint8Array(chunkSize - 100));
    const first = writer.end();
    writer.begin();
    writer.string('before the move');
    const chunk = writer.buffer;
    writer.bytes(new Uint8Array(200).fill(7));
    expect(writer.buffer).not.toBe(chunk);
    expect(packr.unpackMultiple(writer.end())).toEqual(['before the move', Buffer.alloc(200, 7)]);
    expect(packr.unpack(first)).toEqual(Buffer.alloc(chunkSize - 100));
  });

  it('takes a chunk as large as a large message needs', () => {
    const writer = new Writer();
    writer.begin();
    const text = 'ü'.repeat(300_000);
    writer.string(text);
    expect(packr.unpack(writer.end())).toBe(text);
  });

  it('forgets an abandoned message', () => {
    const writer = new Writer();
    writer.begin();
    writer.string('gone');
    writer.abandon();
    expect(writer.length).toBe(0);
    writer.begin();
    writer.u8(5);
    expect([...writer.end()]).toEqual([5]);
  });
});

describe('raw bytes', () => {
  it('are big-endian, and can be patched before the end', () => {
    const writer = new Writer();
    writer.begin();
    writer.rawU8(0x01);
    writer.rawU16(0x0203);
    writer.rawU32(0x04050607);
    writer.rawU64(2 ** 53 - 1);
    writer.rawBytes(Uint8Array.of(8, 9));
    writer.patchU8(0, 0xaa);
    writer.patchU16(1, 0xbbcc);
    writer.patchU32(3, 0xdeadbeef);
    expect(writer.end().toString('hex')).toBe('aabbccdeadbeef001fffffffffffff0809');
  });
});

describe('depth', () => {
  it('is bounded, and starts anew with each message', () => {
    const writer = new Writer();
    writer.begin();
    for (let level = 0; level < maxDepth; level++) writer.enter();
    expect(() => writer.enter()).toThrow(MarshalError);
    writer.abandon();
    writer.begin();
    for (let level = 0; level < maxDepth; level++) writer.enter();
    for (let level = 0; level < maxDepth; level++) writer.leave();
    for (let level = 0; level < maxDepth; level++) writer.enter();
    expect(writer.end()).toHaveLength(0);
  });
});
