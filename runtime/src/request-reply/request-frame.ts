/**
 * A request: `flags u8 | attempt u8 | number u64 | remaining u32 | procedure u64 | [metadata] | arguments`.
 *
 * Its first half changes from copy to copy and its second half, the body, never does: the body is what is fragmented
 * and what tells a duplicate from another request under the same number.
 */
import type { Reader } from '../marshalling/reader.js';
import type { Writer } from '../marshalling/writer.js';
import type { AnyProcedure, Semantics } from '../schema/description.js';
import { lengthBytes } from '../transport/transport.js';
import { beginFrame, type Frame, FrameType, finishFrame, noDeadline, semanticsRank } from './frames.js';

const attemptAt = lengthBytes + 2;
const remainingAt = attemptAt + 1 + 8;

/** From the start of a request's frame to its body. */
export const requestBodyAt = remainingAt + 4;

const semanticsMask = 0b011;
const metadataFlag = 0b100;
const semanticsByRank: readonly Semantics[] = ['maybe', 'at-least-once', 'at-most-once'];

export interface RequestHeader {
  readonly flags: number;
  readonly semantics: Semantics;
  readonly hasMetadata: boolean;
  /** Which copy of the request this is, from 1; 255 stands for all later ones. */
  readonly attempt: number;
  readonly number: number;
  /** Milliseconds that remain until the deadline; `Infinity` when there is none. */
  readonly remaining: number;
}

/**
 * Marshals a request. `metadata` is written already or absent.
 *
 * @throws MarshalError when an argument does not fit its type
 */
export function writeRequest(
  procedure: AnyProcedure,
  number: number,
  values: readonly unknown[],
  metadata: Uint8Array | undefined,
): Frame {
  const writer = beginFrame(FrameType.request);
  const flags = semanticsRank[procedure.semantics] | (metadata === undefined ? 0 : metadataFlag);
  writeRequestHeader(writer, flags, 0, number, noDeadline);
  writer.rawU32(procedure.key[0]);
  writer.rawU32(procedure.key[1]);
  if (metadata !== undefined) {
    writer.rawU32(metadata.length);
    writer.rawBytes(metadata);
  }
  try {
    procedure.writeArguments(writer, values);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return finishFrame();
}

export function writeRequestHeader(
  writer: Writer,
  flags: number,
  attempt: number,
  number: number,
  remaining: number,
): void {
  writer.rawU8(flags);
  writer.rawU8(attempt);
  writer.rawU64(number);
  writer.rawU32(remaining);
}

/**
 * Writes what differs from copy to copy. The bytes may still lie with a socket from an earlier copy: then that one
 * names this attempt too, which only spoils a sample of the round-trip time.
 */
export function stampRequest(frame: Frame, attempt: number, remaining: number): void {
  frame.bytes[frame.start + attemptAt] = wireAttempt(attempt);
  frame.bytes.writeUInt32BE(wireRemaining(remaining), frame.start + remainingAt);
}

export function wireAttempt(attempt: number): number {
  return Math.min(attempt, 255);
}

/** Rounded up, so that a server never gives up before its client does. */
export function wireRemaining(remaining: number): number {
  return remaining >= noDeadline ? noDeadline : Math.max(0, Math.ceil(remaining));
}

/** The flags of a request that was marshalled by `writeRequest`. */
export function flagsOf(frame: Frame): number {
  return frame.bytes[frame.start + lengthBytes + 1]!;
}

export function readRequestHeader(reader: Reader): RequestHeader {
  const flags = reader.rawU8();
  const attempt = reader.rawU8();
  const number = reader.rawU64();
  const remaining = reader.rawU32();
  return {
    flags,
    semantics: semanticsByRank[flags & semanticsMask] ?? 'at-most-once',
    hasMetadata: (flags & metadataFlag) !== 0,
    attempt,
    number,
    remaining: remaining === noDeadline ? Number.POSITIVE_INFINITY : remaining,
  };
}
