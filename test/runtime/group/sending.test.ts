import { describe, expect, it } from 'vitest';
import { createSending, sendToAll } from '../../../runtime/src/group/transport/sending.js';
import type { DatagramSocket, SocketAddress } from '../../../runtime/src/platform/platform.js';

const mebibyte = 1024 * 1024;
const to = { host: '10.0.0.1', port: 7000 };

/** A socket whose system takes nothing before it is told to. */
function slowSocket() {
  const waiting: { length: number; to: SocketAddress; sent: ((error: Error | null) => void) | undefined }[] =
    [];
  const drops: string[] = [];
  const socket = {
    get unsent() {
      return waiting.reduce((sum, { length }) => sum + length, 0);
    },
    send: (packet: Uint8Array, at: SocketAddress, sent?: (error: Error | null) => void) => {
      waiting.push({ length: packet.length, to: at, sent });
    },
  } as Partial<DatagramSocket> as DatagramSocket;
  return {
    waiting,
    drops,
    send: createSending(socket, { count: what => drops.push(what) }),
    take: (count: number) => {
      for (const { sent } of waiting.splice(0, count)) sent?.(null);
    },
  };
}

describe('what is sent by a socket', () => {
  it('waits when the system has enough to do, and leaves in its order', () => {
    const { send, take, waiting, drops } = slowSocket();
    const free: number[] = [];
    for (let index = 0; index < 12; index++) send(Buffer.alloc(mebibyte / 4), to, () => free.push(index));
    expect([waiting.length, free]).toEqual([5, []]);
    take(4);
    expect([waiting.length, free]).toEqual([1, [0, 1, 2, 3]]);
    take(1);
    expect([waiting.length, free.length]).toEqual([5, 5]);
    take(5);
    take(5);
    expect([waiting.length, free, drops]).toEqual([0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], []]);
  });

  it('is dropped and counted when too much waits', () => {
    const { send, take, drops } = slowSocket();
    let free = 0;
    for (let index = 0; index < 100; index++) send(Buffer.alloc(mebibyte / 4), to, () => free++);
    // Five are the system's and sixteen wait.
    expect([drops.length, free]).toEqual([79, 79]);
    for (let index = 0; index < 25; index++) take(1);
    expect([drops.length, free]).toEqual([79, 100]);
  });

  it('is free again when it has left for all places, and at once where there are none', () => {
    const { send, take, waiting } = slowSocket();
    let free = 0;
    sendToAll(send, Buffer.alloc(1), [to, { ...to, port: 7001 }], () => free++);
    expect(waiting.map(each => each.to.port)).toEqual([7000, 7001]);
    take(1);
    expect(free).toBe(0);
    take(1);
    expect(free).toBe(1);
    sendToAll(send, Buffer.alloc(1), [], () => free++);
    expect(free).toBe(2);
  });

  it('tells when the system did not take it', () => {
    const { send, waiting } = slowSocket();
    const errors: unknown[] = [];
    sendToAll(send, Buffer.alloc(1), [to, to], error => errors.push(error));
    const failure = new Error('EPERM');
    for (const [index, { sent }] of waiting.entries()) sent?.(index === 0 ? failure : null);
    expect(errors).toEqual([failure]);
  });
});
