/**
 * A reply: `attempt u8 | number u64 | processing u32 (µs) | body`, and the body `status u8 | payload`. That there is no
 * reply yet is said by the same without a body.
 *
 * As with requests, the body is the same in every copy; it is what a history keeps and what is fragmented.
 */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import type { Writer } from '../marshalling/writer.js';
import { type AnyProcedure, returnsStream } from '../schema/description.js';
import type { DeclaredError, UndeclaredErrorDetails } from '../schema/errors.js';
import { type Failure, ReplyStatus, readFailure } from './frames.js';

export interface ReplyHeader {
  /** Which copy of the request the server answers. */
  readonly attempt: number;
  readonly number: number;
  /** Milliseconds for which the server held that copy. */
  readonly processing: number;
}

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

export type ReplyBody =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: DeclaredError }
  | { readonly kind: 'undeclared'; readonly details: UndeclaredErrorDetails }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'unreadable'; readonly error: MarshalError };

/** Unmarshals what a procedure answered. */
export function readReplyBody(reader: Reader, procedure: AnyProcedure): ReplyBody {
  try {
    switch (reader.rawU8()) {
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
  } catch (error) {
    if (error instanceof MarshalError) return { kind: 'unreadable', error };
    throw error;
  }
}
