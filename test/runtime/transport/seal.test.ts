import { describe, expect, it } from 'vitest';
import {
  createSeal,
  mostDatagrams,
  sealedHeaderBytes,
  secretBytes,
  tagBytes,
  unknownKey,
  unknownKeyBytes,
} from '../../../runtime/src/transport/seal.js';

const secret = Buffer.alloc(secretBytes, 7);
const id = Buffer.from('0102030405060708', 'hex');

const ends = () => ({ client: createSeal(secret, id, 'client'), server: createSeal(secret, id, 'server') });

/** A datagram with this text in the place of its frames. */
function datagram(text: string): Buffer {
  const bytes = Buffer.alloc(sealedHeaderBytes + text.length + tagBytes);
  bytes.write(text, sealedHeaderBytes, 'latin1');
  return bytes;
}

function sealed(seal: ReturnType<typeof createSeal>, text: string): Buffer {
  const bytes = datagram(text);
  expect(seal.seal(bytes)).toBe(true);
  return bytes;
}

describe('a sealed datagram', () => {
  it.each(['', 'x', 'a frame or two', 'long '.repeat(200)])("gives '%s' back, either way", text => {
    const { client, server } = ends();
    expect(server.open(sealed(client, text)).toString()).toBe(text);
    expect(client.open(sealed(server, text)).toString()).toBe(text);
  });

  it('shows nothing of its text, and never looks the same', () => {
    const { client } = ends();
    const [one, two] = [sealed(client, 'secret text'), sealed(client, 'secret text')];
    expect(one.includes('secret')).toBe(false);
    expect(one.subarray(sealedHeaderBytes)).not.toEqual(two.subarray(sealedHeaderBytes));
    const { server } = ends();
    expect(sealed(server, 'secret text').subarray(sealedHeaderBytes)).not.toEqual(
      one.subarray(sealedHeaderBytes),
    );
  });

  it('is rejected whichever of its bits is flipped, and taken as it was', () => {
    const { client, server } = ends();
    const original = sealed(client, 'a frame');
    for (let bit = 0; bit < original.length * 8; bit++) {
      const changed = Buffer.from(original);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(server.open(changed)).toBe('forged');
    }
    expect(server.open(original).toString()).toBe('a frame');
  });

  it('is rejected when it is cut off or longer', () => {
    const { client, server } = ends();
    const original = sealed(client, 'a frame');
    for (let length = 0; length < original.length; length++)
      expect(server.open(original.subarray(0, length))).toBe('forged');
    expect(server.open(Buffer.concat([original, Buffer.alloc(1)]))).toBe('forged');
  });

  it('is rejected by its own sender, and under another key or key id', () => {
    const { client } = ends();
    const original = sealed(client, 'a frame');
    expect(client.open(Buffer.from(original))).toBe('forged');
    const otherSecret = createSeal(Buffer.alloc(secretBytes, 8), id, 'server');
    expect(otherSecret.open(Buffer.from(original))).toBe('forged');
  });

  it('is taken once', () => {
    const { client, server } = ends();
    const datagrams = Array.from({ length: 3000 }, (_, index) => sealed(client, `${index}`));
    const copies = datagrams.map(each => Buffer.from(each));
    for (const index of [2, 0, 1]) expect(server.open(datagrams[index]!).toString()).toBe(`${index}`);
    for (const index of [0, 1, 2]) expect(server.open(copies[index]!)).toBe('replayed');
    expect(server.open(datagrams[2999]!).toString()).toBe('2999');
    // Too late to be told from a replayed one.
    expect(server.open(datagrams[3]!)).toBe('replayed');
    expect(server.open(datagrams[2998]!).toString()).toBe('2998');
  });

  it('that is forged does not move the window', () => {
    const { client, server } = ends();
    const first = sealed(client, 'first');
    const forged = Buffer.from(first);
    forged.writeUInt32BE(1_000_000, sealedHeaderBytes - 4);
    expect(server.open(forged)).toBe('forged');
    expect(server.open(first).toString()).toBe('first');
  });

  it('counts on in what the key was used for, in either direction', () => {
    const { client, server } = ends();
    expect(client.used).toBe(0);
    for (let i = 0; i < 5; i++) server.open(sealed(client, 'x'));
    expect([client.used, server.used]).toEqual([5, 5]);
    for (let i = 0; i < 9; i++) client.open(sealed(server, 'x'));
    expect([client.used, server.used]).toEqual([9, 9]);
  });

  it('with a counter beyond the bound is not even decrypted', () => {
    const { client, server } = ends();
    const bytes = sealed(client, 'x');
    bytes.writeUInt32BE(mostDatagrams, sealedHeaderBytes - 4);
    expect(server.open(bytes)).toBe('forged');
    bytes.writeUInt32BE(1, sealedHeaderBytes - 8);
    expect(server.open(bytes)).toBe('forged');
  });

  it('is the last one when its key is used up', () => {
    const client = createSeal(secret, id, 'client', 2);
    for (let i = 0; i < 2; i++) sealed(client, 'x');
    expect(client.seal(datagram('x'))).toBe(false);
  });

  it('of an unknown key is answered by its key id, in fewer bytes', () => {
    const bytes = sealed(ends().client, '');
    const answer = unknownKey(bytes);
    expect(answer.toString('hex')).toBe('c5b101020102030405060708');
    expect(answer).toHaveLength(unknownKeyBytes);
    expect(bytes[3]).toBe(1);
  });
});
