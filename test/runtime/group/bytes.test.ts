import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../runtime/src/group/bytes.js';

test('a writer that must grow loses nothing, whatever is written when it does', () => {
  for (let capacity = 1; capacity < 60; capacity++) {
    const written = new ByteWriter(capacity)
      .u8(1)
      .u16(2)
      .u32(3)
      .u48(4)
      .f64(5.5)
      .bool(true)
      .bytes(Buffer.from('six'))
      .string('seven')
      .list([8, 9], () => {})
      .rest(Buffer.from('ten'))
      .done();
    const reader = new ByteReader(written);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u48(), reader.f64(), reader.bool()]).toEqual([
      1,
      2,
      3,
      4,
      5.5,
      true,
    ]);
    expect(reader.bytes().toString()).toBe('six');
    expect(reader.string()).toBe('seven');
    expect(reader.u16()).toBe(2);
    expect(reader.rest().toString()).toBe('ten');
  }
});
