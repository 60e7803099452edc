/**
 * Sealed datagrams: `prefix | key id u64 | counter u64 | ciphertext | tag`, encrypted and authenticated with AES-128-GCM
 * (NIST SP 800-38D). Each direction has a key of its own, the counter makes the nonce as in TLS 1.3 (RFC 8446, section
 * 5.3), and what stands before the ciphertext is authenticated with it.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { PacketKind, writePrefix } from './packet.js';
import { createReplayWindow } from './replay-window.js';

export const keyIdBytes = 8;
const keyIdAt = 4;
const counterAt = keyIdAt + keyIdBytes;

export const sealedHeaderBytes = counterAt + 8;
export const tagBytes = 16;

/** How long a datagram is that says that its receiver does not know a key: prefix and key id. */
export const unknownKeyBytes = keyIdAt + keyIdBytes;

const algorithm = 'aes-128-gcm';
const keyBytes = 16;
const nonceBytes = 12;

/** As many bytes the two ends of a side connection export (RFC 8446, section 7.5). */
export const secretBytes = 32;

/** A key is renewed after so many datagrams: AES-GCM's bound in QUIC (RFC 9001, section 6.6), for any length. */
export const renewedAfter = 2 ** 23;

/** Nothing more is sealed or opened with a key after so many datagrams, should its renewal fail. */
export const mostDatagrams = 2 ** 24;

export type Side = 'client' | 'server';

/** One end's use of a key. */
export interface Seal {
  /** As `keyIdOf` gives it. */
  readonly id: string;
  /** How many datagrams went one way at least, by what was sent and what came. */
  readonly used: number;
  /** Seals a datagram whose plaintext stands between header and tag. False: the key is used up. */
  seal(datagram: Buffer): boolean;
  /** The plaintext of a datagram, or why there is none. */
  open(datagram: Buffer): Buffer | 'forged' | 'replayed';
}

/**
 * @param secret known to the two ends of a side connection alone
 * @param id under which the server knows the key
 * @param most how many datagrams each way it seals
 */
export function createSeal(
  secret: Uint8Array,
  id: Uint8Array,
  side: Side,
  most: number = mostDatagrams,
): Seal {
  const outward = directionOf(secret, side);
  const inward = directionOf(secret, side === 'client' ? 'server' : 'client');
  const window = createReplayWindow();
  const keyId = Buffer.from(id);
  let sent = 0;

  return {
    id: keyId.toString('latin1'),
    get used() {
      return Math.max(sent, window.highest + 1);
    },
    seal(datagram) {
      if (sent >= most) return false;
      const end = datagram.length - tagBytes;
      writePrefix(datagram, 0, PacketKind.sealed);
      keyId.copy(datagram, keyIdAt);
      writeCounter(datagram, counterAt, sent);
      const cipher = createCipheriv(algorithm, outward.key, outward.nonce(sent++), {
        authTagLength: tagBytes,
      });
      cipher.setAAD(datagram.subarray(0, sealedHeaderBytes));
      cipher.update(datagram.subarray(sealedHeaderBytes, end)).copy(datagram, sealedHeaderBytes);
      cipher.final();
      cipher.getAuthTag().copy(datagram, end);
      return true;
    },
    open(datagram) {
      const end = datagram.length - tagBytes;
      if (end < sealedHeaderBytes) return 'forged';
      const counter = readCounter(datagram, counterAt);
      if (counter >= most) return 'forged';
      // Before it is decrypted: who replays datagrams pays more for it than who drops them.
      if (!window.admits(counter)) return 'replayed';
      const decipher = createDecipheriv(algorithm, inward.key, inward.nonce(counter), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(datagram.subarray(0, sealedHeaderBytes));
      decipher.setAuthTag(datagram.subarray(end));
      const plaintext = decipher.update(datagram.subarray(sealedHeaderBytes, end));
      try {
        decipher.final();
      } catch {
        return 'forged';
      }
      window.accept(counter);
      return plaintext;
    },
  };
}

/** Under which key a sealed datagram, or one that says that a key is unknown, is known to its server. */
export function keyIdOf(datagram: Buffer): string {
  return datagram.toString('latin1', keyIdAt, counterAt);
}

/** Says that the key of a datagram is not known. Nobody has authenticated it: it is a hint, and shorter than its cause. */
export function unknownKey(datagram: Buffer): Buffer {
  const hint = Buffer.from(datagram.subarray(0, unknownKeyBytes));
  writePrefix(hint, 0, PacketKind.unknownKey);
  return hint;
}

interface Direction {
  readonly key: KeyObject;
  /** Valid until it is asked for another. */
  nonce(counter: number): Buffer;
}

function directionOf(secret: Uint8Array, sender: Side): Direction {
  const derived = Buffer.from(
    hkdfSync('sha256', secret, '', `convoke udps ${sender}`, keyBytes + nonceBytes),
  );
  const iv = derived.subarray(keyBytes);
  const nonce = Buffer.from(iv);
  const last = nonceBytes - 4;
  const ivEnd = iv.readUInt32BE(last);
  return {
    key: createSecretKey(derived.subarray(0, keyBytes)),
    nonce(counter) {
      // Counters are below 2^32, so that only the last four bytes of the nonce change.
      nonce.writeUInt32BE((ivEnd ^ counter) >>> 0, last);
      return nonce;
    },
  };
}

function writeCounter(bytes: Buffer, at: number, counter: number): void {
  bytes.writeUInt32BE(0, at);
  bytes.writeUInt32BE(counter, at + 4);
}

function readCounter(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
