/** All that decodes what comes from a network, each with sound inputs to begin from. */
import { Bank, bankProcedures } from '../../generated/bank/index.js';
import { Feed, Ledger } from '../../generated/testing/ledger/index.js';
import { decodeMetadata, encodeMetadata } from '../../runtime/src/marshalling/dynamic.js';
import { MarshalError } from '../../runtime/src/marshalling/errors.js';
import { Reader } from '../../runtime/src/marshalling/reader.js';
import { Writer } from '../../runtime/src/marshalling/writer.js';
import {
  idBytes,
  identityFrame,
  MessageFrame,
  noEndpoint,
  rendezvousFrame,
  senderFrame,
  stampRendezvous,
  takenFrame,
} from '../../runtime/src/messages/frames.js';
import { openEndpoint } from '../../runtime/src/messages/index.js';
import type { Random } from '../../runtime/src/platform/platform.js';
import { writeFragmentHeader } from '../../runtime/src/request-reply/fragments.js';
import {
  beginFrame,
  type Frame,
  FrameType,
  sendFrame,
  writeRanges,
} from '../../runtime/src/request-reply/frames.js';
import { sendMissingFrame } from '../../runtime/src/request-reply/missing-frame.js';
import {
  beginCredit,
  beginCreditProbe,
  writeSegment,
} from '../../runtime/src/request-reply/stream-frames.js';
import { createFrameCutter } from '../../runtime/src/transport/frame-cutter.js';
import { isSoundPacket, packetHeaderBytes, sealPacket } from '../../runtime/src/transport/packet.js';
import {
  createSeal,
  keyIdBytes,
  sealedHeaderBytes,
  secretBytes,
  tagBytes,
} from '../../runtime/src/transport/seal.js';
import { connect, reply, server as serverAddress } from '../runtime/request-reply/client-bench.js';
import {
  acknowledgeBelow,
  cancel,
  createServerBench,
  helloFrame,
  openSession,
  probe,
  request,
} from '../runtime/request-reply/server-bench.js';
import {
  createManualPlatform,
  createRecordingLink,
  frameOf,
  procedure,
} from '../runtime/request-reply/support.js';

export interface Target {
  readonly name: string;
  readonly corpus: readonly Buffer[];
  /** Takes an input. @throws Error when it breaks a rule; refusing an input is none */
  take(input: Buffer): void;
  /** What the decoder holds; it must not grow with the number of inputs. */
  held(): number;
}

const bytesOf = ({ bytes, start, end }: Frame): Buffer => Buffer.from(bytes.subarray(start, end));

/** Decoders refuse by a `MarshalError` and by nothing else. */
function refusing(decode: () => void): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof MarshalError)) throw error;
  }
}

function valuesTarget(): Target {
  const reader = new Reader();
  const procedures = [...Bank.procedures, ...Ledger.procedures, ...Feed.procedures];
  const readers = procedures.flatMap(each => [
    () => each.readArguments(reader),
    () => each.readResult(reader),
    ...each.errors.map(error => () => error.read(reader)),
    ...(each.items === undefined ? [] : [() => each.items?.read(reader)]),
  ]);
  readers.push(() => decodeMetadata(reader.buffer));
  let taken = 0;
  const written = (write: (writer: Writer) => void): Buffer => {
    const writer = new Writer();
    writer.begin();
    write(writer);
    return Buffer.from(writer.end());
  };
  const money = { units: 12_345n, currency: 1 } as const;
  const job = { key: 'key', work: 3, padding: 2, ending: 1, load: new Uint8Array(20) } as const;
  return {
    name: 'values',
    corpus: [
      written(writer => bankProcedures.deposit.writeArguments(writer, ['alice', money])),
      written(writer => bankProcedures.transfer.writeArguments(writer, ['alice', 'bob', money])),
      written(writer => bankProcedures.deposit.writeResult(writer, money)),
      written(writer => Ledger.procedures[0]!.writeArguments(writer, [job])),
      written(writer =>
        Ledger.procedures[0]!.writeResult(writer, { key: 'k', execution: 1, padding: Buffer.alloc(9) }),
      ),
      Buffer.from(encodeMetadata({ tenant: 'acme', size: 3, on: true, raw: new Uint8Array(4) })),
    ],
    take(input) {
      const read = readers[taken++ % readers.length]!;
      reader.reset(input);
      refusing(() => void read());
    },
    held: () => 0,
  };
}

