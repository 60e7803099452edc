import { describe, expect, it } from 'vitest';
import { duplicate } from '../../../../runtime/src/group/faults/duplicate.js';
import type { Message } from '../../../../runtime/src/group/message.js';
import { numbered, self, start, texts, third } from './support.js';

describe('duplicate', () => {
  it('sends messages twice, as objects of their own', () => {
    const at = start(duplicate({ probability: 1, up: false }));
    const [first, second] = numbered(2, self) as [Message, Message];
    first.seq = 7;
    first.reliable = true;
    at.onSend = batch => {
      for (const each of batch) each.target = third;
    };
    at.stack.down([first, second]);
    expect(texts(at.sent)).toEqual(['0', '1', '0', '1']);
    expect(at.sent[2]).toMatchObject({ seq: 7, reliable: true, from: self });
    expect(at.sent[2]).not.toBe(first);
    at.receive(...numbered(2));
    expect(texts(at.taken)).toEqual(['0', '1']);
    expect(at.stack.drops.get('fault')).toBe(2);
  });
});
