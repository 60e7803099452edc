import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialBytes,
  initialItems,
  writeSegment,
} from '../../../runtime/src/request-reply/stream-frames.js';
import { createPrng } from '../../../runtime/src/testing/prng.js';
import { createReceiver, createSender, deliver, itemOf, number, takeAll } from './stream-support.js';
import { framesIn, type SentFrame } from './support.js';

function segment(
  index: number,
  payload: readonly number[],
  flags: { isEnd?: boolean; isContinued?: boolean; items?: number } = {},
): SentFrame {
  const bytes = Buffer.from(payload);
  const { isEnd = false, isContinued = false, items = isContinued ? 0 : payload.length } = flags;
  const frame = writeSegment({ number, segment: index, items, isEnd, isContinued }, [
    { bytes, start: 0, end: bytes.length },
  ]);
  return framesIn(Buffer.from(frame.bytes.subarray(frame.start, frame.end)))[0]!;
}

describe('a receiver', () => {
  it('puts segments in order, each once', () => {
    const { receiver } = createReceiver();
    for (const index of [1, 0, 1, 3, 0]) deliver(receiver, segment(index, [index]));
    expect([...takeAll(receiver)]).toEqual([0, 1]);
    expect(receiver.credit()).toMatchObject({ next: 2, ahead: [[1, 2]] });
    deliver(receiver, segment(2, [2]));
    expect([...takeAll(receiver)]).toEqual([2, 3]);
    expect(receiver.isDrained).toBe(false);
    deliver(receiver, segment(4, [], { isEnd: true }));
    expect(receiver.isDrained).toBe(true);
  });

  it('joins the parts of an item', () => {
    const { receiver } = createReceiver();
    deliver(receiver, segment(1, [2], { isContinued: true }));
    deliver(receiver, segment(0, [1], { isContinued: true }));
    expect(receiver.take()).toBeUndefined();
    deliver(receiver, segment(2, [3], { items: 1 }));
    expect(receiver.take()).toMatchObject({ items: 1, start: 0, end: 3 });
  });

  it('takes no more than it granted, and grants what was consumed', () => {
    const { receiver, news } = createReceiver({ items: initialItems, bytes: initialBytes });
    expect(deliver(receiver, segment(0, new Array(64).fill(1)))).toBe(true);
    expect(deliver(receiver, segment(1, [1]))).toBe(false);
    expect(news).toEqual(['arrived']);
    takeAll(receiver);
    expect(news).toEqual(['arrived', 'granted']);
    expect(receiver.credit().items).toBe(2 * initialItems);
    expect(deliver(receiver, segment(1, [1]))).toBe(true);
  });

  it('ends a stream whose item is longer than messages may be', () => {
    const { receiver } = createReceiver({ items: 64, bytes: 65_536 }, 10);
    deliver(receiver, segment(0, new Array(8).fill(1), { isContinued: true }));
    deliver(receiver, segment(1, new Array(8).fill(1), { isContinued: true }));
    expect(receiver.isDrained).toBe(true);
    expect(String(receiver.error)).toContain('longer than 10 bytes');
  });

  it('takes no memory for the parts of a long item where there is none', () => {
    let free = 100_000;
    const { receiver } = createReceiver({ items: 64, bytes: 65_536 }, 1 << 20, bytes => {
      if (bytes > free) return false;
      free -= bytes;
      return true;
    });
    const part = (index: number) => segment(index, new Array(16_000).fill(1), { isContinued: true });
    let index = 0;
    while (!receiver.isDrained && deliver(receiver, part(index))) {
      index++;
      expect(receiver.take()).toBeUndefined();
    }
    expect(index * 16_000).toBeLessThan(200_000);
    expect(receiver.error).toMatchObject({ code: 'resource-exhausted' });
    expect(free).toBe(100_000);
  });

  it('refuses segments that contradict themselves', () => {
    const { receiver } = createReceiver();
    expect(() => deliver(receiver, segment(0, [1], { items: 2 }))).toThrow('cannot be');
    expect(() => deliver(receiver, segment(0, [1], { isContinued: true, isEnd: true }))).toThrow('cannot be');
  });

  it('gets everything, in order, whatever the network loses, doubles and reorders', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 50 }),
        (seed, sizes, loss) => {
          const random = createPrng(String(seed));
          const { sender, link } = createSender();
          const { receiver } = createReceiver({ items: 64, bytes: 65_536 });
          const wanted = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index)));
          let got = Buffer.alloc(0);
          let pushed = 0;
          let now = 0;
          for (let round = 0; round < 100_000 && !receiver.isDrained; round++) {
            while (pushed < sizes.length && sender.hasRoom) sender.push(itemOf(pushed, sizes[pushed++]));
            if (pushed === sizes.length) sender.end();
            now += 1;
            sender.flush(now);
            sender.tick(now);
            const frames = link.take().flatMap(frame => {
              if (random.next() * 100 < loss) return [];
              return random.next() < 0.1 ? [frame, frame] : [frame];
            });
            if (random.next() < 0.3) frames.reverse();
            for (const frame of frames)
              if (frame.name === 'segment') expect(deliver(receiver, frame)).toBe(true);
            got = Buffer.concat([got, takeAll(receiver)]);
            if (random.next() * 100 >= loss) sender.onCredit(receiver.credit(), now);
          }
          expect(got.equals(wanted)).toBe(true);
          expect(receiver.isComplete).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
