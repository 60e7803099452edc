/** The protocol's frames: their types, and what is common to writing and reading them. See docs/PROTOCOL.md. */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import { Writer } from '../marshalling/writer.js';
import type { Semantics } from '../schema/description.js';
import { type CallErrorCode, callErrorCodes, type Outcome } from '../schema/errors.js';
import { type Link, lengthBytes } from '../transport/transport.js';

/** A probe of this number, which no call has, is a ping: `missing` says that the server takes calls, `busy` that it does not. */
export const pingNumber = 0;

export const FrameType = {
  /** client → server: opens or renews a session */
  hello: 0x01,
  /** server → client: proves that the client receives at its address */
  cookie: 0x02,
  /** server → client: the session */
  welcome: 0x03,
  /** server → client: no session, and why */
  refused: 0x04,
  /** client → server, first in a datagram or once on a connection: whose frames follow */
  session: 0x05,
  /** server → client, first in a datagram: for whom the frames are */
  channel: 0x06,
  /** server → client: the session that was named is not known here */
  reset: 0x07,
  request: 0x10,
  reply: 0x11,
  requestFragment: 0x12,
  replyFragment: 0x13,
  /** server → client: the call is known and has no reply yet */
  busy: 0x14,
  /** client → server: asks for a reply without sending the request again */
  probe: 0x15,
  /** both ways: the parts of a request or a reply that have not arrived */
  missing: 0x16,
  cancel: 0x17,
  /** client → server: which calls are finished */
  acknowledgement: 0x18,
  /** both ways: items of a stream */
  segment: 0x20,
  /** both ways: what has come of a stream, and how much more may */
  credit: 0x21,
  /** both ways: asks for a credit */
  creditProbe: 0x22,
} as const;

export const idBytes = 8;
export const clientIdBytes = 16;

/** The id that stands for none: an epoch of 0 is any epoch, a token of 0 no session. */
export const noId = Buffer.alloc(idBytes);

/** A deadline's field on the wire when there is none. */
export const noDeadline = 0xffff_ffff;

export const ReplyStatus = { result: 0, declaredError: 1, failure: 2 } as const;

/** How semantics stand on the wire; also their order by strength. */
export const semanticsRank: Readonly<Record<Semantics, number>> = {
  maybe: 0,
  'at-least-once': 1,
  'at-most-once': 2,
};

const outcomes: readonly Outcome[] = ['not-executed', 'executed', 'unknown'];

/**
 * Where this process's frames are written. There is one: a frame is begun and finished in the same turn, and what
 * was finished is never written again, so sockets, pending calls and histories hold on to slices of it.
 */
export const arena = new Writer();

/** Begins a frame; `finishFrame` or `sendFrame` ends it. */
export function beginFrame(type: number): Writer {
  arena.begin();
  arena.rawU32(0);
  arena.rawU8(type);
  return arena;
}

/** A finished frame: `bytes[start, end)`. */
export interface Frame {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export function finishFrame(): Frame {
  const { buffer, start, position } = arena;
  arena.patchU32(0, position - start - lengthBytes);
  arena.begin();
  return { bytes: buffer, start, end: position };
}

/** Finishes the frame and queues it. */
export function sendFrame(link: Link): void {
  const { buffer, start, position } = arena;
  arena.patchU32(0, position - start - lengthBytes);
  arena.begin();
  link.send(buffer, start, position);
}

/** Why and with which outcome a call failed, as a reply's payload. */
export interface Failure {
  readonly code: CallErrorCode;
  readonly outcome: Outcome;
  readonly message: string;
}

/** Refusals that every copy of a request gets from a server with the same schema. */
export function isDecidedBySchema(code: CallErrorCode): boolean {
  return code === 'invalid-argument' || code === 'unimplemented' || code === 'failed-precondition';
}

export function writeFailure(writer: Writer, failure: Failure): void {
  writer.rawU8(callErrorCodes.indexOf(failure.code));
  writer.rawU8(outcomes.indexOf(failure.outcome));
  writer.string(failure.message);
}

export function readFailure(reader: Reader): Failure {
  return {
    code: callErrorCodes[reader.rawU8()] ?? 'unknown',
    outcome: outcomes[reader.rawU8()] ?? 'unknown',
    message: reader.string(),
  };
}

/** Half-open stretches of fragment indices. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** More ranges than this are told in the next round. */
export const maxRanges = 32;

/** Every fragment, of however many there are. */
export const allFragments: Ranges = [[0, 0xffff]];

export function writeRanges(writer: Writer, ranges: Ranges): void {
  writer.rawU8(ranges.length);
  for (const [from, to] of ranges) {
    writer.rawU16(from);
    writer.rawU16(to);
  }
}

/** @throws MarshalError on ranges that do not ascend, or that are too many */
export function readRanges(reader: Reader): Ranges {
  const count = reader.rawU8();
  if (count > maxRanges) throw new MarshalError(`${count} ranges are too many`);
  const ranges: [number, number][] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const from = reader.rawU16();
    const to = reader.rawU16();
    if (from < end || to <= from) throw new MarshalError('ranges that do not ascend');
    ranges.push([from, to]);
    end = to;
  }
  return ranges;
}
