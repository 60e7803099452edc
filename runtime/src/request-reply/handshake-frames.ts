/** The frames by which a client gets a session. */
import type { Reader } from '../marshalling/reader.js';
import { protocolVersion } from '../transport/packet.js';
import { type Link, lengthBytes } from '../transport/transport.js';
import {
  beginFrame,
  clientIdBytes,
  type Failure,
  FrameType,
  idBytes,
  noId,
  sendFrame,
  writeFailure,
} from './frames.js';

/** `epoch u64 | issued at u64 | MAC 16 bytes`. Only the server that made it can read more into it. */
export const cookieBytes = idBytes + 8 + 16;

export const noCookie = Buffer.alloc(cookieBytes);

export interface Hello {
  readonly version: number;
  readonly clientId: Buffer;
  /** Chosen for each handshake: answers to an older one are not taken for answers to this one. */
  readonly nonce: Buffer;
  /** Every call below this number is finished. */
  readonly firstNumber: number;
  /** The longest reply that the client takes. */
  readonly messageBytes: number;
  /** The session that the client holds already, or zero. */
  readonly token: Buffer;
  /** As the server gave it, or zero. */
  readonly cookie: Buffer;
  /** Opens no session: it is for a second path to the one that the token names. */
  readonly renewsOnly?: boolean;
}

const renewsOnlyFlag = 1;

export function sendHello(link: Link, hello: Omit<Hello, 'version'>): void {
  const writer = beginFrame(FrameType.hello);
  writer.rawU8(protocolVersion);
  writer.rawBytes(hello.clientId);
  writer.rawBytes(hello.nonce);
  writer.rawU64(hello.firstNumber);
  writer.rawU32(hello.messageBytes);
  writer.rawBytes(hello.token);
  writer.rawBytes(hello.cookie);
  if (hello.renewsOnly) writer.rawU8(renewsOnlyFlag);
  sendFrame(link);
}

export function readHello(reader: Reader): Hello {
  return {
    version: reader.rawU8(),
    clientId: reader.rawBytes(clientIdBytes),
    nonce: reader.rawBytes(idBytes),
    firstNumber: reader.rawU64(),
    messageBytes: reader.rawU32(),
    token: reader.rawBytes(idBytes),
    cookie: reader.rawBytes(cookieBytes),
    renewsOnly: reader.remaining > 0 && (reader.rawU8() & renewsOnlyFlag) !== 0,
  };
}

export function sendCookie(link: Link, nonce: Buffer, cookie: Buffer): void {
  const writer = beginFrame(FrameType.cookie);
  writer.rawBytes(nonce);
  writer.rawBytes(cookie);
  sendFrame(link);
}

export interface Welcome {
  readonly nonce: Buffer;
  readonly epoch: Buffer;
  readonly token: Buffer;
  /** Milliseconds. */
  readonly lease: number;
  /** Where the same server takes TCP connections; 0 when it does not. */
  readonly tcpPort: number;
  /** The longest request that the server takes. */
  readonly messageBytes: number;
}

export function sendWelcome(link: Link, welcome: Welcome): void {
  const writer = beginFrame(FrameType.welcome);
  writer.rawBytes(welcome.nonce);
  writer.rawBytes(welcome.epoch);
  writer.rawBytes(welcome.token);
  writer.rawU32(welcome.lease);
  writer.rawU16(welcome.tcpPort);
  writer.rawU32(welcome.messageBytes);
  sendFrame(link);
}

/** The ids are copied, for they outlive the datagram. */
export function readWelcome(reader: Reader): Welcome {
  return {
    nonce: reader.rawBytes(idBytes),
    epoch: Buffer.from(reader.rawBytes(idBytes)),
    token: Buffer.from(reader.rawBytes(idBytes)),
    lease: reader.rawU32(),
    tcpPort: reader.rawU16(),
    messageBytes: reader.rawU32(),
  };
}

const sessionFrameBytes = lengthBytes + 1 + clientIdBytes + 2 * idBytes;
const channelFrameBytes = lengthBytes + 1 + clientIdBytes;

/** The frame that says whose frames follow, complete with its length. */
export function sessionFrame(clientId: Buffer, token: Buffer = noId, epoch: Buffer = noId): Buffer {
  const frame = Buffer.alloc(sessionFrameBytes);
  frame.writeUInt32BE(sessionFrameBytes - lengthBytes, 0);
  frame[lengthBytes] = FrameType.session;
  clientId.copy(frame, lengthBytes + 1);
  token.copy(frame, lengthBytes + 1 + clientIdBytes);
  epoch.copy(frame, lengthBytes + 1 + clientIdBytes + idBytes);
  return frame;
}

/** The frame that says for whom the frames of a datagram are. */
export function channelFrame(clientId: Buffer): Buffer {
  const frame = Buffer.alloc(channelFrameBytes);
  frame.writeUInt32BE(channelFrameBytes - lengthBytes, 0);
  frame[lengthBytes] = FrameType.channel;
  clientId.copy(frame, lengthBytes + 1);
  return frame;
}

export const ResetReason = {
  /** Never opened here, or its lease ran out. */
  unknownSession: 1,
  /** The server was started anew. */
  otherEpoch: 2,
  /** The reply is too long for an address that was not validated. */
  validate: 3,
} as const;

/** A reset's frame. */
export const resetBytes = lengthBytes + 1 + idBytes + 1;

export function sendReset(link: Link, token: Buffer, reason: number): void {
  const writer = beginFrame(FrameType.reset);
  writer.rawBytes(token);
  writer.rawU8(reason);
  sendFrame(link);
}

/** No session for this hello: the failure says why. */
export function sendRefused(link: Link, nonce: Buffer, failure: Failure): void {
  const writer = beginFrame(FrameType.refused);
  writer.rawBytes(nonce);
  writeFailure(writer, failure);
  sendFrame(link);
}
