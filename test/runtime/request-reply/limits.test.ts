import { describe, expect, it } from 'vitest';
import { fragmentHeaderBytes } from '../../../runtime/src/request-reply/fragments.js';
import { entryBytes } from '../../../runtime/src/request-reply/history.js';
import {
  defaultServerLimits,
  type ServerLimits,
  serverLimits,
} from '../../../runtime/src/request-reply/limits.js';
import { writeRequest } from '../../../runtime/src/request-reply/request-frame.js';
import { outgoingRequest } from '../../../runtime/src/request-reply/send-request.js';
import { writeSegment } from '../../../runtime/src/request-reply/stream-frames.js';
import {
  acknowledgeBelow,
  createServerBench,
  openSession,
  probe,
  type ReadReply,
  readReply,
  request,
} from './server-bench.js';
import { createRecordingLink, procedure } from './support.js';

/** The fragments of a request. */
function fragmentsOf(
  number: number,
  length: number,
  semantics: 'at-most-once' | 'at-least-once' = 'at-most-once',
) {
  const called = procedure({ semantics });
  const frame = writeRequest(called, number, [Buffer.alloc(length)], undefined);
  const link = createRecordingLink({ maxFrame: 300 });
  const call = { number, frame, procedure: called, copies: 1, deadlineAt: 30_000 };
  const request = outgoingRequest(call, link, () => link);
  for (let index = 0; index < request.count; index++) request.send(index, index + 1, true, 0);
  return link.take().map(({ bytes }) => bytes);
}

function refused(reply: ReadReply | undefined) {
  return reply?.failure;
}

/** Sends requests from `from` to `to`, answers none, and returns what came back. */
function fill(client: ReturnType<typeof openSession>, from: number, to: number) {
  const replies: ReadReply[] = [];
  for (let number = from; number <= to; number++) {
    replies.push(...client.send(request(number)).map(readReply));
  }
  return replies;
}

const tooMany = { code: 'resource-exhausted', outcome: 'not-executed' } as const;

const serverStream = procedure({ shape: 'server-stream' });

/** A segment of a stream, with a byte for each item unless told otherwise. */
function segment(number: number, index: number, items: number, bytes: number = items): Buffer {
  const payload = { bytes: Buffer.alloc(bytes), start: 0, end: bytes };
  const frame = writeSegment({ number, segment: index, items, isEnd: false, isContinued: false }, [payload]);
  return Buffer.from(frame.bytes.subarray(frame.start, frame.end));
}

/** Each limit, and what becomes of a client that goes beyond it. */
const proofs: Readonly<
  Record<
    Exclude<keyof ServerLimits, 'lease' | 'metadataBytes' | 'runningCalls' | 'queuedCalls' | 'datagramKeys'>,
    () => void
  >
