import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytes, ReplyHistory } from '../../../runtime/src/request-reply/history.js';
import { receivedCall } from './support.js';

function open(firstNumber = 1) {
  const usage = { historyEntries: 0, historyBytes: 0 };
  const history = new ReplyHistory(firstNumber, usage);
  const remembered = (below: number): number[] =>
    Array.from({ length: below }, (_, number) => number).filter(number => history.find(number) !== undefined);
  return { history, usage, remembered };
}

const reply = (length: number) => ({ bytes: Buffer.alloc(length), start: 0, end: length });

describe('the history', () => {
  it('keeps what is recorded, with its reply, until it is finished', () => {
    const { history, usage } = open();
    const call = receivedCall(1);
    history.record(call);
    history.keep(call, reply(100));
    expect(history.find(1)?.reply?.end).toBe(100);
    expect(usage).toEqual({ historyEntries: 1, historyBytes: entryBytes + 100 });
    history.finish(1, 2);
    expect(history.find(1)).toBeUndefined();
    expect(history.isFinished(1)).toBe(true);
    expect(usage).toEqual({ historyEntries: 0, historyBytes: 0 });
  });

  it('begins at the first number of the handshake: what is below is finished', () => {
    const { history } = open(7);
    expect([6, 7].map(number => history.isFinished(number))).toEqual([true, false]);
  });

  it('holds as much as its counts say, whatever is recorded, kept and finished in whatever order', () => {
    const step = fc.record({
      kind: fc.constantFrom('record', 'keep', 'finish'),
      number: fc.integer({ min: 1, max: 40 }),
      length: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const { history, usage } = open();
        const lengths = new Map<number, number>();
        for (const { kind, number, length } of steps) {
          const known = history.find(number);
          if (kind === 'record' && known === undefined && !history.isFinished(number)) {
            history.record(receivedCall(number));
            lengths.set(number, 0);
          } else if (kind === 'keep' && known !== undefined && known.reply === undefined) {
            history.keep(known, reply(length));
            lengths.set(number, length);
          } else if (kind === 'finish') {
            history.finish(number, number + length);
            for (let each = number; each < number + length; each++) lengths.delete(each);
          }
        }
        const bytes = [...lengths.values()].reduce((sum, length) => sum + entryBytes + length, 0);
        expect(history.size).toBe(lengths.size);
        expect(history.bytes).toBe(bytes);
        expect(usage).toEqual({ historyEntries: lengths.size, historyBytes: bytes });
        history.end();
        expect(usage).toEqual({ historyEntries: 0, historyBytes: 0 });
      }),
    );
  });

  it('takes a stretch of 2^53 numbers that is declared finished', () => {
    const { history, remembered } = open();
    for (const number of [1, 2, 3]) history.record(receivedCall(number));
    history.finish(3, Number.MAX_SAFE_INTEGER);
    expect(remembered(10)).toEqual([1, 2]);
  });

  it('takes no more stretches of finished numbers than 4096, but always the first', () => {
    const { history } = open();
    for (let stretch = 1; stretch <= 4200; stretch++) history.finish(2 * stretch, 2 * stretch + 1);
    // The numbers below the first one are a stretch too.
    expect(history.isFinished(2 * 4095)).toBe(true);
    expect(history.isFinished(2 * 4096)).toBe(false);
    history.finish(1, 20_000);
    expect(history.isFinished(2 * 4096)).toBe(true);
  });
});

describe('a call that nobody waits for any more', () => {
  const noted = (state: 'waiting' | 'answered') => {
    let told = 0;
    const call = receivedCall(1, { state, onAbandoned: () => void told++ });
    const { history } = open();
    history.record(call);
    return { history, told: () => told };
  };

  it('is told once, when it is finished or the history ends', () => {
    const { history, told } = noted('waiting');
    history.finish(1, 2);
    history.end();
    expect(told()).toBe(1);
    const other = noted('waiting');
    other.history.end();
    expect(other.told()).toBe(1);
  });

  it('is not told when it was answered before', () => {
    const { history, told } = noted('answered');
    history.finish(1, 2);
    expect(told()).toBe(0);
  });

  it('is among the unanswered until it is answered', () => {
    expect([...noted('waiting').history.unanswered()]).toHaveLength(1);
    expect([...noted('answered').history.unanswered()]).toHaveLength(0);
  });
});
