/** The frames and values of docs/PROTOCOL.md, as the runtime writes and reads them. */
import { hkdfSync } from 'node:crypto';
import { expect } from 'vitest';
import { bankProcedures, Currency, NoSuchAccount, readMoney } from '../../generated/bank/index.js';
import { decodeMetadata, encodeMetadata } from '../../runtime/src/marshalling/dynamic.js';
import { Reader } from '../../runtime/src/marshalling/reader.js';
import type { Writer } from '../../runtime/src/marshalling/writer.js';
import {
  identityFrame,
  inquiryFrame,
  messageFrame,
  noEndpoint,
  readRendezvousHeader,
  readSenderAddress,
  rendezvousFrame,
  senderFrame,
  stampRendezvous,
  takenFrame,
} from '../../runtime/src/messages/frames.js';
import type { StreamSocket } from '../../runtime/src/platform/platform.js';
import {
  readAcknowledgement,
  writeAcknowledgement,
} from '../../runtime/src/request-reply/acknowledgement.js';
import {
  fragmentBounds,
  readFragmentHeader,
  writeFragmentHeader,
} from '../../runtime/src/request-reply/fragments.js';
import {
  beginFrame,
  type Frame,
  FrameType,
  noId,
  ReplyStatus,
  sendFrame,
  writeFailure,
} from '../../runtime/src/request-reply/frames.js';
import {
  channelFrame,
  noCookie,
  ResetReason,
  readHello,
  readWelcome,
  sendCookie,
  sendHello,
  sendRefused,
  sendReset,
  sendWelcome,
  sessionFrame,
} from '../../runtime/src/request-reply/handshake-frames.js';
import { readMissing, sendMissingFrame } from '../../runtime/src/request-reply/missing-frame.js';
import {
  readReplyBody,
  readReplyHeader,
  replyMetadataFlag,
  writeReplyHeader,
} from '../../runtime/src/request-reply/reply-frame.js';
import {
  flagsOf,
  readRequestHeader,
  stampRequest,
  writeRequest,
  writeRequestHeader,
} from '../../runtime/src/request-reply/request-frame.js';
import { sendPing } from '../../runtime/src/request-reply/send-request.js';
import {
  beginCredit,
  beginCreditProbe,
  readCredit,
  readSegmentHeader,
  writeSegment,
} from '../../runtime/src/request-reply/stream-frames.js';
import type { AnyProcedure } from '../../runtime/src/schema/description.js';
import { grantKey } from '../../runtime/src/transport/key-agreement.js';
import { packetHeaderBytes, sealPacket } from '../../runtime/src/transport/packet.js';
import { createSeal, sealedHeaderBytes, tagBytes, unknownKey } from '../../runtime/src/transport/seal.js';
import { SecuredProtocol } from '../../runtime/src/transport/tls.js';
import { type Link, lengthBytes } from '../../runtime/src/transport/transport.js';
import { packr, read } from '../runtime/marshalling/support.js';
import { createManualClock, frameOf, framesIn, type SentFrame } from '../runtime/request-reply/support.js';
import { groupReaders, groupVectors } from './protocol-group-vectors.js';

/** `from`, `from + 1`, … */
const ascending = (length: number, from: number) =>
  Buffer.from(Array.from({ length }, (_, index) => from + index));

const clientId = ascending(16, 0x00);
const nonce = ascending(8, 0x20);
const epoch = ascending(8, 0x30);
const token = ascending(8, 0x40);
const cookie = ascending(32, 0x60);
const pathId = ascending(8, 0x80);
const endpointId = ascending(8, 0x90);

const written = (type: number, write: (writer: Writer) => void): Buffer =>
  frameOf(link => {
    write(beginFrame(type));
    sendFrame(link);
  });

function request(procedure: AnyProcedure, values: readonly unknown[], metadata?: Uint8Array): Buffer {
  const frame = writeRequest(procedure, 7, values, metadata);
  stampRequest(frame, 1, 2000);
  return Buffer.from(frame.bytes.subarray(frame.start, frame.end));
}

