import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../runtime/src/transport/crc32c.js';
import { isSoundPacket, packetHeaderBytes, sealPacket } from '../../../runtime/src/transport/packet.js';

function seal(frames: Uint8Array): Buffer {
  const packet = Buffer.concat([Buffer.alloc(packetHeaderBytes), frames]);
  sealPacket(packet, 0, packet.length);
  return packet;
}

describe('the envelope of a datagram', () => {
  it('is sound around any bytes, and leaves them as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), frames => {
        const packet = seal(frames);
        const before = Buffer.from(packet);
        expect(isSoundPacket(packet)).toBe(true);
        expect(packet.equals(before)).toBe(true);
        expect(packet.subarray(packetHeaderBytes).equals(frames)).toBe(true);
      }),
    );
  });

  it('shows every flip of one to three bits', () => {
    const bit = fc.nat(8 * 1200 - 1);
    fc.assert(
      fc.property(fc.uniqueArray(bit, { minLength: 1, maxLength: 3 }), flips => {
        const packet = seal(Buffer.alloc(1200 - packetHeaderBytes, 0x5a));
        for (const flip of flips) packet[flip >>> 3]! ^= 1 << (flip & 7);
        return !isSoundPacket(packet);
      }),
    );
  });

  it('shows that the datagram was cut', () => {
    const packet = seal(Buffer.alloc(50, 1));
    for (let length = 0; length < packet.length; length++) {
      expect(isSoundPacket(packet.subarray(0, length))).toBe(false);
    }
  });

  it.each([
    { what: 'magic', at: 0 },
    { what: 'version', at: 2 },
    { what: 'zero', at: 3 },
  ])('of another $what is not of this protocol, whatever its checksum', ({ at }) => {
    const packet = seal(Buffer.alloc(50, 1));
    packet[at] = 9;
    packet.writeUInt32BE(0, 4);
    packet.writeUInt32BE(crc32c(packet, 0, packet.length), 4);
    expect(isSoundPacket(packet)).toBe(false);
  });

  it('may stand anywhere in a chunk', () => {
    const chunk = Buffer.alloc(100, 7);
    sealPacket(chunk, 20, 80);
    expect(isSoundPacket(chunk.subarray(20, 80))).toBe(true);
    expect(chunk[19]).toBe(7);
    expect(chunk[80]).toBe(7);
  });
});
