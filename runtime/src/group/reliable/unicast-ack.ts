/** Acknowledgements of reliable unicast, in bytes. `docs/PROTOCOL.md`, "Groups: reliable unicast". */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';

/** Messages that were not received: `count` of them, from the number `from` on. */
export interface SeqRange {
  readonly from: number;
  readonly count: number;
}

/** What a receiver has of one connection. */
export interface UnicastAck {
  readonly connection: number;
  /** Drawn by the receiver when it first heard of the connection: another one tells that it has forgotten all before. */
  readonly memory: number;
  /** All up to this number were delivered. */
  readonly upTo: number;
  /** What is above `upTo` and up to this number was received, but for `missing`. */
  readonly seen: number;
  /** What was received last for the first time, for round trips; 0 where nothing was. */
  readonly latest: number;
  /** Milliseconds between the receipt of `latest` and this acknowledgement. */
  readonly held: number;
  /** In ascending order. */
  readonly missing: readonly SeqRange[];
}

/** The longest time in milliseconds that an acknowledgement waits for company: senders wait so much longer. */
export const longestAckDelay = 20;

/** So many ranges fit into one acknowledgement; `seen` ends before the first that does not. */
export const mostRanges = 64;

const rangeBytes = 10;
const mostHeld = 0xffff_ffff;

export function writeUnicastAck(ack: UnicastAck): Buffer {
  const writer = new ByteWriter(32 + ack.missing.length * rangeBytes)
    .u32(ack.connection)
    .u32(ack.memory)
    .u48(ack.upTo)
    .u48(ack.seen)
    .u48(ack.latest)
    .u32(Math.min(mostHeld, Math.round(ack.held * 1000)));
  return writer.list(ack.missing, ({ from, count }) => writer.u48(from).u32(count)).done();
}

/** @throws MalformedBytes */
export function readUnicastAck(bytes: Uint8Array): UnicastAck {
  const reader = new ByteReader(bytes);
  const connection = reader.u32();
  const memory = reader.u32();
  const upTo = reader.u48();
  const seen = reader.u48();
  const latest = reader.u48();
  const held = reader.u32() / 1000;
  const missing = reader.list(rangeBytes, () => ({ from: reader.u48(), count: reader.u32() }));
  reader.end();
  if (seen < upTo) throw new MalformedBytes(`${seen} was seen, but all up to ${upTo} delivered`);
  if (missing.length > mostRanges) throw new MalformedBytes(`${missing.length} ranges are too many`);
  let end = upTo;
  for (const { from, count } of missing) {
    if (from <= end || count === 0) throw new MalformedBytes('the ranges are out of order');
    end = from + count - 1;
    if (end > seen) throw new MalformedBytes(`${end} is missing, but only ${seen} was seen`);
  }
  return { connection, memory, upTo, seen, latest, held, missing };
}
