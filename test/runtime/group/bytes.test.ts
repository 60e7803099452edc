import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, MalformedBytes } from '../../../runtime/src/group/bytes.js';

describe('bytes', () => {
  it('are read as they were written, however often the buffer had to grow', () => {
    for (let capacity = 1; capacity < 40; capacity++) {
      const bytes = new ByteWriter(capacity)
        .u8(1)
        .u16(2)
        .u32(3)
        .u48(2 ** 47)
        .f64(0.5)
        .bool(true)
        .bytes(new Uint8Array([4, 5]))
        .string('süß')
        .rest(new Uint8Array([6]))
        .done();
      const reader = new ByteReader(bytes);
      expect([reader.u8(), reader.u16(), reader.u32(), reader.u48(), reader.f64(), reader.bool()]).toEqual([
        1,
        2,
        3,
        2 ** 47,
        0.5,
        true,
      ]);
      expect([[...reader.bytes()], reader.string(), [...reader.rest()]]).toEqual([[4, 5], 'süß', [6]]);
      reader.end();
    }
  });

  it('that end too early, go on too long or count what is not there are malformed', () => {
    expect(() => new ByteReader(new Uint8Array(3)).u32()).toThrow(MalformedBytes);
    expect(() => new ByteReader(new Uint8Array([9, 9])).list(6, () => 0)).toThrow(MalformedBytes);
    expect(() => new ByteReader(new Uint8Array(1)).end()).toThrow(MalformedBytes);
  });
});
