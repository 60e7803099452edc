import { describe, expect, it } from 'vitest';
import { readFailure } from '../../../runtime/src/request-reply/frames.js';
import { ResetReason, readWelcome } from '../../../runtime/src/request-reply/handshake-frames.js';
import {
  acknowledgeBelow,
  cookieIn,
  createServerBench,
  helloFrame,
  openSession,
  readReply,
  request,
} from './server-bench.js';
import { createRecordingLink, procedure, type SentFrame } from './support.js';

const stranger = () => createRecordingLink({ validated: false });

function refusal(frames: readonly SentFrame[]) {
  const [frame] = frames;
  if (frame?.name !== 'refused') throw new Error(`${frame?.name ?? 'nothing'} instead of a refusal`);
  const reader = frame.body();
  reader.rawBytes(8);
  return readFailure(reader);
}

describe('the handshake', () => {
  it('asks a stranger to show that it receives at its address, and remembers nothing of it', () => {
    const bench = createServerBench();
    const answer = bench.receive(stranger(), helloFrame());
    expect(answer.map(({ name }) => name)).toEqual(['cookie']);
    expect(bench.callee.sessions.size).toBe(0);
  });

  it('gives epoch, token, lease, the TCP port and the longest message', () => {
    const bench = createServerBench({ lease: 5000, messageBytes: 70_000 });
    const link = stranger();
    const cookie = cookieIn(bench.receive(link, helloFrame()));
    const [welcome] = bench.receive(link, helloFrame({ cookie }));
    expect(readWelcome(welcome!.body())).toMatchObject({
      nonce: Buffer.alloc(8, 2),
      epoch: bench.callee.sessions.epoch,
      lease: 5000,
      tcpPort: 7000,
      messageBytes: 70_000,
    });
    expect(link.validated).toBe(true);
  });

  it('over a connection beside the datagrams gives the session whose token it names, and opens none', () => {
    const bench = createServerBench();
    const connection = createRecordingLink({ reliable: true });
    const unknown = bench.receive(connection, helloFrame({ token: Buffer.alloc(8, 9), renewsOnly: true }));
    expect(refusal(unknown)).toMatchObject({ code: 'failed-precondition', outcome: 'not-executed' });
    expect(bench.callee.sessions.size).toBe(0);
    const [opened] = bench.receive(createRecordingLink({ reliable: true }), helloFrame());
    const { token, epoch } = readWelcome(opened!.body());
    const [welcome] = bench.receive(
      connection,
      helloFrame({ token, nonce: Buffer.alloc(8, 3), renewsOnly: true }),
    );
    expect(readWelcome(welcome!.body())).toMatchObject({ nonce: Buffer.alloc(8, 3), token, epoch });
    expect(bench.callee.sessions.size).toBe(1);
  });

  it('needs no cookie over a connection', () => {
    const bench = createServerBench();
    const [answer] = bench.receive(createRecordingLink({ reliable: true }), helloFrame());
    expect(answer?.name).toBe('welcome');
  });

  it('does not take a cookie from another address', () => {
    const bench = createServerBench();
    const cookie = cookieIn(bench.receive(stranger(), helloFrame()));
    const other = createRecordingLink({ validated: false, peer: 'udp://198.51.100.9:4000' });
    expect(bench.receive(other, helloFrame({ cookie })).map(({ name }) => name)).toEqual(['cookie']);
    expect(bench.callee.sessions.size).toBe(0);
  });

  it('that is repeated gives the same session', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    client.send(request(1));
    const again = openSession(bench, { link: stranger() });
    expect(again.token).toEqual(client.token);
    expect(again.send(request(1, 'hello', { attempt: 2 }))[0]?.name).toBe('busy');
  });

  it('does not give a session to who knows its client id alone', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    const link = stranger();
    const forged = { clientId: client.clientId, nonce: Buffer.alloc(8, 99) };
    const cookie = cookieIn(bench.receive(link, helloFrame(forged)));
    expect(refusal(bench.receive(link, helloFrame({ ...forged, cookie })))).toMatchObject({
      code: 'permission-denied',
      outcome: 'not-executed',
    });
    client.send(request(1));
    expect(bench.dispatched()).toHaveLength(1);
  });

  it('finds the client behind a new address by its token', () => {
    const bench = createServerBench();
    const { clientId, token } = openSession(bench);
    const link = createRecordingLink({ validated: false, peer: 'udp://198.51.100.9:4000' });
    const hello = { clientId, token, nonce: Buffer.alloc(8, 99) };
    const cookie = cookieIn(bench.receive(link, helloFrame(hello)));
    const [welcome] = bench.receive(link, helloFrame({ ...hello, cookie }));
    expect(readWelcome(welcome!.body()).token).toEqual(token);
  });

  it('of another version is refused', () => {
    const hello = helloFrame();
    hello[5] = 2;
    expect(refusal(createServerBench().receive(stranger(), hello))).toMatchObject({
      code: 'failed-precondition',
      message: 'this server speaks version 1, not 2',
    });
  });
});

