/** A clock that is moved by hand, links that keep what is sent, and both ends of the protocol on top of them. */
import { Reader } from '../../../runtime/src/marshalling/reader.js';
import type {
  Clock,
  DatagramOptions,
  Platform,
  SocketAddress,
  Timer,
} from '../../../runtime/src/platform/platform.js';
import { FrameType } from '../../../runtime/src/request-reply/frames.js';
import type { ReceivedCall } from '../../../runtime/src/request-reply/received-call.js';
import type { AnyProcedure } from '../../../runtime/src/schema/description.js';
import { createPrng } from '../../../runtime/src/testing/prng.js';
import { forEachFrame } from '../../../runtime/src/transport/frame-loop.js';
import { packetHeaderBytes, sealPacket } from '../../../runtime/src/transport/packet.js';
import type { Link } from '../../../runtime/src/transport/transport.js';

export interface ManualClock extends Clock {
  /** Lets time pass; what is due on the way is called back in its turn. */
  advance(milliseconds: number): void;
  /** The event loop stands still for so long; then all that is due is called back at once. */
  stall(milliseconds: number): void;
  /** How many timers are set. */
  readonly pending: number;
}

export function createManualClock(): ManualClock {
  let time = 1000;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const deferred: (() => void)[] = [];

  const settle = (): void => {
    for (const callback of deferred.splice(0)) callback();
  };
  const runUntil = (end: number): void => {
    settle();
    for (;;) {
      const next = [...timers].reduce<{ at: number; callback: () => void } | undefined>(
        (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
        undefined,
      );
      if (next === undefined || next.at > end) break;
      timers.delete(next);
      time = Math.max(time, next.at);
      next.callback();
      settle();
    }
    time = end;
  };

  return {
    now: () => time,
    wallTime: () => 0,
    setTimer(delay, callback): Timer {
      const timer = { at: time + delay, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer), unref: () => {} };
    },
    defer: callback => deferred.push(callback),
    afterInput: callback => deferred.push(callback),
    advance: milliseconds => runUntil(time + milliseconds),
    stall(milliseconds) {
      time += milliseconds;
      runUntil(time);
    },
    get pending() {
      return timers.size;
    },
  };
}

/** A frame as it went out: its type's name, and a reader of its body. */
export interface SentFrame {
  readonly name: keyof typeof FrameType;
  readonly bytes: Buffer;
  readonly body: () => Reader;
}

const names = new Map<number, keyof typeof FrameType>(
  Object.entries(FrameType).map(([name, type]) => [type, name as keyof typeof FrameType]),
);

export function framesIn(bytes: Buffer, start = 0): SentFrame[] {
  const frames: SentFrame[] = [];
  const reader = new Reader();
  const sound = forEachFrame(reader, bytes, start, bytes.length, type => {
    const name = names.get(type);
    if (name === undefined) throw new Error(`a frame of type ${type} was sent`);
    const { position, end } = reader;
    frames.push({
      name,
      bytes: bytes.subarray(position - 5, end),
      body: () => new Reader().reset(bytes, position, end),
    });
    return true;
  });
  if (!sound) throw new Error('what was sent breaks the rules');
  return frames;
}

/** A link that keeps what is sent. */
export interface RecordingLink extends Link {
  /** What was sent since it was asked for last. */
  take(): SentFrame[];
  closed: boolean;
}

export function createRecordingLink(overrides: Partial<Link> = {}): RecordingLink {
  const sent: Buffer[] = [];
  return {
    reliable: false,
    peer: 'udp://198.51.100.1:4000',
    maxFrame: 1000,
    validated: true,
    principal: undefined,
    full: false,
    received: 0,
    sent: 0,
    addressee: undefined,
    closed: false,
    send(bytes, start, end) {
      this.sent += end - start;
      sent.push(Buffer.from(bytes.subarray(start, end)));
    },
    flush() {},
    whenFlushed: callback => callback(),
    close() {
      this.closed = true;
    },
    take: () => sent.splice(0).flatMap(bytes => framesIn(bytes)),
    ...overrides,
  };
}