> = {
  messageBytes() {
    const bench = createServerBench({ messageBytes: 2000 });
    const client = openSession(bench);
    client.send(...fragmentsOf(1, 1900));
    expect(bench.counters.malformed).toBe(0);
    client.send(...fragmentsOf(2, 2100));
    expect(bench.counters.malformed).toBe(1);
    client.send(request(3));
    const call = bench.dispatched().at(-1)!.call;
    const [tombstone] = bench.answer(call, Buffer.alloc(2001));
    expect(readReply(tombstone).failure).toMatchObject({ code: 'resource-exhausted', outcome: 'executed' });
  },

  sessions() {
    const bench = createServerBench({ sessions: 2 });
    openSession(bench, { id: 1 });
    openSession(bench, { id: 2 });
    expect(() => openSession(bench, { id: 3 })).toThrow('no welcome but refused');
    expect(bench.callee.sessions.size).toBe(2);
  },

  historyEntriesPerClient() {
    const bench = createServerBench({ historyEntriesPerClient: 3 });
    const client = openSession(bench);
    expect(fill(client, 1, 3)).toEqual([]);
    const [fourth] = fill(client, 4, 4);
    expect(refused(fourth)).toMatchObject(tooMany);
    client.send(acknowledgeBelow(4));
    expect(refused(fill(client, 4, 4)[0])).toMatchObject(tooMany);
    expect(fill(client, 5, 5)).toEqual([]);
    expect(bench.dispatched()).toHaveLength(4);
  },

  historyBytesPerClient() {
    const bench = createServerBench({ historyBytesPerClient: 1000 });
    const client = openSession(bench);
    fill(client, 1, 1);
    bench.answer(bench.theCall(), Buffer.alloc(900));
    expect(refused(fill(client, 2, 2)[0])).toMatchObject(tooMany);
    client.send(acknowledgeBelow(3));
    expect(fill(client, 3, 3)).toEqual([]);
  },

  historyEntries() {
    const bench = createServerBench({ historyEntries: 3 });
    const clients = [openSession(bench, { id: 1 }), openSession(bench, { id: 2 })] as const;
    expect(fill(clients[0], 1, 2)).toEqual([]);
    expect(fill(clients[1], 1, 1)).toEqual([]);
    expect(refused(fill(clients[1], 2, 2)[0])).toMatchObject(tooMany);
  },

  historyBytes() {
    const bench = createServerBench({ historyBytes: 2 * entryBytes });
    const clients = [openSession(bench, { id: 1 }), openSession(bench, { id: 2 })] as const;
    for (const client of clients) expect(fill(client, 1, 1)).toEqual([]);
    for (const client of clients) expect(refused(fill(client, 2, 2)[0])).toMatchObject(tooMany);
  },

  streamsPerClient() {
    const bench = createServerBench({ streamsPerClient: 2 }, [serverStream]);
    const client = openSession(bench);
    expect(fill(client, 1, 2)).toEqual([]);
    expect(refused(fill(client, 3, 3)[0])).toMatchObject(tooMany);
    client.send(acknowledgeBelow(4));
    expect(fill(client, 4, 4)).toEqual([]);
  },

  streams() {
    const bench = createServerBench({ streams: 2 }, [serverStream]);
    for (const id of [1, 2]) expect(fill(openSession(bench, { id }), 1, 1)).toEqual([]);
    expect(refused(fill(openSession(bench, { id: 3 }), 1, 1)[0])).toMatchObject(tooMany);
  },

  streamItems() {
    const bench = createServerBench({ streamItems: 100 }, [procedure({ shape: 'client-stream' })]);
    const client = openSession(bench);
    client.send(request(1), segment(1, 0, 100), segment(1, 2, 1));
    expect(bench.counters.malformed).toBe(1);
    client.send(segment(1, 1, 0));
    expect(bench.counters.malformed).toBe(1);
  },

  streamBytes() {
    const bench = createServerBench({ streamBytes: 70_000 }, [procedure({ shape: 'client-stream' })]);
    const client = openSession(bench);
    client.send(request(1), segment(1, 0, 1, 60_000));
    expect(bench.counters.malformed).toBe(0);
    client.send(segment(1, 1, 1, 20_000));
    expect(bench.counters.malformed).toBe(1);
  },

  keptReplyBytes() {
    const bench = createServerBench({ keptReplyBytes: 100 });
    const client = openSession(bench);
    client.send(request(1), request(2));
    const [short, long] = bench.dispatched();
    expect(readReply(bench.answer(short!.call, Buffer.alloc(90))[0]).result).toHaveLength(90);
    expect(readReply(bench.answer(long!.call, Buffer.alloc(110))[0]).result).toHaveLength(110);
    expect(readReply(client.send(request(1))[0]).result).toHaveLength(90);
    const again = readReply(client.send(request(2))[0]);
    expect(again.failure).toMatchObject({ code: 'resource-exhausted', outcome: 'executed' });
  },

  halfOpenBytesPerClient() {
    const bench = createServerBench({ halfOpenBytesPerClient: 3000 });
    const client = openSession(bench);
    for (let number = 1; number <= 50; number++) client.send(fragmentsOf(number, 1000)[0]!);
    expect(bench.callee.sessions.usage.halfOpenBytes).toBeLessThanOrEqual(3000);
    const other = openSession(bench, { id: 2 });
    other.send(...fragmentsOf(1, 1000));
    expect(bench.dispatched()).toHaveLength(1);
  },

  halfOpenBytes() {
    const bench = createServerBench({ halfOpenBytes: 3000 });
    for (let id = 1; id <= 50; id++) openSession(bench, { id }).send(fragmentsOf(1, 1000)[0]!);
    expect(bench.callee.sessions.usage.halfOpenBytes).toBeLessThanOrEqual(3000);
  },
};

describe('the limit', () => {
  it.each(Object.entries(proofs))('%s holds', (_name, prove) => prove());
});

