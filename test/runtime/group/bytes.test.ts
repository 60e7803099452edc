import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../runtime/src/group/bytes.js';

describe('a byte writer', () => {
  it('grows where anything is written, whatever its capacity was', () => {
    for (let capacity = 0; capacity < 40; capacity++) {
      const bytes = new ByteWriter(capacity)
        .u8(1)
        .u16(2)
        .u32(3)
        .u48(4)
        .f64(5.5)
        .bool(true)
        .string('six')
        .bytes(Buffer.from([7]))
        .list([8, 9], item => item)
        .rest(Buffer.from([10]))
        .done();
      const reader = new ByteReader(bytes);
      expect([reader.u8(), reader.u16(), reader.u32(), reader.u48(), reader.f64(), reader.bool()]).toEqual([
        1,
        2,
        3,
        4,
        5.5,
        true,
      ]);
      expect([reader.string(), [...reader.bytes()], reader.u16(), [...reader.rest()]]).toEqual([
        'six',
        [7],
        2,
        [10],
      ]);
    }
  });
});