const bytesOf = ({ bytes, start, end }: Frame): Buffer => Buffer.from(bytes.subarray(start, end));

function datagram(...frames: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(packetHeaderBytes), ...frames]);
  sealPacket(bytes, 0, bytes.length);
  return bytes;
}

const secret = ascending(32, 0x80);
const keyId = ascending(8, 0x50);

/** The second datagram that a client seals with the key. */
function sealed(...frames: readonly Buffer[]): Buffer {
  const seal = createSeal(secret, keyId, 'client');
  const bytes = Buffer.concat([Buffer.alloc(sealedHeaderBytes), ...frames, Buffer.alloc(tagBytes)]);
  for (let counter = 0; counter < 2; counter++) {
    Buffer.concat(frames).copy(bytes, sealedHeaderBytes);
    seal.seal(bytes);
  }
  return bytes;
}

const sealingKeys = Buffer.concat(
  ['client', 'server'].map(side => Buffer.from(hkdfSync('sha256', secret, '', `convoke udps ${side}`, 28))),
);

/** What a server sends to a client that gets a key. */
function keyGrant(): Buffer {
  const written: Uint8Array[] = [];
  const socket = {
    write: (chunk: Uint8Array) => written.push(chunk),
    end: () => {},
    tls: { protocol: SecuredProtocol.keys, certificate: undefined, exportKey: () => secret },
  };
  grantKey(socket as unknown as StreamSocket, keyId, createManualClock());
  return Buffer.concat(written);
}

const money = { units: 1250n, currency: Currency.eur };
const deposit = request(bankProcedures.deposit, ['alice', money]);
const hello = (more: { token?: Buffer; cookie?: Buffer; renewsOnly?: boolean }) => (link: Link) =>
  sendHello(link, {
    clientId,
    nonce,
    firstNumber: 1,
    messageBytes: 1 << 25,
    token: noId,
    cookie: noCookie,
    ...more,
  });

function reply(status: number, write: (writer: Writer) => void): Buffer {
  return written(FrameType.reply, writer => {
    writeReplyHeader(writer, 1, 7, 1.5);
    writer.rawU8(status);
    write(writer);
  });
}

function rendezvous(): Buffer {
  const frame = rendezvousFrame(Buffer.from('hello'));
  stampRendezvous(frame, { path: pathId, receiver: endpointId, number: 7, low: 6 });
  return frame;
}

const result = reply(ReplyStatus.result, writer => bankProcedures.deposit.writeResult(writer, money));
const acknowledgement = written(FrameType.acknowledgement, writer =>
  writeAcknowledgement(writer, { low: 1, high: 8, open: [7] }),
);