describe('refusals at the bounds', () => {
  it('are remembered as often as there are entries; beyond, their outcome is unknown', () => {
    const bench = createServerBench({ historyEntriesPerClient: 2 });
    const client = openSession(bench);
    const outcomes = fill(client, 1, 6).map(reply => refused(reply)?.outcome);
    expect(outcomes).toEqual(['not-executed', 'not-executed', 'unknown', 'unknown']);
    expect(bench.callee.sessions.usage.historyEntries).toBe(4);
  });

  it('do not let many clients go beyond the bounds of the server', () => {
    const bench = createServerBench({ historyEntries: 3 });
    for (let id = 1; id <= 20; id++) fill(openSession(bench, { id }), 1, 3);
    expect(bench.callee.sessions.usage.historyEntries).toBeLessThanOrEqual(6);
  });
});

describe('a reply of more fragments than can be counted', () => {
  it('is told to be too large, however often it is asked for', () => {
    const bench = createServerBench({ keptReplyBytes: 1 << 24 });
    const client = openSession(bench, { link: createRecordingLink({ validated: false, maxFrame: 60 }) });
    client.send(request(1));
    const tombstone = { code: 'resource-exhausted', outcome: 'executed' };
    const [first] = bench.answer(bench.theCall(), Buffer.alloc(65_536 * 30));
    expect(readReply(first).failure).toMatchObject(tombstone);
    expect(readReply(client.send(request(1))[0]).failure).toMatchObject(tombstone);
  });

  it('goes over a connection, and is not asked for in fragments afterwards', () => {
    const bench = createServerBench();
    const connection = createRecordingLink({ reliable: true, maxFrame: 1 << 24 });
    const client = openSession(bench, { link: connection });
    client.send(request(1));
    const [whole] = bench.answer(bench.theCall(), Buffer.alloc(65_536 * 30));
    expect(readReply(whole).result).toHaveLength(65_536 * 30);
    const datagrams = createRecordingLink({ maxFrame: 60 });
    const [again] = bench.receive(datagrams, client.identity, request(1));
    expect(readReply(again).failure).toMatchObject({ outcome: 'executed' });
  });
});

describe('half-open requests', () => {
  it('of which a part is missing for half a minute are dropped', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    client.send(fragmentsOf(1, 1000)[0]!);
    const keepAlive = () => client.send(acknowledgeBelow(1));
    for (let second = 0; second < 60; second++) {
      bench.clock.advance(1000);
      keepAlive();
    }
    expect(bench.callee.sessions.usage.halfOpenBytes).toBe(0);
  });

  it('count even where their fragments bring no bytes', () => {
    const bench = createServerBench({ halfOpenBytesPerClient: 3000 });
    const client = openSession(bench);
    for (let number = 1; number <= 200; number++) {
      const [first] = fragmentsOf(number, 1000);
      const empty = Buffer.from(first!.subarray(0, 4 + 1 + 14 + fragmentHeaderBytes));
      empty.writeUInt32BE(empty.length - 4, 0);
      client.send(empty);
    }
    expect(bench.callee.sessions.usage.halfOpenBytes).toBeGreaterThan(0);
    expect(bench.callee.sessions.usage.halfOpenBytes).toBeLessThanOrEqual(3000);
  });

  it('answer probes for what is missing within three times the bytes of a peer that is not validated', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    client.send(...fragmentsOf(1, 20_000).filter((_, index) => index % 2 === 0));
    const link = createRecordingLink({ validated: false, peer: 'udp://198.51.100.9:4000' });
    bench.receive(link, client.identity, ...Array.from({ length: 50 }, () => probe(1)));
    expect(link.sent).toBeLessThanOrEqual(3 * link.received);
  });
});

describe('the limits of a server', () => {
  it('are the defaults where none are given', () => {
    expect(serverLimits(undefined)).toEqual(defaultServerLimits);
    expect(serverLimits({ lease: 1000 })).toEqual({ ...defaultServerLimits, lease: 1000 });
  });

  it.each([
    [{ leese: 1000 }, "'leese' is not a limit of a server"],
    [{ lease: 0 }, "the limit 'lease' must be above 0, not 0"],
    [{ runningCalls: Number.NaN }, "the limit 'runningCalls' must be above 0, not NaN"],
    [{ historyBytes: '1' }, "the limit 'historyBytes' must be above 0, not 1"],
  ])('%j are refused', (limits, message) => {
    expect(() => serverLimits(limits as Partial<ServerLimits>)).toThrow(new RangeError(message));
  });

  it.each(['messageBytes', 'lease'] as const)('%s must fit its 32 bits of the welcome', name => {
    for (const value of [Number.POSITIVE_INFINITY, 2 ** 32, 0.5]) {
      expect(() => serverLimits({ [name]: value })).toThrow(
        `the limit '${name}' must be a whole number from 1 to 4294967295, not ${value}`,
      );
    }
  });
});
