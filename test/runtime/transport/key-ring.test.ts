import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../runtime/src/transport/key-ring.js';
import { renewedAfter, type Seal } from '../../../runtime/src/transport/seal.js';
import { createManualClock } from '../request-reply/support.js';

const hour = 3_600_000;

/** Keys that are obtained one after another, each of which the test may fail or keep waiting. */
async function createBench() {
  const clock = createManualClock();
  let obtained = 0;
  let answer: 'key' | 'failure' | 'none' = 'key';
  const used = new Map<string, number>();
  const obtain = async (): Promise<Seal> => {
    obtained++;
    if (answer === 'failure') throw new Error('nobody there');
    if (answer === 'none') await new Promise(() => {});
    const id = `key ${obtained}`;
    return {
      id,
      get used() {
        return used.get(id) ?? 0;
      },
      seal: () => true,
      open: () => 'forged',
    };
  };
  const ring = await createKeyRing(clock, obtain);
  return {
    clock,
    ring,
    obtained: () => obtained,
    use: (id: string, count: number) => used.set(id, count),
    answerWith: (next: typeof answer) => {
      answer = next;
    },
    /** Lets promises settle. */
    settle: async () => {
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    },
  };
}

describe("a client's keys", () => {
  it('are renewed after an hour, and the one before is still known', async () => {
    const { clock, ring, obtained, settle } = await createBench();
    clock.advance(hour - 1);
    expect(ring.current().id).toBe('key 1');
    await settle();
    expect(obtained()).toBe(1);
    clock.advance(1);
    expect(ring.current().id).toBe('key 1');
    await settle();
    expect(ring.current().id).toBe('key 2');
    expect(ring.find('key 1')?.id).toBe('key 1');
    expect(ring.find('key 2')?.id).toBe('key 2');
    expect(ring.find('key 3')).toBe(undefined);
    clock.advance(hour);
    ring.current();
    await settle();
    expect(ring.find('key 1')).toBe(undefined);
  });

  it('are renewed when they have sealed or opened enough', async () => {
    const { clock, ring, use, settle } = await createBench();
    clock.advance(5000);
    use('key 1', renewedAfter - 1);
    ring.current();
    await settle();
    expect(ring.current().id).toBe('key 1');
    use('key 1', renewedAfter);
    ring.current();
    await settle();
    expect(ring.current().id).toBe('key 2');
  });

  it('are renewed when the server does not know them, but not more often than every second', async () => {
    const { clock, ring, obtained, settle } = await createBench();
    ring.onUnknown('key 1');
    await settle();
    expect(obtained()).toBe(1);
    clock.advance(1000);
    ring.onUnknown('key 7');
    await settle();
    expect(obtained()).toBe(1);
    for (let i = 0; i < 5; i++) ring.onUnknown('key 1');
    await settle();
    expect(obtained()).toBe(2);
    clock.advance(1000);
    ring.onUnknown('key 1');
    await settle();
    expect(obtained()).toBe(2);
  });

  it('are asked for once at a time, and less and less often while there is none; the old one stays in use', async () => {
    const { clock, ring, obtained, answerWith, settle } = await createBench();
    answerWith('failure');
    const attempts: number[] = [];
    for (let second = 1; second <= 200; second++) {
      clock.advance(1000);
      const before = obtained();
      ring.onUnknown('key 1');
      await settle();
      if (obtained() > before) attempts.push(second);
      expect(ring.current().id).toBe('key 1');
    }
    expect(attempts).toEqual([1, 2, 4, 8, 16, 32, 64, 124, 184]);
    answerWith('none');
    clock.advance(60_000);
    for (let i = 0; i < 3; i++) ring.onUnknown('key 1');
    clock.advance(60_000);
    ring.onUnknown('key 1');
    await settle();
    expect(obtained()).toBe(1 + attempts.length + 1);
  });

  it('are not asked for any more when the path is closed', async () => {
    const { clock, ring, obtained, settle } = await createBench();
    ring.close();
    clock.advance(hour);
    ring.current();
    ring.onUnknown('key 1');
    await settle();
    expect(obtained()).toBe(1);
  });
});