/** By the name that stands behind the word `hex` in the page. */
export const vectors: Readonly<Record<string, Buffer>> = {
  ...groupVectors,
  hello: frameOf(hello({})),
  'hello-with-cookie': frameOf(hello({ cookie })),
  'hello-of-a-second-path': frameOf(hello({ token, renewsOnly: true })),
  cookie: frameOf(link => sendCookie(link, nonce, cookie)),
  welcome: frameOf(link =>
    sendWelcome(link, { nonce, epoch, token, lease: 60_000, tcpPort: 7000, messageBytes: 1 << 25 }),
  ),
  refused: frameOf(link =>
    sendRefused(link, nonce, {
      code: 'permission-denied',
      outcome: 'not-executed',
      message: 'the client id is in use by another client',
    }),
  ),
  session: sessionFrame(clientId, token, epoch),
  channel: channelFrame(clientId),
  reset: frameOf(link => sendReset(link, token, ResetReason.otherEpoch)),
  request: deposit,
  'request-with-metadata': request(bankProcedures.balance, ['alice'], encodeMetadata({ tenant: 'acme' })),
  result,
  'result-with-metadata': reply(ReplyStatus.result | replyMetadataFlag, writer => {
    const metadata = encodeMetadata({ node: 'b2' });
    writer.rawU32(metadata.length);
    writer.rawBytes(metadata);
    bankProcedures.deposit.writeResult(writer, money);
  }),
  'declared-error': reply(ReplyStatus.declaredError, writer => {
    const [declared] = bankProcedures.deposit.errors;
    writer.string(declared!.fullName);
    declared!.writeData(writer, new NoSuchAccount({ id: 'alice' }));
  }),
  failure: reply(ReplyStatus.failure, writer =>
    writeFailure(writer, { code: 'unimplemented', outcome: 'not-executed', message: 'no' }),
  ),
  busy: written(FrameType.busy, writer => writeReplyHeader(writer, 2, 7, 0)),
  probe: written(FrameType.probe, writer => {
    writer.rawU64(7);
  }),
  'missing-of-request': frameOf(link => {
    sendMissingFrame(link, { number: 7, id: 0, serial: 4, ranges: [[1, 3]] });
  }),
  'missing-of-reply': frameOf(link => {
    const ranges = [
      [2, 3],
      [10, 24],
    ] as const;
    sendMissingFrame(link, { number: 7, id: 9, serial: 0, ranges });
  }),
  ping: frameOf(sendPing),
  cancel: written(FrameType.cancel, writer => writer.rawU64(7)),
  acknowledgement,
  'request-fragment': written(FrameType.requestFragment, writer => {
    writeRequestHeader(writer, flagsOf({ bytes: deposit, start: 0, end: deposit.length }), 1, 7, 2000);
    writeFragmentHeader(writer, { total: 11, index: 2, count: 4, serial: 3, asks: false });
    writer.rawBytes(Buffer.from([0x92, 0xcd, 0x04]));
  }),
  'reply-fragment': written(FrameType.replyFragment, writer => {
    writeReplyHeader(writer, 1, 7, 1.5);
    writer.rawU32(9);
    writeFragmentHeader(writer, { total: 5, index: 1, count: 2, serial: 2, asks: true });
    writer.rawBytes(Buffer.from([0xc4, 0x00]));
  }),
  message: messageFrame(Buffer.from('hello')),
  sender: senderFrame('tcp://127.0.0.1:7400'),
  rendezvous: rendezvous(),
  taken: takenFrame(pathId, 7),
  inquiry: inquiryFrame,
  identity: identityFrame(noEndpoint, endpointId),
  segment: bytesOf(
    writeSegment({ number: 7, segment: 3, items: 2, isEnd: true, isContinued: false }, [
      { bytes: Buffer.from([0x92, 0xcd, 0x04, 0xe2, 0x01, 0x05]), start: 0, end: 6 },
    ]),
  ),
  credit: frameOf(link => {
    beginCredit({ number: 7, next: 2, items: 1152, bytes: 327_680, ahead: [[1, 3]] });
    sendFrame(link);
  }),
  'credit-probe': frameOf(link => {
    beginCreditProbe(7);
    sendFrame(link);
  }),
  'datagram-to-server': datagram(sessionFrame(clientId, token, epoch), acknowledgement, deposit),
  'datagram-to-client': datagram(channelFrame(clientId), result),
  'key-grant': keyGrant(),
  'sealing-keys': sealingKeys,
  'sealed-datagram': sealed(sessionFrame(clientId, token, epoch), acknowledgement),
  'unknown-key': unknownKey(sealed(acknowledgement)),
};

const theFrame = (bytes: Buffer): SentFrame => {
  const [frame, ...others] = framesIn(bytes);
  if (frame === undefined || others.length > 0) throw new Error('not one frame');
  return frame;
};

/** Of a frame of any type. */
const theBody = (bytes: Buffer): Reader => new Reader().reset(bytes, lengthBytes + 1);

