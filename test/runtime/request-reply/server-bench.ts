/** A server's half of the protocol with a test in place of the network and of the services. */
import type { Reader } from '../../../runtime/src/marshalling/reader.js';
import {
  type Acknowledgement,
  writeAcknowledgement,
} from '../../../runtime/src/request-reply/acknowledgement.js';
import { CalleeEndpoint } from '../../../runtime/src/request-reply/callee.js';
import {
  beginFrame,
  clientIdBytes,
  type Failure,
  FrameType,
  idBytes,
  noId,
  readFailure,
  sendFrame,
} from '../../../runtime/src/request-reply/frames.js';
import {
  cookieBytes,
  type Hello,
  noCookie,
  readWelcome,
  sendHello,
  sessionFrame,
} from '../../../runtime/src/request-reply/handshake-frames.js';
import { type ServerLimits, serverLimits } from '../../../runtime/src/request-reply/limits.js';
import type { ReceivedCall } from '../../../runtime/src/request-reply/received-call.js';
import { readReplyHeader } from '../../../runtime/src/request-reply/reply-frame.js';
import { flagsOf, stampRequest, writeRequest } from '../../../runtime/src/request-reply/request-frame.js';
import type { AnyProcedure } from '../../../runtime/src/schema/description.js';
import {
  createManualPlatform,
  createRecordingLink,
  frameOf,
  procedure,
  type RecordingLink,
  type SentFrame,
} from './support.js';

/** A request that reached the dispatcher. */
export interface Dispatched {
  readonly call: ReceivedCall;
  readonly procedure: AnyProcedure;
  readonly argument: Buffer;
}

export function createServerBench(
  limits: Partial<ServerLimits> = {},
  offered: readonly AnyProcedure[] = [procedure()],
) {
  const { platform, clock } = createManualPlatform('server');
  const dispatched: Dispatched[] = [];
  const callee = new CalleeEndpoint({
    datagramBytes: 1200,
    platform,
    limits: serverLimits(limits),
    tcpPort: () => 7000,
    find: (high, low) => {
      const found = offered.find(({ key }) => key[0] === high && key[1] === low);
      return found === undefined ? undefined : { procedure: found, invoke: () => undefined };
    },
    dispatch: (call, target, _hasMetadata, reader) => {
      const [argument] = target.procedure.readArguments(reader);
      dispatched.push({ call, procedure: target.procedure, argument: Buffer.from(argument) });
    },
  });
  return {
    callee,
    clock,
    platform,
    counters: callee.counters,
    /** What was dispatched since it was asked for last. */
    dispatched: () => dispatched.splice(0),
    /** The only call that was dispatched since. */
    theCall(): ReceivedCall {
      const [first, ...others] = dispatched.splice(0);
      if (first === undefined || others.length > 0)
        throw new Error(`${others.length} calls too many, or one too few`);
      return first.call;
    },
    /** Lets frames arrive in one datagram or one read. */
    receive(link: RecordingLink, ...frames: readonly Uint8Array[]): SentFrame[] {
      const bytes = Buffer.concat(frames);
      link.received += bytes.length;
      callee.handlers.onFrames(link, bytes, 0, bytes.length);
      return link.take();
    },
    /** Answers a call with these bytes. */
    answer(call: ReceivedCall, result: Uint8Array): SentFrame[] {
      callee.answering.result(call, procedure(), result);
      return (call.link as RecordingLink).take();
    },
  };
}

export type ServerBench = ReturnType<typeof createServerBench>;

export function helloFrame(hello: Partial<Hello> = {}): Buffer {
  return frameOf(link =>
    sendHello(link, {
      clientId: Buffer.alloc(clientIdBytes, 1),
      nonce: Buffer.alloc(idBytes, 2),
      firstNumber: 1,
      messageBytes: 1 << 25,
      token: noId,
      cookie: noCookie,
      ...hello,
    }),
  );
}

export function cookieIn(frames: readonly SentFrame[]): Buffer {
  const cookie = frames.find(({ name }) => name === 'cookie');
  if (cookie === undefined) throw new Error(`no cookie among ${frames.map(({ name }) => name)}`);
  const reader = cookie.body();
  reader.rawBytes(idBytes);
  return reader.rawBytes(cookieBytes);
}

/** A client that shook hands, over datagrams unless the link is another. */
export function openSession(
  bench: ServerBench,
  { id = 1, firstNumber = 1, link = createRecordingLink({ validated: false }) } = {},
) {
  const clientId = Buffer.alloc(clientIdBytes, id);
  const hello = { clientId, nonce: Buffer.alloc(idBytes, id), firstNumber };
  let answer = bench.receive(link, helloFrame(hello));
  if (answer[0]?.name === 'cookie') {
    answer = bench.receive(link, helloFrame({ ...hello, cookie: cookieIn(answer) }));
  }
  const welcome = answer.find(({ name }) => name === 'welcome');
  if (welcome === undefined) throw new Error(`no welcome but ${answer.map(({ name }) => name)}`);
  const { token, epoch } = readWelcome(welcome.body());
  const identity = sessionFrame(clientId, token, epoch);
  return {
    ...hello,
    link,
    token,
    epoch,
    identity,
    /** Sends frames in this session. */
    send: (...frames: readonly Uint8Array[]) => bench.receive(link, identity, ...frames),
  };
}

export interface RequestOptions {
  readonly attempt?: number;
  readonly remaining?: number;
  readonly procedure?: AnyProcedure;
}

/** A request's frame. */
export function request(
  number: number,
  argument: string | Uint8Array = 'hello',
  options: RequestOptions = {},
): Buffer {
  const called = options.procedure ?? procedure();
  const frame = writeRequest(called, number, [Buffer.from(argument)], undefined);
  stampRequest(frame, options.attempt ?? 1, options.remaining ?? 30_000);
  return Buffer.from(frame.bytes.subarray(frame.start, frame.end));
}

/** The flags of a request's frame. */
export const requestFlags = (frame: Buffer): number => flagsOf({ bytes: frame, start: 0, end: frame.length });

export function acknowledgement(segment: Acknowledgement): Buffer {
  return frameOf(link => {
    writeAcknowledgement(beginFrame(FrameType.acknowledgement), segment);
    sendFrame(link);
  });
}

/** Acknowledges every call below `high`. */
export const acknowledgeBelow = (high: number): Buffer => acknowledgement({ low: 1, high, open: [] });

export function cancel(number: number): Buffer {
  return frameOf(link => {
    beginFrame(FrameType.cancel).rawU64(number);
    sendFrame(link);
  });
}

/** Asks for the reply, of which no part has come. */
export function probe(number: number): Buffer {
  return frameOf(link => {
    beginFrame(FrameType.probe).rawU64(number);
    sendFrame(link);
  });
}

export interface ReadReply {
  readonly attempt: number;
  readonly number: number;
  readonly processing: number;
  /** The result as text, or how the call failed. */
  readonly result?: string;
  readonly failure?: Failure;
}

/** A reply's frame, read. */
export function readReply(frame: SentFrame | undefined): ReadReply {
  if (frame?.name !== 'reply') throw new Error(`${frame?.name ?? 'nothing'} was sent instead of a reply`);
  const reader: Reader = frame.body();
  const header = readReplyHeader(reader);
  return reader.rawU8() === 0
    ? { ...header, result: Buffer.from(reader.bytes()).toString() }
    : { ...header, failure: readFailure(reader) };
}
