/**
 * What a member relays from outside an open group, as the rest of a call (`rpc/frames.ts`):
 * `op u8 | client 16 bytes`, and for a call `number u64 | lowest u64 | key u64 | arguments`.
 */
import type { Reader } from '../../marshalling/reader.js';
import type { Writer } from '../../marshalling/writer.js';
import { clientIdBytes } from './sessions.js';

export const RelayOp = {
  /** A client begins. */
  open: 0,
  /** A client was silent for long and is forgotten. */
  forget: 1,
  call: 2,
} as const;

/** A call as the client numbers it. */
export interface RelayedNumbers {
  readonly number: number;
  /** Of its calls that have not ended. */
  readonly lowest: number;
}

export function writeOp(writer: Writer, op: number, client: string): void {
  writer.rawU8(op);
  writer.rawBytes(Buffer.from(client, 'hex'));
}

export function writeRelayedCall(
  writer: Writer,
  client: string,
  { number, lowest }: RelayedNumbers,
  key: readonly [high: number, low: number],
  values: Uint8Array,
): void {
  writeOp(writer, RelayOp.call, client);
  writer.rawU64(number);
  writer.rawU64(lowest);
  writer.rawU32(key[0]);
  writer.rawU32(key[1]);
  writer.rawBytes(values);
}

/** @throws MarshalError on bytes that are too short */
export function readOp(reader: Reader): { readonly op: number; readonly client: string } {
  const op = reader.rawU8();
  return { op, client: reader.rawBytes(clientIdBytes).toString('hex') };
}

/** @throws MarshalError on bytes that are too short */
export function readNumbers(reader: Reader): RelayedNumbers {
  return { number: reader.rawU64(), lowest: reader.rawU64() };
}
