import { describe, expect, it } from 'vitest';
import { shuffle } from '../../../../runtime/src/group/faults/shuffle.js';
import { inOrder, numbered, self, start, texts } from './support.js';

describe('shuffle', () => {
  it('lets messages overtake each other, and loses none', () => {
    const at = start(shuffle({ probability: 0.3, within: 20 }));
    for (const each of numbered(100)) {
      at.receive(each);
      at.advance(1);
    }
    at.advance(20);
    expect(texts(at.taken)).not.toEqual(inOrder(100));
    expect(texts(at.taken).sort((a, b) => Number(a) - Number(b))).toEqual(inOrder(100));
    at.stack.down(numbered(100, self));
    expect(at.sent.length).toBeLessThan(90);
    at.advance(20);
    expect(at.sent).toHaveLength(100);
  });

  it('refuses a time that is none', () => {
    expect(() => shuffle({ probability: 1, within: 0 })).toThrow(RangeError);
  });
});
