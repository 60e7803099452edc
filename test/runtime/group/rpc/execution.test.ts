import { describe, expect, it } from 'vitest';
import { Execution, type Work } from '../../../../runtime/src/group/rpc/execution.js';
import { FakeClock, settled } from './fake-group.js';

function createExecution(running = 10) {
  const clock = new FakeClock();
  const log: string[] = [];
  const execution = new Execution({ clock, running, consumed: () => log.push('consumed') });
  const release = new Map<string, () => void>();
  const work = (name: string, more: Partial<Work> & { readonly sync?: boolean } = {}): Work => ({
    message: undefined,
    ordered: true,
    deadlineAt: Number.POSITIVE_INFINITY,
    expires: true,
    begin() {
      log.push(name);
      return more.sync ? 5 : new Promise<void>(resolve => release.set(name, resolve));
    },
    returned: () => log.push(`${name} returned`),
    threw: error => log.push(`${name} threw ${error}`),
    expired: () => log.push(`${name} expired`),
    abandon: () => log.push(`${name} abandoned`),
    ...more,
  });
  const end = async (name: string) => {
    release.get(name)!();
    await settled();
  };
  return { clock, log, execution, work, end };
}

describe('the execution of calls', () => {
  it('has many synchronous ones run without a deep stack', () => {
    const { execution, work, log } = createExecution();
    const first = work('first', {
      begin() {
        for (let at = 0; at < 20_000; at++) execution.take(work('next', { sync: true }));
        return undefined;
      },
    });
    execution.take(first);
    expect(log).toHaveLength(40_001);
  });

  it('goes on after what throws and what rejects', async () => {
    const { execution, work, log } = createExecution();
    execution.take(work('a', { begin: () => Promise.reject(new Error('no')) }));
    execution.take(
      work('b', {
        begin() {
          throw new Error('never');
        },
      }),
    );
    execution.take(work('c', { sync: true }));
    await settled();
    expect(log).toEqual(['a threw Error: no', 'b threw Error: never', 'c', 'c returned']);
  });

  it('has only so many without an order run at a time', async () => {
    const { execution, work, log, end } = createExecution(2);
    for (const name of ['a', 'b', 'c', 'd']) execution.take(work(name, { ordered: false }));
    expect(log).toEqual(['a', 'b']);
    await end('b');
    expect(log).toEqual(['a', 'b', 'b returned', 'c']);
  });

  it('keeps its order through a long queue', async () => {
    const { execution, work, log, end } = createExecution();
    execution.take(work('first'));
    const names = Array.from({ length: 5000 }, (_, at) => `${at}`);
    for (const name of names) execution.take(work(name, { begin: () => void log.push(name), returned() {} }));
    await end('first');
    expect(log.slice(2)).toEqual(names);
  });

  it('is settled when what it has now has ended, and not what comes later', async () => {
    const { execution, work, log, end } = createExecution();
    execution.take(work('a'));
    execution.take(work('b'));
    const settling = execution.settle().then(() => log.push('settled'));
    execution.take(work('c'));
    await end('a');
    expect(log).not.toContain('settled');
    await end('b');
    await settling;
    expect(log).toEqual(['a', 'a returned', 'b', 'b returned', 'c', 'settled']);
  });

  it('is not kept from settling by what has no order, beyond its deadline', async () => {
    const { execution, work, clock, log } = createExecution();
    execution.take(work('endless', { ordered: false }));
    await execution.settle();
    execution.take(work('long', { ordered: false, deadlineAt: clock.now() + 100 }));
    const settling = execution.settle().then(() => log.push('settled'));
    clock.advance(99);
    await settled();
    expect(log).not.toContain('settled');
    clock.advance(1);
    await settling;
  });

  it('ends with what waits, and tells what runs', async () => {
    const { execution, work, log } = createExecution();
    execution.take(work('a'));
    execution.take(work('b'));
    execution.take(work('c', { ordered: false }));
    const settling = execution.settle();
    execution.end();
    await settling;
    expect(log).toEqual(['a', 'c', 'b abandoned', 'a abandoned', 'c abandoned']);
  });
});
