/** The frames of the message layer. See docs/PROTOCOL.md. */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import { lengthBytes } from '../transport/transport.js';

/** None of them is a frame of the request–reply protocol. */
export const MessageFrame = {
  /** An asynchronous send. */
  message: 0x40,
  /** A synchronous send: the sender waits until it is taken. */
  rendezvous: 0x41,
  /** receiver → sender: the receiver took it */
  taken: 0x42,
  /** Over datagrams: which endpoint receives there? */
  inquiry: 0x43,
  /** Over datagrams, receiver → sender: this one, not the one that was named */
  identity: 0x44,
  /** First on a stream: where its sender receives. */
  sender: 0x45,
} as const;

/** Endpoints, and the paths to them, are told apart by so many random bytes. */
export const idBytes = 8;

/** The id that stands for none. */
export const noEndpoint = Buffer.alloc(idBytes);

const typeAt = lengthBytes;
const bodyAt = lengthBytes + 1;
const receiverAt = bodyAt + idBytes;
const numberAt = receiverAt + idBytes;
const lowAt = numberAt + 8;

/** All of a frame before the message. */
export const rendezvousHeaderBytes = lowAt + 8;

const longestSenderAddress = 512;

function createFrame(type: number, bodyBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(bodyAt + bodyBytes);
  frame.writeUInt32BE(frame.length - lengthBytes, 0);
  frame[typeAt] = type;
  return frame;
}

export function messageFrame(data: Uint8Array): Buffer {
  const frame = createFrame(MessageFrame.message, data.length);
  frame.set(data, bodyAt);
  return frame;
}

/** Its header is written by `stampRendezvous`. */
export function rendezvousFrame(data: Uint8Array): Buffer {
  const frame = createFrame(MessageFrame.rendezvous, rendezvousHeaderBytes - bodyAt + data.length);
  frame.set(data, rendezvousHeaderBytes);
  return frame;
}

export interface RendezvousHeader {
  /** The path by which it is sent: numbers of different paths are different messages. */
  readonly path: Buffer;
  /** For whom it is; over a stream for whoever is at its other end. */
  readonly receiver: Buffer;
  /** Ascending on a path, from 1. */
  readonly number: number;
  /** All that the path sent under lower numbers has ended for its sender. */
  readonly low: number;
}

export function stampRendezvous(frame: Buffer, { path, receiver, number, low }: RendezvousHeader): void {
  path.copy(frame, bodyAt);
  receiver.copy(frame, receiverAt);
  writeU64(frame, number, numberAt);
  writeU64(frame, low, lowAt);
}

export function readRendezvousHeader(reader: Reader): RendezvousHeader {
  const header = {
    path: readId(reader),
    receiver: readId(reader),
    number: reader.rawU64(),
    low: reader.rawU64(),
  };
  if (header.low > header.number) throw new MarshalError('a message is said to have ended before it began');
  return header;
}

export function takenFrame(path: Buffer, number: number): Buffer {
  const frame = createFrame(MessageFrame.taken, idBytes + 8);
  path.copy(frame, bodyAt);
  writeU64(frame, number, bodyAt + idBytes);
  return frame;
}

export const inquiryFrame = createFrame(MessageFrame.inquiry, 0);

export function identityFrame(named: Buffer, receiver: Buffer): Buffer {
  const frame = createFrame(MessageFrame.identity, 2 * idBytes);
  named.copy(frame, bodyAt);
  receiver.copy(frame, receiverAt);
  return frame;
}

export function senderFrame(address: string): Buffer {
  const text = Buffer.from(address);
  const frame = createFrame(MessageFrame.sender, text.length);
  text.copy(frame, bodyAt);
  return frame;
}

export function readSenderAddress(reader: Reader): string {
  if (reader.remaining > longestSenderAddress) throw new MarshalError('the address of a sender is too long');
  return reader.rawBytes(reader.remaining).toString();
}

/** A copy, which stays when the bytes it was read from are gone. */
export function readId(reader: Reader): Buffer {
  return Buffer.from(reader.rawBytes(idBytes));
}

function writeU64(frame: Buffer, value: number, at: number): void {
  frame.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  frame.writeUInt32BE(value >>> 0, at + 4);
}
