/**
 * A reply: `attempt u8 | number u64 | processing u32 (µs) | body`, and the body `status u8 | [metadata] | payload`. That
 * there is no reply yet is said by the same without a body.
 *
 * As with requests, the body is the same in every copy; it is what a history keeps and what is fragmented.
 */
import { decodeMetadata } from '../marshalling/dynamic.js';
import { MarshalError } from '../marshalling/errors.js';
import { metadataLimits } from '../marshalling/limits.js';
import type { Reader } from '../marshalling/reader.js';
import type { Writer } from '../marshalling/writer.js';
import { type AnyProcedure, returnsStream } from '../schema/description.js';
import type { DeclaredError, UndeclaredErrorDetails } from '../schema/errors.js';
import type { Metadata } from '../schema/metadata.js';
import { type Failure, ReplyStatus, readFailure } from './frames.js';

export interface ReplyHeader {
  /** Which copy of the request the server answers. */
  readonly attempt: number;
  readonly number: number;
  /** Milliseconds for which the server held that copy. */
  readonly processing: number;
}

/** A bit of the status: metadata stands before the payload. */
export const replyMetadataFlag = 0x80;

const maxProcessing = 0xffff_ffff;

export function writeReplyHeader(writer: Writer, attempt: number, number: number, processing: number): void {
  writer.rawU8(attempt);
  writer.rawU64(number);
  writer.rawU32(Math.min(maxProcessing, Math.round(processing * 1000)));
}

export function readReplyHeader(reader: Reader): ReplyHeader {
  return { attempt: reader.rawU8(), number: reader.rawU64(), processing: reader.rawU32() / 1000 };
}

/** Whether a value stands in the reply; the items of a stream came before it. */
export function hasValue(procedure: AnyProcedure): boolean {
  return procedure.hasResult && !returnsStream(procedure);
}

export type ReplyBody = (
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: DeclaredError }
  | { readonly kind: 'undeclared'; readonly details: UndeclaredErrorDetails }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'unreadable'; readonly error: MarshalError }
) & { readonly metadata?: Metadata };

/**
 * Unmarshals what a procedure answered.
 *
 * @param metadataBytes how long metadata may be
 */
export function readReplyBody(
  reader: Reader,
  procedure: AnyProcedure,
  metadataBytes: number = metadataLimits.size,
): ReplyBody {
  try {
    const status = reader.rawU8();
    if ((status & replyMetadataFlag) === 0) return readPayload(reader, status, procedure);
    return readWithMetadata(reader, status & ~replyMetadataFlag, procedure, metadataBytes);
  } catch (error) {
    if (error instanceof MarshalError) return { kind: 'unreadable', error };
    throw error;
  }
}

function readPayload(reader: Reader, status: number, procedure: AnyProcedure): ReplyBody {
  switch (status) {
    case ReplyStatus.result:
      return { kind: 'result', value: hasValue(procedure) ? procedure.readResult(reader) : undefined };
    case ReplyStatus.declaredError: {
      const name = reader.string();
      const declared = procedure.errors.find(error => error.fullName === name);
      if (declared !== undefined) return { kind: 'error', error: declared.read(reader) };
      return { kind: 'undeclared', details: { name, raw: Buffer.from(reader.rawBytes(reader.remaining)) } };
    }
    case ReplyStatus.failure:
      return { kind: 'failure', failure: readFailure(reader) };
    default:
      throw new MarshalError('the status of the reply is none that this version knows');
  }
}

/** Whatever the metadata is, a failure keeps its outcome: only the metadata is left out then. */
function readWithMetadata(
  reader: Reader,
  status: number,
  procedure: AnyProcedure,
  metadataBytes: number,
): ReplyBody {
  const bytes = reader.rawBytes(reader.rawU32());
  const body = readPayload(reader, status, procedure);
  try {
    return { ...body, metadata: decodeMetadata(bytes, metadataBytes) };
  } catch (error) {
    if (body.kind === 'failure' && error instanceof MarshalError) return body;
    throw error;
  }
}
