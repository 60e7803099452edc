import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../../runtime/src/marshalling/reader.js';
import { Writer } from '../../../runtime/src/marshalling/writer.js';
import {
  type Acknowledgement,
  maxOpenInSegment,
  nextSegment,
  readAcknowledgement,
  writeAcknowledgement,
} from '../../../runtime/src/request-reply/acknowledgement.js';
import { createAcknowledger } from '../../../runtime/src/request-reply/client-acknowledgement.js';
import { createManualClock } from './support.js';

function encode(segment: Acknowledgement): Buffer {
  const writer = new Writer();
  writer.begin();
  writeAcknowledgement(writer, segment);
  return writer.end();
}

/** The numbers that a server learns to be finished. */
function learn(bytes: Buffer, finished = new Set<number>()): Set<number> {
  readAcknowledgement(new Reader().reset(bytes), (from, to) => {
    for (let number = from; number < to; number++) finished.add(number);
  });
  return finished;
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

describe('a segment', () => {
  it('says of each number below its end whether it is finished', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 80 }), { maxLength: 60 }),
        fc.nat(20),
        (open, more) => {
          open.sort((a, b) => a - b);
          const next = (open.at(-1) ?? 0) + 1 + more;
          const segment = nextSegment(1, open, next);
          expect([...learn(encode(segment))]).toEqual(
            range(1, segment.high).filter(number => !open.includes(number)),
          );
          expect(segment.high).toBe(open[maxOpenInSegment] ?? next);
        },
      ),
    );
  });

  it('ends before an open number that is too far away for its distance to be written', () => {
    const far = 2 + 2 ** 33;
    expect(nextSegment(1, [2, far], far + 1)).toEqual({ low: 1, high: far, open: [2] });
  });

  it('stands after the other, so that segments in a row leave nothing out', () => {
    const open = range(1, 200).filter(number => number % 2 === 0);
    const finished = new Set<number>();
    let low = 1;
    let segments = 0;
    while (low < 300) {
      const segment = nextSegment(
        low,
        open.filter(number => number >= low),
        300,
      );
      learn(encode(segment), finished);
      low = segment.high;
      segments++;
    }
    expect([...finished].sort((a, b) => a - b)).toEqual(
      range(1, 300).filter(number => !open.includes(number)),
    );
    expect(segments).toBe(Math.ceil(open.length / maxOpenInSegment));
  });

  it('finishes nothing beyond its end, whatever the open numbers say', () => {
    expect([...learn(encode({ low: 5, high: 8, open: [6, 20] }))]).toEqual([5, 7]);
    expect([...learn(encode({ low: 9, high: 8, open: [] }))]).toEqual([]);
  });
});

/** A client's side, of which the test says what is open. */
function client(open: Set<number>, next: number) {
  const clock = createManualClock();
  const state = { next, idle: 0 };
  const acknowledger = createAcknowledger(
    clock,
    open,
    () => state.next,
    () => {
      state.idle++;
    },
  );
  const write = (room = Number.POSITIVE_INFINITY): Buffer[] => {
    const frames: Buffer[] = [];
    const writer = new Writer();
    acknowledger.write(
      room,
      () => {
        writer.begin();
        return writer;
      },
      () => frames.push(writer.end()),
    );
    return frames;
  };
  return { clock, acknowledger, state, write };
}

describe('a client', () => {
  it('tells in one segment as long as that says all', () => {
    const { write } = client(new Set([3]), 10);
    expect(write()).toHaveLength(1);
    expect(write()).toHaveLength(1);
  });

  // CASES 72: with one vector of 32 the server would never learn that anything above the 33rd open call is finished.
  it.each([33, 64, 65, 500])(
    'has the server learn all that is finished although %i calls stay open',
    open => {
      const opened = new Set(range(1, 2 * open).filter(number => number % 2 === 1));
      const { write } = client(opened, 2 * open + 100);
      const finished = new Set<number>();
      for (let batch = 0; batch < 2 + Math.ceil(open / maxOpenInSegment); batch++) {
        for (const frame of write()) learn(frame, finished);
      }
      expect([...finished].sort((a, b) => a - b)).toEqual(
        range(1, 2 * open + 100).filter(number => !opened.has(number)),
      );
    },
  );

  it('keeps to the room that there is, and leaves nothing out in the long run', () => {
    const rooms = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        rooms,
        fc.integer({ min: 26, max: 200 }),
        (open, first, room) => {
          const opened = new Set(range(1, 2 * open).filter(number => number % 2 === 1));
          const { write } = client(opened, 2 * open);
          const finished = new Set<number>();
          for (const most of [...first, ...Array.from({ length: 2 * open + 4 }, () => room)]) {
            const frames = write(most);
            // What stands before a segment's body: its length and its type.
            expect(frames.reduce((sum, { length }) => sum + 5 + length, 0)).toBeLessThanOrEqual(most);
            for (const frame of frames) learn(frame, finished);
          }
          expect([...finished].sort((a, b) => a - b)).toEqual(
            range(1, 2 * open).filter(number => !opened.has(number)),
          );
        },
      ),
    );
  });

  it('never says of an open call that it is finished, while calls come and go', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(200)), { minLength: 50, maxLength: 300 }), steps => {
        const open = new Set<number>();
        const { state, write } = client(open, 1);
        const told = new Set<number>();
        for (const [begins, choice] of steps) {
          if (begins || open.size === 0) open.add(state.next++);
          else open.delete([...open][choice % open.size]!);
          for (const frame of write()) learn(frame, told);
          for (const number of open) expect(told.has(number)).toBe(false);
        }
      }),
    );
  });

  it('acknowledges by itself when nothing else is sent for 100 ms', () => {
    const { clock, acknowledger, state } = client(new Set(), 2);
    acknowledger.owe();
    acknowledger.owe();
    clock.advance(99);
    expect(state.idle).toBe(0);
    clock.advance(1);
    expect(state.idle).toBe(1);
  });

  it('does not when a batch told it already, or when it is closed', () => {
    const { clock, acknowledger, state, write } = client(new Set(), 2);
    acknowledger.owe();
    expect(acknowledger.owes).toBe(true);
    write();
    expect(acknowledger.owes).toBe(false);
    clock.advance(1000);
    acknowledger.owe();
    acknowledger.close();
    clock.advance(1000);
    expect(state.idle).toBe(0);
  });
});
