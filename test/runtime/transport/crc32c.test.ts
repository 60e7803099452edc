import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../runtime/src/transport/crc32c.js';

const ascending = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const readCommand = Buffer.from(
  `01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018
   28000000 00000000 02000000 00000000`.replaceAll(/\s/g, ''),
  'hex',
);

/** The definition, a bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4, whose bytes are the checksum's from the lowest to the highest.
  it.each([
    { of: '32 bytes of zeroes', bytes: Buffer.alloc(32), sum: 'aa36918a' },
    { of: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), sum: '43aba862' },
    { of: '32 bytes ascending', bytes: ascending, sum: '4e79dd46' },
    { of: '32 bytes descending', bytes: Buffer.from(ascending).reverse(), sum: '5cdb3f11' },
    { of: 'an iSCSI read command', bytes: readCommand, sum: '563a96d9' },
  ])('of $of is that of RFC 3720', ({ bytes, sum }) => {
    const written = Buffer.alloc(4);
    written.writeUInt32LE(crc32c(bytes, 0, bytes.length));
    expect(written.toString('hex')).toBe(sum);
  });

  it('is that of the definition, of any stretch of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(20), (bytes, start, cut) => {
        const end = Math.max(start, bytes.length - cut);
        return crc32c(bytes, start, Math.min(end, bytes.length)) === bitwise(bytes.subarray(start, end));
      }),
    );
  });
});