describe('a lease', () => {
  const lease = 4000;

  it('is renewed by whatever the client sends', () => {
    const bench = createServerBench({ lease });
    const client = openSession(bench);
    client.send(request(1));
    const call = bench.theCall();
    bench.answer(call, Buffer.from('done'));
    for (let second = 0; second < 20; second++) {
      bench.clock.advance(1000);
      client.send(acknowledgeBelow(1));
    }
    expect(readReply(client.send(request(1, 'hello', { attempt: 2 }))[0]).result).toBe('done');
  });

  it('that ran out ends the session with its history, and tells what runs', () => {
    const bench = createServerBench({ lease });
    const client = openSession(bench);
    client.send(request(1));
    const call = bench.theCall();
    bench.clock.advance(2 * lease);
    expect(call.abandoned).toBe(true);
    expect(bench.callee.sessions).toMatchObject({ size: 0, usage: { historyEntries: 0, historyBytes: 0 } });
    expect(client.send(request(1))[0]?.name).toBe('reset');
    expect(bench.dispatched()).toEqual([]);
  });

  it('is over to the millisecond, even where nobody has looked yet', () => {
    const bench = createServerBench({ lease });
    const client = openSession(bench);
    bench.clock.stall(lease);
    expect(client.send(acknowledgeBelow(1))).toEqual([]);
    const late = createServerBench({ lease });
    const other = openSession(late);
    late.platform.clock.now = () => bench.clock.now() + 10 * lease;
    expect(other.send(acknowledgeBelow(1))[0]?.name).toBe('reset');
  });

  it('that ran out ends a connection too', () => {
    const bench = createServerBench({ lease });
    const link = createRecordingLink({ reliable: true });
    const client = openSession(bench, { link });
    client.send(request(1));
    bench.clock.advance(2 * lease);
    bench.dispatched();
    expect(bench.receive(link, request(2)).map(({ name }) => name)).toEqual(['reset']);
    expect(bench.dispatched()).toEqual([]);
  });

  it('once over, does not come back by a handshake that was captured', () => {
    const bench = createServerBench({ lease });
    const link = stranger();
    const hello = helloFrame({ cookie: cookieIn(bench.receive(link, helloFrame())) });
    expect(bench.receive(link, hello)[0]?.name).toBe('welcome');
    bench.clock.advance(2 * lease);
    expect(bench.receive(stranger(), hello)[0]?.name).toBe('cookie');
    expect(bench.callee.sessions.size).toBe(0);
  });
});

describe('before an address is validated', () => {
  it('hellos are answered with fewer bytes than three times theirs', () => {
    const bench = createServerBench();
    const link = stranger();
    for (let hello = 1; hello <= 50; hello++) {
      bench.receive(link, helloFrame({ clientId: Buffer.alloc(16, hello), nonce: Buffer.alloc(8, hello) }));
    }
    expect(link.sent).toBeLessThanOrEqual(3 * link.received);
  });

  it('a longer reply asks for validation instead of being sent', () => {
    const bench = createServerBench({}, [procedure({ semantics: 'at-least-once' })]);
    const client = openSession(bench);
    const link = createRecordingLink({ validated: false, peer: 'udp://198.51.100.9:4000' });
    bench.receive(
      link,
      client.identity,
      request(1, 'hello', { procedure: procedure({ semantics: 'at-least-once' }) }),
    );
    const call = bench.theCall();
    const [answer] = bench.answer(call, Buffer.alloc(900));
    expect(answer?.name).toBe('reset');
    const body = answer!.body();
    expect(body.rawBytes(8)).toEqual(client.token);
    expect(body.rawU8()).toBe(3);
    expect(link.sent).toBeLessThanOrEqual(3 * link.received);
  });

  it('fragments of a long reply are not sent', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    const link = createRecordingLink({ validated: false, peer: 'udp://198.51.100.9:4000' });
    bench.receive(link, client.identity, request(1));
    const call = bench.theCall();
    expect(bench.answer(call, Buffer.alloc(20_000)).map(({ name }) => name)).toEqual(['reset']);
  });
});

describe('a session and its history', () => {
  const certificate = { alternativeNames: [], issuer: 'CN=test', fingerprint: '00' };
  const linkOf = (name?: string) =>
    createRecordingLink({
      reliable: true,
      ...(name === undefined ? {} : { principal: { name, certificate } }),
    });

  it('stay with their principal, whatever certificate it shows', () => {
    const bench = createServerBench();
    const client = openSession(bench, { link: linkOf('alice') });
    client.send(request(1));
    const renewed = createRecordingLink({
      reliable: true,
      principal: { name: 'alice', certificate: { ...certificate, fingerprint: '11' } },
    });
    expect(bench.receive(renewed, client.identity, request(1, 'hello', { attempt: 2 }))[0]?.name).toBe(
      'busy',
    );
  });

  it.each([
    ['nobody', 'alice', undefined],
    ['another principal', 'alice', 'mallory'],
    ['a principal, where nobody opened them', undefined, 'mallory'],
  ])('are not known to %s, with all their ids', (_who, owner, thief) => {
    const bench = createServerBench();
    const client = openSession(bench, { link: linkOf(owner) });
    client.send(request(1));
    const link = linkOf(thief);
    const [reset, ...others] = bench.receive(link, client.identity, request(1, 'hello', { attempt: 2 }));
    expect(others).toEqual([]);
    expect(reset?.name).toBe('reset');
    const reader = reset!.body();
    expect(reader.rawBytes(8)).toEqual(client.token);
    expect(reader.rawU8()).toBe(ResetReason.unknownSession);
    const { clientId, nonce, token } = client;
    expect(refusal(bench.receive(link, helloFrame({ clientId, nonce, token })))).toMatchObject({
      code: 'permission-denied',
      outcome: 'not-executed',
    });
    // And its owner goes on.
    expect(client.send(request(1, 'hello', { attempt: 3 }))[0]?.name).toBe('busy');
  });
});
