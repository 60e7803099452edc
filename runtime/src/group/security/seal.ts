/**
 * Sealed packets: encrypted and authenticated with AES-128-GCM (NIST SP 800-38D) by keys that follow from one secret that
 * all members share. After the header with its target stand `u32 counter | u48 creator` of the sender's view, zeros where
 * it has none, and `u48` the number of the packet; they and the header are authenticated with the frames, and the tag stands
 * last.
 *
 * Each sender has keys of its own (RFC 5869), one for each view and for each 2^22 packets, so that no number is used twice
 * with a key. Its packets are numbered through all of them, so that none is taken twice.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { createReplayWindow, type ReplayWindow } from '../../transport/replay-window.js';
import type { MemberId } from '../member.js';
import type { Opening } from '../transport/arrival.js';
import { readU32, readU48, writeU32, writeU48 } from '../transport/layout.js';
import type { Sealing } from '../transport/packet-writer.js';
import type { ViewId } from '../view.js';

/** A secret that is shorter can be guessed. */
const leastSecretBytes = 16;

const algorithm = 'aes-128-gcm';
const keyBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const numberAt = 10;
const sealHeaderBytes = 16;

/** Packets under one key: well below AES-GCM's bound for long packets (RFC 9001, section 6.6). */
const defaultPacketsPerKey = 2 ** 22;

/** Of so many senders it is known which packets have come; the one that was heard first is forgotten first. */
const mostSenders = 4096;

/** Whether a transport seals its packets. */
export interface TransportSecurity {
  /** At least 16 random bytes, the same at all members: packets are sealed, and others dropped. */
  readonly key?: Uint8Array | undefined;
}

/** One member's use of the secret. */
export interface GroupSeal extends Opening {
  readonly sealing: Sealing;
  /** What is sealed from now on belongs to this view. */
  enter(view: ViewId): void;
}

interface Key extends ViewId {
  /** Of the packets whose numbers are this times the packets per key, and above. */
  readonly generation: number;
  readonly key: KeyObject;
  readonly iv: Buffer;
}

interface Sender {
  readonly window: ReplayWindow;
  /** The current key and the last one before, of packets that were overtaken. */
  readonly keys: Key[];
}

const noView: ViewId = { counter: 0, creator: 0 };

/**
 * @param secret what all members share
 * @param packetsPerKey the same at all members
 * @throws RangeError when the secret is too short
 */
export function createGroupSeal(
  secret: Uint8Array,
  group: string,
  own: MemberId,
  packetsPerKey: number = defaultPacketsPerKey,
): GroupSeal {
  if (secret.length < leastSecretBytes) {
    throw new RangeError(
      `the key of a group has ${leastSecretBytes} bytes at least, not ${secret.length}: take random ones, not a password`,
    );
  }
  const senders = new Map<MemberId, Sender>();
  let view = noView;
  let number = 0;
  let current: Key | undefined;

  const derive = ({ counter, creator }: ViewId, sender: MemberId, generation: number): Key => {
    const info = Buffer.alloc(20);
    writeU32(info, 0, counter);
    writeU48(info, 4, creator);
    writeU48(info, 10, sender);
    writeU32(info, 16, generation);
    const salt = `convoke group ${group}`;
    const derived = Buffer.from(hkdfSync('sha256', secret, salt, info, keyBytes + nonceBytes));
    return {
      counter,
      creator,
      generation,
      key: createSecretKey(derived.subarray(0, keyBytes)),
      iv: derived.subarray(keyBytes),
    };
  };

  const isFor = (key: Key | undefined, of: ViewId, generation: number): key is Key =>
    key !== undefined &&
    key.generation === generation &&
    key.counter === of.counter &&
    key.creator === of.creator;

  return {
    sealing: {
      headerBytes: sealHeaderBytes,
      trailerBytes: tagBytes,
      seal: (packet, at) => {
        const generation = Math.floor(number / packetsPerKey);
        if (!isFor(current, view, generation)) current = derive(view, own, generation);
        const from = at + sealHeaderBytes;
        const end = packet.length - tagBytes;
        writeU32(packet, at, view.counter);
        writeU48(packet, at + 4, view.creator);
        writeU48(packet, at + numberAt, number);
        const cipher = createCipheriv(algorithm, current.key, nonceOf(current.iv, number++), {
          authTagLength: tagBytes,
        });
        cipher.setAAD(packet.subarray(0, from));
        cipher.update(packet.subarray(from, end)).copy(packet, from);
        cipher.final();
        cipher.getAuthTag().copy(packet, end);
      },
    },
    enter: entered => {
      view = entered;
    },
    open: (packet, { sender, end: at }) => {
      const from = at + sealHeaderBytes;
      const end = packet.length - tagBytes;
      if (end < from) return 'forged';
      const of = { counter: readU32(packet, at), creator: readU48(packet, at + 4) };
      const received = readU48(packet, at + numberAt);
      const known = senders.get(sender);
      // Before it is decrypted: who replays packets pays more for it than who drops them.
      if (known !== undefined && !known.window.admits(received)) return 'replayed';
      const generation = Math.floor(received / packetsPerKey);
      const kept = known?.keys.find(key => isFor(key, of, generation));
      const key = kept ?? derive(of, sender, generation);
      const decipher = createDecipheriv(algorithm, key.key, nonceOf(key.iv, received), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(packet.subarray(0, from));
      decipher.setAuthTag(packet.subarray(end));
      const frames = decipher.update(packet.subarray(from, end));
      try {
        decipher.final();
      } catch {
        return 'forged';
      }
      const { window, keys } = known ?? remember(senders, sender);
      window.accept(received);
      if (kept === undefined) {
        keys.unshift(key);
        keys.length = Math.min(keys.length, 2);
      }
      return frames;
    },
  };
}

function remember(senders: Map<MemberId, Sender>, sender: MemberId): Sender {
  for (const first of senders.keys()) {
    if (senders.size < mostSenders) break;
    senders.delete(first);
  }
  const made: Sender = { window: createReplayWindow(), keys: [] };
  senders.set(sender, made);
  return made;
}

/** As in TLS 1.3 (RFC 8446, section 5.3); numbers are below 2^48. */
function nonceOf(iv: Buffer, number: number): Buffer {
  const nonce = Buffer.from(iv);
  const last = nonceBytes - 6;
  const low = nonceBytes - 4;
  writeU32(nonce, low, readU32(iv, low) ^ number);
  const high = Math.floor(number / 2 ** 32);
  nonce[last] = iv[last]! ^ (high >>> 8);
  nonce[last + 1] = iv[last + 1]! ^ high;
  return nonce;
}
