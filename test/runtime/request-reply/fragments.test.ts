import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FragmentHeader,
  fragmentBounds,
  fragmentCount,
  fragmentOverhead,
  Reassembly,
} from '../../../runtime/src/request-reply/fragments.js';
import { maxRanges } from '../../../runtime/src/request-reply/frames.js';

interface Part {
  readonly header: FragmentHeader;
  readonly bytes: Buffer;
}

function cut(body: Buffer, room: number): Part[] {
  const total = body.length;
  const count = fragmentCount(total, room);
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = fragmentBounds(total, count, index);
    return { header: { total, count, index, serial: 1, asks: false }, bytes: body.subarray(from, to) };
  });
}

const body = fc.uint8Array({ maxLength: 3000 }).map(bytes => Buffer.from(bytes));
const room = fc.integer({ min: 1, max: 400 });

describe('fragments', () => {
  it('fit their room, and are the body in a row', () => {
    fc.assert(
      fc.property(body, room, (whole, most) => {
        const parts = cut(whole, most);
        for (const { bytes, header } of parts) {
          expect(bytes.length).toBeLessThanOrEqual(most);
          expect(Reassembly.isSound(header, 3000)).toBe(true);
        }
        expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(whole)).toBe(true);
      }),
    );
  });

  it('are put together in whatever order they come, however often, with what is missing sent again', () => {
    fc.assert(
      fc.property(body, room, fc.infiniteStream(fc.nat(99)), (whole, most, chances) => {
        const parts = cut(whole, most);
        const message = new Reassembly(whole.length, parts.length);
        const chance = () => chances.next().value as number;
        for (let round = 0; !message.complete && round < 5000; round++) {
          const wanted = message
            .missing()
            .flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at))
            .sort(() => chance() - 50);
          for (const index of wanted) {
            const { header, bytes } = parts[index]!;
            if (chance() < 30) continue;
            expect(message.add(header, bytes)).toBe(true);
            if (chance() < 30) expect(message.add(header, bytes)).toBe(false);
          }
        }
        expect(message.join().equals(whole)).toBe(true);
        expect(message.size).toBe(whole.length + (1 + parts.length) * fragmentOverhead);
      }),
      { numRuns: 50 },
    );
  });

  it('of another message, or of another length than their place has, change nothing', () => {
    const parts = cut(Buffer.alloc(100, 1), 30);
    const message = new Reassembly(100, 4);
    const { header, bytes } = parts[0]!;
    expect(message.add({ ...header, total: 101 }, bytes)).toBe(false);
    expect(message.add({ ...header, count: 5 }, bytes)).toBe(false);
    expect(message.add(header, bytes.subarray(1))).toBe(false);
    expect(message.add(header, Buffer.alloc(bytes.length + 1))).toBe(false);
    expect(message.size).toBe(fragmentOverhead);
    expect(message.missing()).toEqual([[0, 4]]);
  });

  it('that do not overlap cannot be altered by a later one', () => {
    const message = new Reassembly(10, 2);
    message.add({ total: 10, count: 2, index: 0, serial: 1, asks: false }, Buffer.from('hello'));
    message.add({ total: 10, count: 2, index: 0, serial: 1, asks: false }, Buffer.from('HELLO'));
    message.add({ total: 10, count: 2, index: 1, serial: 1, asks: false }, Buffer.from('world'));
    expect(message.join().toString()).toBe('helloworld');
  });

  it.each([
    { why: 'its index is beyond the count', header: { total: 10, index: 2, count: 2 } },
    { why: 'it is of none', header: { total: 10, index: 0, count: 0 } },
    { why: 'it declares 4 GiB', header: { total: 0xffff_ffff, index: 0, count: 10 } },
    { why: 'there would be more fragments than bytes', header: { total: 10, index: 0, count: 11 } },
  ])('are refused when $why', ({ header }) => {
    expect(Reassembly.isSound({ ...header, serial: 1, asks: false }, 1000)).toBe(false);
  });
});

describe('what is missing', () => {
  it('is told in 32 ranges at the most, the first ones', () => {
    const message = new Reassembly(1000, 200);
    for (let index = 1; index < 200; index += 2) {
      message.add({ total: 1000, count: 200, index, serial: 1, asks: false }, Buffer.alloc(5));
    }
    const ranges = message.missing();
    expect(ranges).toHaveLength(maxRanges);
    expect(ranges[0]).toEqual([0, 1]);
    expect(ranges.at(-1)).toEqual([62, 63]);
  });
});
