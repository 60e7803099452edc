import { describe, expect, it } from 'vitest';
import { callHedged, checkedHedge } from '../../../../runtime/src/client/balancing/hedge.js';
import { CallError, type Outcome } from '../../../../runtime/src/index.js';
import { createManualClock } from '../../request-reply/support.js';

const failure = (outcome: Outcome) => new CallError('unavailable', 'no', { outcome, attempts: 1 });

function begin(copies = 3, servers = ['b', 'c', 'd']) {
  const clock = createManualClock();
  const controller = new AbortController();
  const started = new Map<
    string,
    { resolve(value: string): void; reject(error: unknown): void; readonly signal: AbortSignal }
  >();
  const answer = callHedged<string, string>({
    hedge: { after: 20, copies },
    clock,
    signal: controller.signal,
    first: 'a',
    pick: tried => servers.find(server => !tried.has(server)),
    attempt: (server, signal) =>
      new Promise((resolve, reject) => void started.set(server, { resolve, reject, signal })),
  });
  // Whoever is interested says so below.
  answer.catch(() => {});
  return { clock, controller, started, answer, names: () => [...started.keys()].join('') };
}

const settled = () => new Promise<void>(resolve => void setImmediate(resolve));

describe('a hedged call', () => {
  it('is made at one server after the other, and the first answer counts', async () => {
    const { clock, started, answer, names } = begin();
    expect(names()).toBe('a');
    clock.advance(19);
    expect(names()).toBe('a');
    clock.advance(1);
    expect(names()).toBe('ab');
    clock.advance(1000);
    expect(names()).toBe('abc');
    started.get('b')!.resolve('from b');
    expect(await answer).toBe('from b');
    expect([...started.values()].every(({ signal }) => signal.aborted)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('goes on at once where a copy fails, and fails with the last of them', async () => {
    const { started, answer, names } = begin();
    started.get('a')!.reject(failure('unknown'));
    await settled();
    expect(names()).toBe('ab');
    started.get('b')!.reject(failure('not-executed'));
    await settled();
    expect(names()).toBe('abc');
    started.get('c')!.reject(failure('not-executed'));
    await expect(answer).rejects.toMatchObject({ outcome: 'unknown', attempts: 3 });
  });

  it('waits for the others where no more may be made', async () => {
    const { clock, started, answer, names } = begin(2);
    clock.advance(20);
    started.get('b')!.reject(failure('unknown'));
    await settled();
    expect(names()).toBe('ab');
    started.get('a')!.resolve('from a');
    expect(await answer).toBe('from a');
  });

  it('ends with an error that is an answer', async () => {
    const { clock, started, answer } = begin();
    clock.advance(20);
    const declared = new Error('declared');
    started.get('a')!.reject(declared);
    await expect(answer).rejects.toBe(declared);
  });

  it('has no more copies than there are servers', async () => {
    const { clock, started, answer, names } = begin(9, ['b']);
    clock.advance(1000);
    expect(names()).toBe('ab');
    for (const { reject } of started.values()) reject(failure('unknown'));
    await expect(answer).rejects.toMatchObject({ outcome: 'unknown', attempts: 2 });
  });

  it('is cancelled whole', async () => {
    const { clock, controller, started, names } = begin();
    clock.advance(20);
    controller.abort('enough');
    expect([...started.values()].map(({ signal }) => signal.reason)).toEqual(['enough', 'enough']);
    clock.advance(1000);
    expect(names()).toBe('ab');
  });
});

describe('a hedge is refused', () => {
  it.each([
    [-1, 2],
    [Number.NaN, 2],
    [1, 1],
    [1, 2.5],
    [1, Number.POSITIVE_INFINITY],
  ])('after %d ms with %d copies', (after, copies) => {
    expect(() => checkedHedge({ after, copies })).toThrow(RangeError);
  });
});
