import { describe, expect, it } from 'vitest';
import { delay } from '../../../../runtime/src/group/faults/delay.js';
import { everyone } from '../../../../runtime/src/group/member.js';
import { Kind } from '../../../../runtime/src/group/message.js';
import { message } from '../layer-bench.js';
import { inOrder, numbered, other, self, start, texts } from './support.js';

describe('delay', () => {
  it('holds each message back for a time within the bounds, in their order', () => {
    const at = start(delay({ min: 30, max: 50, up: false }));
    const sentAt: number[] = [];
    at.onSend = () => sentAt.push(at.now);
    for (const each of numbered(50, self)) {
      at.stack.down([each]);
      at.advance(2);
    }
    at.advance(50);
    expect(texts(at.sent)).toEqual(inOrder(50));
    const delays = sentAt.map((time, index) => time - index * 2);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(30);
    expect(Math.max(...delays)).toBeLessThanOrEqual(50);
    expect(new Set(delays).size).toBeGreaterThan(10);
    at.receive(...numbered(1));
    expect(at.taken).toHaveLength(1);
  });

  it('lets pass at once what it is told to except', () => {
    const at = start(delay({ min: 5, max: 5, only: ({ kind }) => kind === Kind.channel }));
    at.receive(...numbered(1), message(Kind.heartbeat, other, everyone));
    expect(at.taken.map(({ kind }) => kind)).toEqual([Kind.heartbeat]);
    at.advance(5);
    expect(at.taken).toHaveLength(2);
  });

  it('refuses bounds in the wrong order', () => {
    expect(() => delay({ min: 2, max: 1 })).toThrow(RangeError);
    expect(() => delay({ min: -1, max: 1 })).toThrow(RangeError);
  });
});