/** What the fields of a frame must turn out to be. */
export const readers: Readonly<Record<string, (bytes: Buffer) => void>> = {
  ...groupReaders,
  hello: bytes =>
    expect(readHello(theFrame(bytes).body())).toEqual({
      version: 1,
      clientId,
      nonce,
      firstNumber: 1,
      messageBytes: 1 << 25,
      token: noId,
      cookie: noCookie,
      renewsOnly: false,
    }),
  'hello-of-a-second-path': bytes =>
    expect(readHello(theFrame(bytes).body())).toMatchObject({
      nonce,
      token,
      cookie: noCookie,
      renewsOnly: true,
    }),
  welcome: bytes =>
    expect(readWelcome(theFrame(bytes).body())).toEqual({
      nonce,
      epoch,
      token,
      lease: 60_000,
      tcpPort: 7000,
      messageBytes: 1 << 25,
    }),
  request(bytes) {
    const reader = theFrame(bytes).body();
    const header = readRequestHeader(reader);
    expect(header).toMatchObject({ semantics: 'at-most-once', attempt: 1, number: 7, remaining: 2000 });
    expect([reader.rawU32(), reader.rawU32()]).toEqual(bankProcedures.deposit.key);
    expect(bankProcedures.deposit.readArguments(reader)).toEqual(['alice', money]);
  },
  'request-with-metadata'(bytes) {
    const reader = theFrame(bytes).body();
    expect(readRequestHeader(reader)).toMatchObject({ semantics: 'at-least-once', hasMetadata: true });
    reader.rawBytes(8);
    expect(decodeMetadata(reader.rawBytes(reader.rawU32()))).toEqual({ tenant: 'acme' });
    expect(bankProcedures.balance.readArguments(reader)).toEqual(['alice']);
  },
  result(bytes) {
    const reader = theFrame(bytes).body();
    expect(readReplyHeader(reader)).toEqual({ attempt: 1, number: 7, processing: 1.5 });
    expect(readReplyBody(reader, bankProcedures.deposit)).toEqual({ kind: 'result', value: money });
  },
  'result-with-metadata'(bytes) {
    const reader = theFrame(bytes).body();
    readReplyHeader(reader);
    expect(readReplyBody(reader, bankProcedures.deposit)).toEqual({
      kind: 'result',
      value: money,
      metadata: { node: 'b2' },
    });
  },
  'declared-error'(bytes) {
    const reader = theFrame(bytes).body();
    readReplyHeader(reader);
    const body = readReplyBody(reader, bankProcedures.deposit);
    expect(body).toMatchObject({ kind: 'error', error: { data: { id: 'alice' } } });
  },
  failure(bytes) {
    const reader = theFrame(bytes).body();
    readReplyHeader(reader);
    expect(readReplyBody(reader, bankProcedures.deposit)).toEqual({
      kind: 'failure',
      failure: { code: 'unimplemented', outcome: 'not-executed', message: 'no' },
    });
  },
  'sealed-datagram'(bytes) {
    const frames = createSeal(secret, keyId, 'server').open(bytes);
    if (typeof frames === 'string') throw new Error(frames);
    expect(framesIn(frames).map(({ name }) => name)).toEqual(['session', 'acknowledgement']);
  },
  acknowledgement(bytes) {
    const finished: number[] = [];
    readAcknowledgement(theFrame(bytes).body(), (from, to) => {
      for (let number = from; number < to; number++) finished.push(number);
    });
    expect(finished).toEqual([1, 2, 3, 4, 5, 6]);
  },
  'missing-of-request'(bytes) {
    const missing = readMissing(theFrame(bytes).body());
    expect(missing).toEqual({ number: 7, id: 0, serial: 4, ranges: [[1, 3]] });
  },
  sender: bytes => expect(readSenderAddress(theBody(bytes))).toBe('tcp://127.0.0.1:7400'),
  rendezvous(bytes) {
    const reader = theBody(bytes);
    expect(readRendezvousHeader(reader)).toEqual({ path: pathId, receiver: endpointId, number: 7, low: 6 });
    expect(reader.rawBytes(reader.remaining).toString()).toBe('hello');
  },
  'request-fragment'(bytes) {
    const reader = theFrame(bytes).body();
    readRequestHeader(reader);
    expect(readFragmentHeader(reader)).toEqual({ total: 11, index: 2, count: 4, serial: 3, asks: false });
    expect(fragmentBounds(11, 4, 2)).toEqual([6, 9]);
  },
  'reply-fragment'(bytes) {
    const reader = theFrame(bytes).body();
    readReplyHeader(reader);
    expect(reader.rawU32()).toBe(9);
    expect(readFragmentHeader(reader)).toEqual({ total: 5, index: 1, count: 2, serial: 2, asks: true });
    expect(fragmentBounds(5, 2, 1)).toEqual([3, 5]);
  },
  segment(bytes) {
    const reader = theFrame(bytes).body();
    expect(readSegmentHeader(reader)).toEqual({
      number: 7,
      segment: 3,
      items: 2,
      isEnd: true,
      isContinued: false,
    });
    expect([readMoney(reader), reader.u8()]).toEqual([money, 5]);
  },
  credit: bytes =>
    expect(readCredit(theFrame(bytes).body())).toEqual({
      number: 7,
      next: 2,
      items: 1152,
      bytes: 327_680,
      ahead: [[1, 3]],
    }),
};

