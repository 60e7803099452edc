import { describe, expect, it } from 'vitest';
import { DistributedLock, type HeldLock } from '../../../../runtime/src/group/blocks/lock.js';
import { settled } from '../rpc/fake-group.js';
import { openBlocks, transfer } from './support.js';

const open = (count: number) => openBlocks(count, () => new DistributedLock('printer'));

/** What became of it so far. */
function watch(acquired: Promise<HeldLock>): { held?: HeldLock; error?: Error } {
  const state: { held?: HeldLock; error?: Error } = {};
  acquired.then(
    held => {
      state.held = held;
    },
    error => {
      state.error = error;
    },
  );
  return state;
}

describe('a distributed lock', () => {
  it('is granted to one at a time, in the order of asking, with a fence that rises', async () => {
    const { group, nodes } = open(3);
    const claims = nodes.map(({ block }) => watch(block.acquire()));
    await group.deliver();
    expect(claims.map(({ held }) => held?.fence)).toEqual([1, undefined, undefined]);
    expect(nodes.map(({ block }) => block.holder)).toEqual(new Array(3).fill(nodes[0]!.port.self.address));
    claims[0]!.held!.release();
    claims[0]!.held!.release();
    await group.deliver();
    expect(claims.map(({ held }) => held?.fence)).toEqual([1, 2, undefined]);
    claims[1]!.held![Symbol.dispose]();
    await group.deliver();
    expect(claims[2]!.held?.fence).toBe(3);
    claims[2]!.held!.release();
    await group.deliver();
    expect(nodes[0]!.block.holder).toBeUndefined();
    expect(claims[0]!.held!.lost.aborted).toBe(false);
  });

  it('keeps claims of one member apart', async () => {
    const { group, nodes } = open(1);
    const [{ block }] = nodes as [(typeof nodes)[number]];
    const [one, two] = [watch(block.acquire()), watch(block.acquire())];
    await group.deliver();
    expect([one.held?.fence, two.held]).toEqual([1, undefined]);
    one.held!.release();
    await group.deliver();
    expect(two.held?.fence).toBe(2);
  });

  it('passes on when its holder is excluded', async () => {
    const { group, nodes } = open(3);
    const claims = nodes.map(({ block }) => watch(block.acquire()));
    await group.deliver();
    group.install([nodes[1]!.port, nodes[2]!.port]);
    await settled();
    expect(claims.map(({ held }) => held?.fence)).toEqual([1, 2, undefined]);
  });

  it('is lost to a holder outside of the primary partition, and granted to nobody there', async () => {
    const { group, nodes } = open(3);
    const [a, b] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
    const [one, two] = [watch(a.block.acquire()), watch(b.block.acquire())];
    await group.deliver();
    a.port.primary = false;
    b.port.primary = false;
    group.install([a.port, b.port]);
    group.install([nodes[2]!.port]);
    await group.deliver();
    expect([one.held!.lost.aborted, two.held]).toEqual([true, undefined]);
    // Back in the primary partition, whose state they have got.
    a.port.primary = true;
    b.port.primary = true;
    await transfer(nodes[2]!.port, a.port);
    await transfer(nodes[2]!.port, b.port);
    group.install([...nodes.map(({ port }) => port)]);
    await group.deliver();
    expect(two.held).toBeDefined();
    expect(two.held!.lost.aborted).toBe(false);
    expect(nodes.map(({ block }) => block.holder)).toEqual(new Array(3).fill(b.port.self.address));
  });

  it('is asked for again by who waits when the others have forgotten it', async () => {
    const { group, nodes } = open(2);
    const [a, b] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
    const first = watch(a.block.acquire());
    const second = watch(b.block.acquire());
    await group.deliver();
    group.install([a.port]);
    b.port.primary = false;
    group.install([b.port]);
    await transfer(a.port, b.port);
    b.port.primary = true;
    group.install([a.port, b.port]);
    await group.deliver();
    first.held!.release();
    await group.deliver();
    expect(second.held?.fence).toBe(2);
  });

  it('can be waited for until a deadline or a signal', async () => {
    const { group, nodes } = open(2);
    const [{ block: a }, { block: b }] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
    const holder = watch(a.acquire());
    const abort = new AbortController();
    const late = watch(b.acquire({ deadline: 100 }));
    const cancelled = watch(b.acquire({ signal: abort.signal }));
    const next = watch(b.acquire({ deadline: 500 }));
    await group.deliver();
    group.clock.advance(100);
    abort.abort(new Error('enough'));
    await group.deliver();
    expect(late.error).toMatchObject({ code: 'deadline-exceeded', outcome: 'not-executed' });
    expect(cancelled.error).toMatchObject({ code: 'cancelled', cause: new Error('enough') });
    holder.held!.release();
    await group.deliver();
    expect(next.held?.fence).toBe(2);
    group.clock.advance(1000);
    expect(next.held!.lost.aborted).toBe(false);
    expect(group.clock.timersSet).toBe(0);
    await expect(b.acquire({ signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('is known to a joiner', async () => {
    const { group, nodes, add } = open(1);
    const [a] = nodes as [(typeof nodes)[number]];
    const first = watch(a.block.acquire());
    await group.deliver();
    const b = add();
    await transfer(a.port, b.port);
    group.install([a.port, b.port]);
    const second = watch(b.block.acquire());
    await group.deliver();
    expect([b.block.holder, second.held]).toEqual([a.port.self.address, undefined]);
    first.held!.release();
    await group.deliver();
    expect(second.held?.fence).toBe(2);
  });

  it('is lost with the group', async () => {
    const { group, nodes } = open(1);
    const [{ block, port }] = nodes as [(typeof nodes)[number]];
    const [held, waiting] = [watch(block.acquire()), watch(block.acquire())];
    await group.deliver();
    port.raise({ type: 'end', reason: 'failed' });
    await settled();
    expect(held.held!.lost.aborted).toBe(true);
    expect(waiting.error).toMatchObject({ code: 'unavailable' });
    await expect(block.acquire()).rejects.toThrow('has left the group');
    await expect(new DistributedLock('l').acquire()).rejects.toThrow('is in no group yet');
    held.held!.release();
  });
});
