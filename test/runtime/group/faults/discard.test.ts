import { describe, expect, it } from 'vitest';
import { discard } from '../../../../runtime/src/group/faults/discard.js';
import { everyone } from '../../../../runtime/src/group/member.js';
import { Kind } from '../../../../runtime/src/group/message.js';
import { message } from '../layer-bench.js';
import { numbered, other, self, start, texts } from './support.js';

describe('discard', () => {
  it('loses as many as told, both ways, and counts them', () => {
    const at = start(discard({ probability: 0.2 }));
    at.receive(...numbered(2000));
    at.stack.down(numbered(2000, self));
    for (const passed of [at.taken, at.sent]) {
      expect(passed.length).toBeGreaterThan(1500);
      expect(passed.length).toBeLessThan(1700);
    }
    expect(at.stack.drops.get('fault')).toBe(4000 - at.taken.length - at.sent.length);
  });

  it('heeds the way and the messages that it is told', () => {
    const at = start(discard({ probability: 1, down: false, only: ({ kind }) => kind === Kind.channel }));
    at.stack.down(numbered(3, self));
    expect(at.sent).toHaveLength(3);
    at.receive(...numbered(3), message(Kind.heartbeat, other, everyone));
    expect(at.taken.map(({ kind }) => kind)).toEqual([Kind.heartbeat]);
  });

  it('passes nothing on rather than an empty batch', () => {
    const at = start(discard({ probability: 1 }));
    at.receive(...numbered(3));
    expect(at.batches).toEqual([]);
  });

  it('heeds what is changed while it runs', () => {
    const options = { probability: 1 };
    const at = start(discard(options));
    at.receive(...numbered(5));
    options.probability = 0;
    at.receive(...numbered(5));
    expect(at.taken).toHaveLength(5);
  });

  it('refuses what is no probability', () => {
    for (const probability of [-0.1, 1.1, Number.NaN]) {
      expect(() => discard({ probability })).toThrow(
        `a probability is a number from 0 to 1; got ${probability}`,
      );
    }
  });

  it('loses the same when the random numbers are the same', () => {
    const run = (seed: number): string[] => {
      const at = start(discard({ probability: 0.5 }), seed);
      at.receive(...numbered(100));
      return texts(at.taken);
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});
