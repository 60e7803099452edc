import { describe, expect, it } from 'vitest';
import { noDeadline } from '../../../runtime/src/request-reply/frames.js';
import { sessionFrame } from '../../../runtime/src/request-reply/handshake-frames.js';
import {
  acknowledgeBelow,
  cancel,
  createServerBench,
  openSession,
  probe,
  readReply,
  request,
} from './server-bench.js';
import { createRecordingLink, procedure } from './support.js';

const atLeastOnce = procedure({ semantics: 'at-least-once', key: [2, 2] });
const maybe = procedure({ semantics: 'maybe', key: [3, 3] });
const oneWay = procedure({ semantics: 'maybe', key: [4, 4], hasResult: false });
const offered = [procedure(), atLeastOnce, maybe, oneWay];

function play() {
  const bench = createServerBench({}, offered);
  return { ...bench, client: openSession(bench) };
}

describe('the duplicate filter', () => {
  it('says busy to a copy of a call that runs', () => {
    const { client, dispatched } = play();
    expect(client.send(request(1))).toEqual([]);
    const [busy] = client.send(request(1, 'hello', { attempt: 2 }));
    expect(busy?.name).toBe('busy');
    expect(busy?.body().rawU8()).toBe(2);
    expect(dispatched()).toHaveLength(1);
  });

  it('sends the kept reply again, naming the copy that asked', () => {
    const { client, dispatched, theCall, answer, counters } = play();
    client.send(request(1));
    const [first] = answer(theCall(), Buffer.from('done'));
    expect(readReply(first)).toMatchObject({ number: 1, attempt: 1, result: 'done' });
    const [again] = client.send(request(1, 'hello', { attempt: 3 }));
    expect(readReply(again)).toMatchObject({ number: 1, attempt: 3, result: 'done' });
    expect(dispatched()).toEqual([]);
    expect(counters).toMatchObject({ requests: 2, duplicates: 1, resent: 1 });
  });

  it('answers to where the latest copy came from', () => {
    const { client, theCall, answer, receive } = play();
    client.send(request(1));
    const other = createRecordingLink({ peer: 'tcp://198.51.100.1:4001', reliable: true });
    receive(other, client.identity, request(1, 'hello', { attempt: 2 }));
    expect(readReply(answer(theCall(), Buffer.from('done'))[0])).toMatchObject({ attempt: 2 });
    expect(client.link.take()).toEqual([]);
  });

  it('drops a copy of a call that is finished', () => {
    const { client, dispatched, theCall, answer, counters } = play();
    client.send(request(1));
    answer(theCall(), Buffer.from('done'));
    client.send(acknowledgeBelow(2));
    expect(client.send(request(1))).toEqual([]);
    expect(dispatched()).toEqual([]);
    expect(counters.stale).toBe(1);
  });

  it('drops another request under the same number: the original stands', () => {
    const { client, dispatched, theCall, answer, counters } = play();
    client.send(request(1));
    expect(client.send(request(1, 'other'))).toEqual([]);
    expect(counters.mismatched).toBe(1);
    expect(dispatched()).toHaveLength(1);
    client.send(request(2));
    answer(theCall(), Buffer.from('done'));
    expect(client.send(request(2, 'other'))).toEqual([]);
    expect(counters.mismatched).toBe(2);
  });

  it('does not concern at-least-once: each copy executes', () => {
    const { client, dispatched } = play();
    for (const attempt of [1, 2]) client.send(request(1, 'hello', { attempt, procedure: atLeastOnce }));
    expect(dispatched()).toHaveLength(2);
  });

  it('knows of an at-least-once call until the last of its executions ends', () => {
    const { client, dispatched, answer } = play();
    for (const attempt of [1, 2]) client.send(request(1, 'hello', { attempt, procedure: atLeastOnce }));
    const [first, second] = dispatched();
    answer(first!.call, Buffer.from('done'));
    expect(client.send(probe(1)).map(({ name }) => name)).toEqual(['busy']);
    answer(second!.call, Buffer.from('done'));
    expect(client.send(probe(1)).map(({ name }) => name)).toEqual(['missing']);
  });
});