const withBody = (type: number, write: (writer: Writer) => void): Buffer =>
  frameOf(link => {
    write(beginFrame(type));
    sendFrame(link);
  });

const segment = (number: number, index: number): Buffer =>
  bytesOf(
    writeSegment({ number, segment: index, items: 3, isEnd: false, isContinued: false }, [
      { bytes: Buffer.from([1, 2, 3]), start: 0, end: 3 },
    ]),
  );

const credit = (number: number): Buffer =>
  frameOf(link => {
    beginCredit({ number, next: 1, items: 200, bytes: 100_000, ahead: [[1, 3]] });
    sendFrame(link);
  });

const creditProbe = (number: number): Buffer =>
  frameOf(link => {
    beginCreditProbe(number);
    sendFrame(link);
  });

function serverTarget(reliable: boolean): Target {
  const streaming = procedure({ shape: 'bidi-stream', key: [7, 7] });
  const atLeastOnce = procedure({ semantics: 'at-least-once', key: [5, 5] });
  const bench = createServerBench({ messageBytes: 10_000, historyEntriesPerClient: 100, queuedCalls: 100 }, [
    procedure(),
    streaming,
    atLeastOnce,
  ]);
  let client = openSession(bench, { link: createRecordingLink({ reliable }) });
  let taken = 0;
  const fragment = withBody(FrameType.requestFragment, writer => {
    writer.rawU8(2);
    writer.rawU8(1);
    writer.rawU64(9);
    writer.rawU32(1000);
    writeFragmentHeader(writer, { total: 100, index: 1, count: 4, serial: 1, asks: true });
    writer.rawBytes(Buffer.alloc(25));
  });
  return {
    name: `server over ${reliable ? 'a connection' : 'datagrams'}`,
    corpus: [
      helloFrame(),
      request(1),
      request(2, 'hello', { procedure: streaming }),
      request(3, 'hello', { procedure: atLeastOnce }),
      Buffer.concat([request(4), acknowledgeBelow(3)]),
      acknowledgeBelow(5),
      cancel(6),
      probe(1),
      frameOf(link => sendMissingFrame(link, { number: 1, id: 1, serial: 1, ranges: [[0, 4]] })),
      fragment,
      Buffer.concat([request(2, 'hello', { procedure: streaming }), segment(2, 0), segment(2, 1)]),
      credit(2),
      creditProbe(2),
    ],
    take(input) {
      taken++;
      client.send(input);
      for (const { call } of bench.dispatched()) if (taken % 2 === 0) bench.answer(call, Buffer.alloc(10));
      if (taken % 64 === 0) bench.clock.advance(10);
      // A client that broke the rules lost its connection; and a session does not live for ever.
      if (client.link.closed || taken % 5000 === 0) {
        bench.clock.advance(taken % 5000 === 0 ? 70_000 : 0);
        const id = 1 + (taken % 250);
        // A cookie that is issued in the moment in which the server notices that a session is over would be refused.
        bench.receive(createRecordingLink(), helloFrame({ clientId: Buffer.alloc(16, id) }));
        bench.clock.advance(1);
        client = openSession(bench, { id, link: createRecordingLink({ reliable }) });
      }
    },
    held: () => {
      const { usage } = bench.callee.sessions;
      return usage.historyEntries + usage.historyBytes + usage.halfOpenBytes + bench.callee.streams.size;
    },
  };
}