/** Time by hand, random numbers that repeat, and one datagram socket whose other end is the test. */
export function createManualPlatform(seed = 'test') {
  const clock = createManualClock();
  const random = createPrng(seed);
  const sent: Buffer[] = [];
  let unsent = 0;
  let whenSent: (() => void)[] = [];
  let receive: DatagramOptions['onMessage'] = () => {};
  const platform: Platform = {
    clock,
    random,
    datagrams: {
      open: async ({ onMessage }) => {
        receive = onMessage;
        return {
          address: { host: '192.0.2.1', port: 4000 },
          send(message, _to, done) {
            sent.push(Buffer.from(message));
            if (unsent > 0) unsent += message.length;
            if (done !== undefined) whenSent.push(() => done(null));
          },
          get unsent() {
            return unsent;
          },
          joinGroup: unused,
          leaveGroup: unused,
          setMulticastTtl: unused,
          setMulticastInterface: unused,
          setMulticastLoopback: unused,
          close: () => {},
        };
      },
      resolve: async host => host,
    },
    streams: { listen: unused, connect: unused },
    names: { lookup: async host => [host], services: unused },
    webSockets: { listen: unused, attach: unused, connect: unused },
  };
  return {
    platform,
    clock,
    /** The system takes nothing more: so many bytes wait in the socket. */
    jam(bytes: number): void {
      unsent = bytes;
    },
    /** The system has taken all that waited. */
    unjam(): void {
      unsent = 0;
      const called = whenSent;
      whenSent = [];
      for (const each of called) each();
    },
    /** The datagrams that were sent since they were asked for last. */
    datagrams: (): Buffer[] => sent.splice(0),
    /** The frames of these datagrams. */
    frames: (): SentFrame[] => sent.splice(0).flatMap(bytes => framesIn(bytes, packetHeaderBytes)),
    /** Lets frames arrive in one datagram. */
    deliver(from: SocketAddress, ...frames: readonly Uint8Array[]): void {
      const datagram = Buffer.concat([Buffer.alloc(packetHeaderBytes), ...frames]);
      sealPacket(datagram, 0, datagram.length);
      receive(datagram, from);
      clock.advance(0);
    },
    /** Lets a datagram arrive as it is. */
    deliverRaw(from: SocketAddress, datagram: Buffer): void {
      receive(datagram, from);
      clock.advance(0);
    },
  };
}

function unused(): never {
  throw new Error('nothing of this is used here');
}

/** A procedure from bytes to bytes. */
export function procedure(overrides: Partial<AnyProcedure> = {}): AnyProcedure {
  return {
    interface: 'test.v1.Echo',
    declaredBy: 'test.v1.Echo',
    id: 1,
    name: 'echo',
    key: [0x01020304, 0x05060708],
    semantics: 'at-most-once',
    shape: 'unary',
    idempotent: false,
    deadline: 30_000,
    arity: 1,
    hasResult: true,
    errors: [],
    writeArguments: (writer, [value]: [Uint8Array]) => writer.bytes(value),
    readArguments: reader => [reader.bytes()],
    writeResult: (writer, value: Uint8Array) => writer.bytes(value),
    readResult: reader => reader.bytes(),
    ...overrides,
  };
}

/** A call as a server notes it when its request has arrived. */
export function receivedCall(number: number, overrides: Partial<ReceivedCall> = {}): ReceivedCall {
  return {
    session: undefined,
    clientId: Buffer.alloc(16, 1),
    number,
    procedure: undefined,
    fingerprint: 0,
    recorded: true,
    oneWay: false,
    deadlineAt: Number.POSITIVE_INFINITY,
    link: createRecordingLink(),
    attempt: 1,
    arrivedAt: 0,
    replyId: 1,
    state: 'waiting',
    reply: undefined,
    replyMetadata: undefined,
    streams: undefined,
    abandoned: false,
    onAbandoned: undefined,
    ...overrides,
  };
}

/** The bytes that `write` puts on a link. */
export function frameOf(write: (link: Link) => void): Buffer {
  const link = createRecordingLink();
  write(link);
  return Buffer.concat(link.take().map(({ bytes }) => bytes));
}