describe('a request', () => {
  it('bears its deadline as the time that remains', () => {
    const { client, dispatched, clock } = play();
    client.send(request(1, 'hello', { remaining: 1500.25 }), request(2, 'hello', { remaining: noDeadline }));
    expect(dispatched().map(({ call }) => call.deadlineAt)).toEqual([
      clock.now() + 1501,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('for a procedure that the server does not have is refused, and its copies too', () => {
    const { client } = play();
    const unknown = procedure({ key: [9, 9] });
    for (const attempt of [1, 2]) {
      const [reply] = client.send(request(1, 'hello', { attempt, procedure: unknown }));
      expect(readReply(reply).failure).toMatchObject({ code: 'unimplemented', outcome: 'not-executed' });
    }
  });

  it('with weaker semantics than the server declares is refused', () => {
    const { client, dispatched } = play();
    for (const semantics of ['maybe', 'at-least-once'] as const) {
      const [reply] = client.send(request(1, 'hello', { procedure: procedure({ semantics }) }));
      expect(readReply(reply).failure).toMatchObject({
        code: 'failed-precondition',
        outcome: 'not-executed',
      });
    }
    expect(dispatched()).toEqual([]);
  });

  it('with stronger semantics is filtered', () => {
    const { client, dispatched } = play();
    const stronger = procedure({ key: atLeastOnce.key });
    for (const attempt of [1, 2]) client.send(request(1, 'hello', { attempt, procedure: stronger }));
    expect(dispatched()).toHaveLength(1);
  });

  it('that is at-most-once is not taken without a session', () => {
    const { receive, dispatched, counters } = play();
    const link = createRecordingLink();
    receive(link, request(1));
    receive(link, sessionFrame(Buffer.alloc(16, 5)), request(1));
    expect(dispatched()).toEqual([]);
    expect(counters.malformed).toBe(2);
  });

  it('that needs no filter is taken without a session, and its reply names the client', () => {
    const { receive, theCall, answer } = play();
    const link = createRecordingLink();
    receive(link, sessionFrame(Buffer.alloc(16, 5)), request(1, 'hello', { procedure: maybe }));
    expect(readReply(answer(theCall(), Buffer.from('done'))[0]).result).toBe('done');
    expect(link.addressee).toEqual(Buffer.alloc(16, 5));
  });

  it('that is maybe and has no result is never answered', () => {
    const { client, theCall, callee } = play();
    client.send(request(1, 'hello', { procedure: oneWay }));
    callee.answering.result(theCall(), oneWay, undefined);
    expect(client.link.take()).toEqual([]);
  });
});

describe('a session that is not known', () => {
  it.each([
    { what: 'another token', token: Buffer.alloc(8, 9), reason: 1 },
    { what: 'another epoch', epoch: Buffer.alloc(8, 9), reason: 2 },
    { what: 'another client id', clientId: Buffer.alloc(16, 9), reason: 1 },
  ])('by $what is answered with a reset, and nothing of it is executed', change => {
    const { client, receive, dispatched, counters } = play();
    const { token = client.token, epoch = client.epoch, clientId = client.clientId, reason } = change;
    const frames = [request(1), request(2), acknowledgeBelow(9), cancel(3)];
    const answers = receive(client.link, sessionFrame(clientId, token, epoch), ...frames);
    expect(answers.map(({ name }) => name)).toEqual(['reset']);
    const body = answers[0]!.body();
    expect(body.rawBytes(8)).toEqual(token);
    expect(body.rawU8()).toBe(reason);
    expect(dispatched()).toEqual([]);
    expect(counters.resets).toBe(1);
    client.send(request(1));
    expect(dispatched()).toHaveLength(1);
  });
});

describe('a cancel', () => {
  it('tells the call that runs', () => {
    const { client, theCall } = play();
    client.send(request(1));
    const call = theCall();
    expect(client.send(cancel(1))).toEqual([]);
    expect(call.abandoned).toBe(true);
  });

  it('that comes first keeps every copy of the call from execution', () => {
    const { client, dispatched } = play();
    const [told] = client.send(cancel(1));
    expect(readReply(told).failure).toMatchObject({ code: 'cancelled', outcome: 'not-executed' });
    const [again] = client.send(request(1));
    expect(readReply(again).failure).toMatchObject({ code: 'cancelled', outcome: 'not-executed' });
    expect(dispatched()).toEqual([]);
  });

  it('of a finished call changes nothing', () => {
    const { client } = play();
    client.send(acknowledgeBelow(2));
    expect(client.send(cancel(1))).toEqual([]);
  });

  it('that comes twice is answered once more with the same', () => {
    const { client, callee } = play();
    client.send(cancel(1));
    expect(client.send(cancel(1))).toEqual([]);
    expect(callee.sessions.usage.historyEntries).toBe(1);
  });
});

describe('a server that closes', () => {
  it('tells the callers of what runs that the outcome is unknown', () => {
    const { client, callee } = play();
    client.send(request(1), request(2, 'hello', { procedure: atLeastOnce }));
    callee.close();
    expect(client.link.take().map(frame => readReply(frame).failure)).toMatchObject([
      { code: 'unavailable', outcome: 'unknown' },
      { code: 'unavailable', outcome: 'unknown' },
    ]);
  });
});