async function clientTarget(): Promise<Target> {
  const streaming = procedure({ shape: 'server-stream', key: [7, 7] });
  const { mine, deliver, call, answers, clock, datagrams } = await connect();
  let taken = 0;
  const fragment = withBody(FrameType.replyFragment, writer => {
    writer.rawU8(1);
    writer.rawU64(2);
    writer.rawU32(10);
    writer.rawU32(1);
    writeFragmentHeader(writer, { total: 100, index: 1, count: 4, serial: 1, asks: true });
    writer.rawBytes(Buffer.alloc(25));
  });
  const missing = withBody(FrameType.missing, writer => {
    writer.rawU64(1);
    writer.rawU32(0);
    writer.rawU32(0);
    writeRanges(writer, [[0, 4]]);
  });
  return {
    name: 'client',
    corpus: [reply(1), reply(2), fragment, missing, segment(2, 0), segment(3, 1), credit(2), creditProbe(2)],
    take(input) {
      taken++;
      if (taken % 8 === 0) call(1000, taken % 16 === 0 ? streaming : undefined);
      deliver(serverAddress, mine, input);
      if (taken % 256 === 0) clock.advance(2000);
      answers.length = 0;
      datagrams();
    },
    held: () => clock.pending,
  };
}

function packetTarget(): Target {
  const packet = Buffer.concat([Buffer.alloc(packetHeaderBytes), request(1)]);
  sealPacket(packet, 0, packet.length);
  return {
    name: 'envelopes',
    corpus: [packet],
    take: input => {
      const copy = Buffer.from(input);
      if (isSoundPacket(input) && !input.equals(packet))
        throw new Error('an altered datagram passed for a sound one');
      if (!copy.equals(input)) throw new Error('a datagram was changed by looking at it');
    },
    held: () => 0,
  };
}

function sealTarget(): Target {
  const secret = Buffer.alloc(secretBytes, 7);
  const id = Buffer.alloc(keyIdBytes, 1);
  const datagram = Buffer.concat([Buffer.alloc(sealedHeaderBytes), request(1), Buffer.alloc(tagBytes)]);
  createSeal(secret, id, 'client').seal(datagram);
  const { open } = createSeal(secret, id, 'server');
  return {
    name: 'sealed datagrams',
    corpus: [datagram],
    take: input => {
      if (typeof open(input) !== 'string' && !input.equals(datagram))
        throw new Error('an altered datagram was opened');
    },
    held: () => 0,
  };
}

function cutterTarget(random: Random): Target {
  const create = () => createFrameCutter(100_000, () => {});
  let cut = create();
  return {
    name: 'cut streams',
    corpus: [request(1), Buffer.concat([request(1), acknowledgeBelow(3), request(2)])],
    take(input) {
      try {
        for (let at = 0; at < input.length; ) {
          const next = at + 1 + Math.floor(random.next() * 64);
          cut(input.subarray(at, next));
          at = next;
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        cut = create();
      }
    },
    held: () => 0,
  };
}

/** A frame of the message layer. */
function plainFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1, 0);
  head[4] = type;
  return Buffer.concat([head, body]);
}

/** An endpoint of plain messages, over datagrams. */
async function messagesTarget(): Promise<Target> {
  const { platform, deliver, datagrams, clock } = createManualPlatform('messages');
  const endpoint = await openEndpoint('udp://192.0.2.1:4000', { platform, queuedMessages: 100 });
  const id = Buffer.alloc(idBytes, 7);
  const rendezvous = rendezvousFrame(Buffer.from('hello'));
  stampRendezvous(rendezvous, { path: id, receiver: noEndpoint, number: 3, low: 1 });
  let taken = 0;
  return {
    name: 'plain messages',
    corpus: [
      rendezvous,
      takenFrame(id, 3),
      identityFrame(id, id),
      senderFrame('udp://198.51.100.1:4000'),
      plainFrame(MessageFrame.message, Buffer.from('hello')),
      plainFrame(MessageFrame.inquiry, id),
    ],
    take(input) {
      taken++;
      deliver({ host: '198.51.100.1', port: 4000 + (taken % 16) }, input);
      if (taken % 3 === 0) endpoint.tryReceive();
      if (taken % 256 === 0) clock.advance(1000);
      datagrams();
    },
    held: () => endpoint.stats().queued,
  };
}

export async function targets(random: Random): Promise<readonly Target[]> {
  return [
    valuesTarget(),
    serverTarget(false),
    serverTarget(true),
    await clientTarget(),
    await messagesTarget(),
    packetTarget(),
    sealTarget(),
    cutterTarget(random),
  ];
}