interface TypedValue {
  readonly value: unknown;
  readonly write: (writer: Writer) => void;
  readonly read: (reader: Reader) => unknown;
}

const uuid = '00112233-4455-6677-8899-aabbccddeeff';

/** By the first type of the table's row. */
export const values: Readonly<Record<string, TypedValue>> = {
  bool: { value: true, write: writer => writer.bool(true), read: reader => reader.bool() },
  i8: { value: 200, write: writer => writer.u8(200), read: reader => reader.u8() },
  f32: { value: 1.5, write: writer => writer.f32(1.5), read: reader => reader.f32() },
  f64: { value: 1.5, write: writer => writer.f64(1.5), read: reader => reader.f64() },
  string: { value: 'é', write: writer => writer.string('é'), read: reader => reader.string() },
  bytes: {
    value: new Uint8Array([1, 2]),
    write: writer => writer.bytes(new Uint8Array([1, 2])),
    read: reader => reader.bytes(),
  },
  timestamp: {
    value: new Date(1000),
    write: writer => writer.timestamp(new Date(1000)),
    read: reader => reader.timestamp(),
  },
  duration: { value: 2000, write: writer => writer.duration(2000), read: reader => reader.duration() },
  uuid: { value: uuid, write: writer => writer.uuid(uuid), read: reader => reader.uuid() },
  'list<T>': {
    value: [1, 2],
    write(writer) {
      writer.arrayHeader(2);
      writer.u8(1);
      writer.u8(2);
    },
    read: reader => Array.from({ length: reader.arrayHeader() }, () => reader.u8()),
  },
  'map<K': {
    value: new Map([['a', 1]]),
    write(writer) {
      writer.mapHeader(1);
      writer.string('a');
      writer.u8(1);
    },
    read: reader =>
      new Map(Array.from({ length: reader.mapHeader() }, () => [reader.string(), reader.u8()] as const)),
  },
  an: { value: 2, write: writer => writer.u16(2), read: reader => reader.u16() },
  a: {
    value: [1, 7],
    write(writer) {
      writer.unionHeader(1);
      writer.u8(7);
    },
    read: reader => [reader.unionHeader(), reader.u8()],
  },
  'T?': { value: true, write: writer => writer.nil(), read: reader => reader.takeNil() },
};

/** What the bytes of a struct mean, by the struct's declaration. */
export const structs: Readonly<Record<string, (bytes: Buffer) => void>> = {
  '@1 units: i64; @2 currency: Currency': bytes => expect(read(bytes, readMoney)).toEqual(money),
  'the same as a map': bytes => expect(read(bytes, readMoney)).toEqual(money),
  '@1 a?: u8; @2 b: u8 without a': bytes => expect(packr.unpack(bytes)).toEqual([null, 5]),
  '@1 a: u8; @40 b: u8 (40 > 2 × 2 + 8)': bytes =>
    expect(packr.unpack(bytes)).toEqual(
      new Map([
        [1, 5],
        [40, 6],
      ]),
    ),
};
