import { describe, expect, it } from 'vitest';
import type { StreamSocket } from '../../../runtime/src/platform/platform.js';
import { createStreamLink } from '../../../runtime/src/transport/stream-link.js';
import { createTransportCounters } from '../../../runtime/src/transport/transport.js';
import { createManualClock } from '../request-reply/support.js';

const greeting = '43564b01';

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(4 + text.length);
  bytes.writeUInt32BE(text.length, 0);
  bytes.write(text, 4);
  return bytes;
}

/** A link on a socket whose other end is the test. */
function open({ holdsBack = false } = {}) {
  const clock = createManualClock();
  const log: string[] = [];
  const counters = createTransportCounters();
  const room = { left: Number.POSITIVE_INFINITY };
  const socket: StreamSocket = {
    local: { host: '192.0.2.1', port: 4000 },
    remote: { host: '192.0.2.7', port: 7000 },
    onData: () => {},
    onClose: () => {},
    onDrain: () => {},
    write(chunk) {
      log.push(`write ${Buffer.from(chunk).toString('hex')}`);
      room.left -= chunk.length;
      return room.left > 0;
    },
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    end: () => log.push('end'),
    destroy: () => log.push('destroy'),
  };
  const link = createStreamLink(socket, {
    clock,
    counters,
    maxFrame: 100,
    peer: 'tcp://192.0.2.7:7000',
    handlers: {
      onFrames: (_link, bytes, start, end) => log.push(`frames ${bytes.toString('hex', start, end)}`),
      onDown: (_link, error) => log.push(`down ${error?.message ?? 'without an error'}`),
      onFlush: () => log.push('flush'),
      onDrain: () => log.push('drain'),
    },
    holdsBack,
    onEnd: () => log.push('ended'),
  });
  return { clock, link, socket, room, counters, take: () => log.splice(0) };
}

describe('a link over a stream', () => {
  it('greets at once, and takes frames behind the other greeting, however they are cut', () => {
    const { socket, take } = open();
    expect(take()).toEqual([`write ${greeting}`]);
    const bytes = Buffer.concat([Buffer.from(greeting, 'hex'), frame('hello'), frame('world')]);
    for (const byte of bytes) socket.onData(Buffer.from([byte]));
    expect(take()).toEqual([frame('hello'), frame('world')].map(each => `frames ${each.toString('hex')}`));
  });

  it('sends the frames of a turn that stand in a row in memory in one write, without a copy', () => {
    const { clock, link, take } = open();
    take();
    const both = Buffer.concat([frame('hello'), frame('world')]);
    link.send(both, 0, 9);
    link.send(both, 9, 18);
    expect(take()).toEqual([]);
    clock.advance(0);
    expect(take()).toEqual(['flush', `write ${both.toString('hex')}`]);
  });

  it('keeps the order of frames from different places in memory', () => {
    const { clock, link, take } = open();
    take();
    for (const text of ['a', 'b', 'c']) link.send(frame(text), 0, 5);
    clock.advance(0);
    expect(take().filter(line => line !== 'flush')).toEqual(
      ['a', 'b', 'c'].map(text => `write ${frame(text).toString('hex')}`),
    );
  });

  it.each([
    { what: 'another greeting', bytes: Buffer.from('GET / HTTP/1.1') },
    { what: 'another version', bytes: Buffer.from('43564b02', 'hex') },
    { what: 'a frame that is too long', bytes: Buffer.from(`${greeting}00000100`, 'hex') },
    { what: 'an empty frame', bytes: Buffer.from(`${greeting}00000000`, 'hex') },
  ])('is given up at $what, and its owner told', ({ bytes }) => {
    const { socket, counters, take } = open();
    take();
    socket.onData(bytes);
    expect(take()).toEqual(['destroy', 'ended', expect.stringMatching(/^down /)]);
    expect(counters.damaged).toBe(1);
  });

  it('tells its owner once when the connection is gone, and sends nothing more', () => {
    const { clock, link, socket, take } = open();
    take();
    link.send(frame('lost'), 0, 8);
    socket.onClose(new Error('ECONNRESET'));
    link.send(frame('late'), 0, 8);
    clock.advance(0);
    link.close();
    expect(take()).toEqual(['ended', 'down ECONNRESET']);
  });

  it('sends what is queued before it closes, and hears nothing afterwards', () => {
    const { clock, link, socket, take } = open();
    take();
    link.send(frame('last'), 0, 8);
    link.close();
    expect(take()).toEqual(['flush', `write ${frame('last').toString('hex')}`, 'end', 'ended']);
    socket.onData(Buffer.concat([Buffer.from(greeting, 'hex'), frame('late')]));
    socket.onClose(null);
    clock.advance(60_000);
    expect(take()).toEqual([]);
  });

  it('drops the connection five seconds after it was closed, if its peer does not read the rest', () => {
    const { clock, link, take } = open();
    link.close();
    take();
    clock.advance(4999);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['destroy']);
  });

  it('counts the bytes that came', () => {
    const { socket, link } = open();
    socket.onData(Buffer.concat([Buffer.from(greeting, 'hex'), frame('hello')]));
    socket.onData(frame('world').subarray(0, 2));
    expect(link.received).toBe(15);
  });

  it('is full from the write that the socket takes unwillingly until it has room again', () => {
    const { clock, link, socket, room, take } = open();
    room.left = 5;
    link.send(frame('hello'), 0, 9);
    expect(link.full).toBe(false);
    clock.advance(0);
    expect(link.full).toBe(true);
    link.send(frame('world'), 0, 9);
    clock.advance(0);
    const texts = take().filter(line => line.startsWith('write'));
    expect(texts).toEqual(
      [greeting, frame('hello').toString('hex'), frame('world').toString('hex')].map(hex => `write ${hex}`),
    );
    socket.onDrain();
    expect(link.full).toBe(false);
    socket.onDrain();
    expect(take()).toEqual(['drain']);
  });

  it('reads nothing while it is full, where it holds its peer back', () => {
    const { clock, link, socket, room, take } = open({ holdsBack: true });
    room.left = 0;
    for (const text of ['hello', 'world']) {
      link.send(frame(text), 0, 9);
      clock.advance(0);
    }
    expect(take().filter(line => line === 'pause')).toHaveLength(1);
    socket.onDrain();
    expect(take()).toEqual(['resume', 'drain']);
  });

  it('calls back when what was queued is with the socket', () => {
    const { clock, link, take } = open();
    let called = 0;
    link.whenFlushed(() => called++);
    expect(called).toBe(1);
    link.send(frame('hello'), 0, 9);
    link.whenFlushed(() => called++);
    take();
    expect(called).toBe(1);
    clock.advance(0);
    expect(called).toBe(2);
  });

  it('reads nothing while its owner wants it so, nor while it is full and holds back', () => {
    const { clock, link, socket, room, take } = open({ holdsBack: true });
    const send = () => {
      link.send(frame('hello'), 0, 9);
      clock.advance(0);
      return take().filter(line => line === 'pause' || line === 'resume');
    };
    room.left = 0;
    expect(send()).toEqual(['pause']);
    link.pause?.();
    expect(take()).toEqual(['pause']);
    socket.onDrain();
    expect(take()).toEqual(['drain']);
    link.resume?.();
    expect(take()).toEqual(['resume']);
    link.pause?.();
    expect(send()).toEqual(['pause', 'pause']);
    link.resume?.();
    expect(take()).toEqual([]);
    socket.onDrain();
    expect(take()).toEqual(['resume', 'drain']);
  });
});
