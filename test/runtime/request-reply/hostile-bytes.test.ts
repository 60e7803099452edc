import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameType, noId } from '../../../runtime/src/request-reply/frames.js';
import {
  channelFrame,
  cookieBytes,
  sendCookie,
  sendReset,
  sendWelcome,
} from '../../../runtime/src/request-reply/handshake-frames.js';
import { connect, reply, server } from './client-bench.js';
import {
  acknowledgeBelow,
  cancel,
  createServerBench,
  helloFrame,
  openSession,
  request,
} from './server-bench.js';
import { createRecordingLink, frameOf } from './support.js';

/** A frame of any type, known or not, with any body. */
const anyFrame = fc
  .tuple(
    fc.oneof(fc.constantFrom(...Object.values(FrameType)), fc.nat(255)),
    fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ minLength: 13, maxLength: 80, size: 'max' })),
  )
  .map(([type, body]) => {
    const frame = Buffer.alloc(5 + body.length);
    frame.writeUInt32BE(1 + body.length, 0);
    frame[4] = type;
    frame.set(body, 5);
    return frame;
  });

const noise = fc.uint8Array({ maxLength: 200 });

/** Every prefix of the bytes, and the bytes with each of their bits flipped. */
function* damaged(bytes: Buffer): Iterable<Buffer> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const copy = Buffer.from(bytes);
    copy[bit >>> 3]! ^= 1 << (bit & 7);
    yield copy;
  }
}

describe('a server', () => {
  const links = [() => createRecordingLink(), () => createRecordingLink({ reliable: true })];

  it.each(links)('takes whatever frames a client sends (%#)', makeLink => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), frames => {
        const bench = createServerBench({ messageBytes: 10_000 });
        const client = openSession(bench, { link: makeLink() });
        for (const frame of frames) client.send(frame);
        expect(bench.callee.sessions.usage.halfOpenBytes).toBeLessThanOrEqual(20_000);
        bench.clock.advance(120_000);
        expect(bench.callee.sessions.usage).toEqual({ historyEntries: 0, historyBytes: 0, halfOpenBytes: 0 });
      }),
    );
  });

  it.each(links)('takes whatever bytes arrive (%#)', makeLink => {
    const bench = createServerBench();
    fc.assert(
      fc.property(noise, bytes => {
        bench.receive(makeLink(), bytes);
      }),
    );
    expect(bench.dispatched()).toEqual([]);
    expect(bench.callee.sessions.size).toBe(0);
  });

  it('takes damaged copies of all that a client sends', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    const frames = [helloFrame(), client.identity, request(1), request(2), acknowledgeBelow(2), cancel(9)];
    for (const frame of frames) {
      for (const bytes of damaged(frame)) client.send(bytes);
    }
    expect(bench.counters.malformed).toBeGreaterThan(0);
    bench.dispatched();
    openSession(bench, { id: 2 }).send(request(1, 'undamaged'));
    expect(bench.dispatched().map(({ argument }) => argument.toString())).toEqual(['undamaged']);
  });

  it('gives up a connection that broke the rules, and no other', () => {
    const bench = createServerBench();
    const good = openSession(bench, { id: 1, link: createRecordingLink({ reliable: true }) });
    const bad = openSession(bench, { id: 2, link: createRecordingLink({ reliable: true }) });
    bench.receive(bad.link, Buffer.from('00000000', 'hex'));
    expect(bad.link.closed).toBe(true);
    good.send(request(1));
    expect(bench.dispatched()).toHaveLength(1);
    expect(good.link.closed).toBe(false);
  });

  it('handles what stands before the damage in a datagram', () => {
    const bench = createServerBench();
    const client = openSession(bench);
    client.send(request(1), Buffer.from('ffffffff', 'hex'));
    expect(bench.dispatched()).toHaveLength(1);
    expect(bench.counters.malformed).toBe(1);
  });
});

describe('a client', () => {
  it('takes the reply that it waits for', async () => {
    const { deliver, mine, answers, frames } = await connect();
    expect(frames().map(({ name }) => name)).toContain('request');
    deliver(server, mine, reply(1));
    expect(answers).toEqual([new Uint8Array([0x78])]);
  });

  it('takes whatever frames a server sends; each call ends once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 20 }), async frames => {
        const { deliver, mine, clock, answers } = await connect();
        for (const frame of frames) deliver(server, mine, frame);
        clock.advance(120_000);
        expect(answers).toHaveLength(1);
      }),
    );
  });

  it('takes whatever datagrams arrive, and tells of none that was damaged', async () => {
    const { deliverRaw, caller, answers } = await connect();
    fc.assert(fc.property(noise, bytes => deliverRaw(server, Buffer.from(bytes))));
    expect(caller.counters.damaged).toBeGreaterThan(0);
    expect(answers).toEqual([]);
  });

  it('takes damaged copies of all that a server sends', async () => {
    const { deliver, mine, nonce, welcome, clock, call, answers } = await connect();
    const frames = [
      welcome,
      frameOf(link => sendCookie(link, nonce, Buffer.alloc(cookieBytes, 3))),
      frameOf(link => sendReset(link, noId, 1)),
      reply(3),
    ];
    for (const frame of frames) for (const bytes of damaged(frame)) deliver(server, mine, bytes);
    call();
    clock.advance(120_000);
    expect(answers).toHaveLength(2);
  });

  it('does not listen to what is not for it', async () => {
    const { deliver, mine, answers } = await connect();
    deliver(server, channelFrame(Buffer.alloc(16, 9)), reply(1));
    deliver(server, reply(1));
    deliver({ ...server, port: 7001 }, mine, reply(1));
    expect(answers).toEqual([]);
  });

  it('counts replies for which nobody waits', async () => {
    const { deliver, mine, caller, answers } = await connect();
    deliver(server, mine, reply(1), reply(1), reply(77));
    expect(answers).toHaveLength(1);
    expect(caller.counters.duplicateReplies).toBe(2);
  });

  it('does not take a welcome for another handshake', async () => {
    const { deliver, mine, frames, call } = await connect();
    frames();
    const other = frameOf(link =>
      sendWelcome(link, {
        nonce: Buffer.alloc(8, 9),
        epoch: Buffer.alloc(8, 9),
        token: Buffer.alloc(8, 9),
        lease: 1,
        tcpPort: 0,
        messageBytes: 1,
      }),
    );
    deliver(server, mine, other);
    call();
    deliver(server, mine);
    const [session] = frames();
    const reader = session!.body();
    reader.rawBytes(16);
    expect(reader.rawBytes(8)).toEqual(Buffer.alloc(8, 2));
  });
});
