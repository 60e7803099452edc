/**
 * Calls and replies in a group, big-endian.
 *
 * A call is `flags u8 | number u32 | remaining u32 (ms) | [metadata: length u32, bytes] | rest`, where the rest is that of
 * a procedure (`key u64`, arguments), of a message dispatcher (its name behind a length in one byte, then the message), or
 * of what a member relays from outside (see `open/frames.ts`).
 * A reply is `number u32`, then what a reply's body is outside of groups: `status u8 | [metadata] | payload`.
 */
import type { Reader } from '../../marshalling/reader.js';
import { Writer } from '../../marshalling/writer.js';
import { replyMetadataFlag } from '../../request-reply/reply-frame.js';

/** Who takes a call at the members. */
export const Target = { procedure: 0, message: 1, relayed: 2 } as const;
export type Target = (typeof Target)[keyof typeof Target];

const targetBits = 0x0f;
const metadataFlag = 0x10;
const repliesFlag = 0x20;
const orderedFlag = 0x40;
const expiresFlag = 0x80;

const remainingAt = 5;
/** As `remaining`: the call has no deadline. */
const forever = 0xffff_ffff;

export interface CallHeader {
  readonly target: Target;
  /** By the caller's count; together with its id no other call has it. */
  readonly number: number;
  /** Milliseconds until the deadline, from when the call was sent; `Infinity`: none. */
  readonly remaining: number;
  /** Whether the caller waits for replies. */
  readonly replies: boolean;
  /** Whether it waits for those before it to be executed. */
  readonly ordered: boolean;
  /** Whether a member leaves it out when its deadline passed while it waited there. */
  readonly expires: boolean;
}

export interface ReceivedHeader extends CallHeader {
  readonly metadata: Buffer | undefined;
}

/** Where this process's calls and replies are written: each is begun and finished in the same turn. */
const arena = new Writer();

/**
 * Writes a call.
 *
 * @param rest writes what its target reads
 * @throws MarshalError when `rest` does
 */
export function writeCall(
  header: CallHeader,
  metadata: Uint8Array | undefined,
  rest: (writer: Writer) => void,
): Buffer {
  arena.begin();
  arena.rawU8(
    header.target |
      (metadata === undefined ? 0 : metadataFlag) |
      (header.replies ? repliesFlag : 0) |
      (header.ordered ? orderedFlag : 0) |
      (header.expires ? expiresFlag : 0),
  );
  arena.rawU32(header.number);
  arena.rawU32(wireTime(header.remaining));
  if (metadata !== undefined) {
    arena.rawU32(metadata.length);
    arena.rawBytes(metadata);
  }
  return finish(rest);
}

/** Sets the time that remains, in a call that waited before it was sent. */
export function patchRemaining(call: Buffer, remaining: number): void {
  call.writeUInt32BE(wireTime(remaining), remainingAt);
}

/** @throws MarshalError on bytes that are no call */
export function readCall(reader: Reader): ReceivedHeader {
  const flags = reader.rawU8();
  const number = reader.rawU32();
  const remaining = reader.rawU32();
  return {
    target: (flags & targetBits) as Target,
    number,
    remaining: remaining === forever ? Number.POSITIVE_INFINITY : remaining,
    replies: (flags & repliesFlag) !== 0,
    ordered: (flags & orderedFlag) !== 0,
    expires: (flags & expiresFlag) !== 0,
    metadata: (flags & metadataFlag) === 0 ? undefined : reader.rawBytes(reader.rawU32()),
  };
}

/**
 * Writes a reply.
 *
 * @param payload writes what the status announces
 * @throws MarshalError when `payload` does
 */
export function writeReply(
  number: number,
  status: number,
  metadata: Uint8Array | undefined,
  payload: (writer: Writer) => void,
): Buffer {
  arena.begin();
  arena.rawU32(number);
  if (metadata === undefined) arena.rawU8(status);
  else {
    arena.rawU8(status | replyMetadataFlag);
    arena.rawU32(metadata.length);
    arena.rawBytes(metadata);
  }
  return finish(payload);
}

/** Writes a reply whose body is known. */
export function writeKeptReply(number: number, body: Uint8Array): Buffer {
  arena.begin();
  arena.rawU32(number);
  arena.rawBytes(body);
  return arena.end();
}

function finish(rest: (writer: Writer) => void): Buffer {
  try {
    rest(arena);
  } catch (error) {
    arena.abandon();
    throw error;
  }
  return arena.end();
}

/** Rounded up, so that a call with time left does not arrive without. */
function wireTime(remaining: number): number {
  return remaining === Number.POSITIVE_INFINITY ? forever : Math.min(forever - 1, Math.ceil(remaining));
}
