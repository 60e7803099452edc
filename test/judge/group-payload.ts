/** What members of judged groups send: payloads that tell whose they are, and how they were sent. */
import { crc32 } from 'node:zlib';
import type { DeliveryOrder } from '../../runtime/src/schema/group.js';

/** Begins each payload of a judged member. */
const magic = 0x4a47;
const fixedBytes = 11;

export const orders: readonly DeliveryOrder[] = ['unordered', 'fifo', 'causal', 'total'];

export interface Payload {
  /** The address of the member that sends it. */
  readonly sender: string;
  /** Counts the sender's multicasts, or its messages to one member, from 1. */
  readonly number: number;
  readonly order: DeliveryOrder;
  readonly safe: boolean;
  /** The member that it is for; empty: all. */
  readonly target: string;
}

/** @param length of the whole payload, where that is more than it takes */
export function writePayload(payload: Payload, length = 0): Buffer {
  const { sender, number, order, safe, target } = payload;
  const names = Buffer.from(`${sender} ${target}`);
  const least = fixedBytes + names.length;
  const bytes = Buffer.alloc(Math.max(length, least), number & 0xff);
  bytes.writeUInt16BE(magic, 0);
  bytes[2] = orders.indexOf(order);
  bytes[3] = safe ? 1 : 0;
  bytes.writeUInt32BE(number, 4);
  bytes.writeUInt16BE(names.length, 8);
  bytes[10] = 0;
  names.copy(bytes, fixedBytes);
  return bytes;
}

/** Undefined when no judged member can have written it. */
export function readPayload(bytes: Uint8Array): Payload | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < fixedBytes || buffer.readUInt16BE(0) !== magic) return undefined;
  const end = fixedBytes + buffer.readUInt16BE(8);
  const order = orders[buffer[2]!];
  if (end > buffer.length || order === undefined) return undefined;
  const [sender = '', target = ''] = buffer.toString('utf8', fixedBytes, end).split(' ');
  return { sender, number: buffer.readUInt32BE(4), order, safe: buffer[3] === 1, target };
}

/** By which an altered payload is told. */
export const checksumOf = (bytes: Uint8Array): number => crc32(bytes);
