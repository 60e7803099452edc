import { describe, expect, it } from 'vitest';
import { DistributedCounter } from '../../../../runtime/src/group/blocks/counter.js';
import { Kind, Order } from '../../../../runtime/src/group/message.js';
import { openBlocks, transfer } from './support.js';

const open = (count: number) => openBlocks(count, () => new DistributedCounter('tickets', { initial: 10n }));

describe('a distributed counter', () => {
  it('counts what all have added', async () => {
    const { group, nodes } = open(2);
    const results = [nodes[0]!.block.add(), nodes[1]!.block.add(-5n), nodes[0]!.block.get()];
    await group.deliver();
    expect(await Promise.all(results)).toEqual([11n, 6n, 6n]);
    expect(nodes.map(({ block }) => block.value)).toEqual([6n, 6n]);
    expect(nodes[0]!.port.sent[0]).toEqual({ kind: Kind.block, options: { order: Order.total, safe: true } });
  });

  it('is set by one of those that compare', async () => {
    const { group, nodes } = open(2);
    const results = nodes.map(({ block }, index) => block.compareAndSet(10n, BigInt(index)));
    await group.deliver();
    expect(await Promise.all(results)).toEqual([true, false]);
    expect(nodes.map(({ block }) => block.value)).toEqual([0n, 0n]);
  });

  it('goes on at a joiner where it stands, however large', async () => {
    const { group, nodes, add } = open(1);
    void nodes[0]!.block.add(2n ** 80n);
    await group.deliver();
    const joiner = add();
    await transfer(nodes[0]!.port, joiner.port);
    expect(joiner.block.value).toBe(10n + 2n ** 80n);
  });

  it('keeps the promise of what a state contained', async () => {
    const { group, nodes } = open(2);
    const result = nodes[1]!.block.compareAndSet(10n, 5n);
    group.loses = (_, to) => to === nodes[1]!.port;
    await group.deliver();
    await transfer(nodes[0]!.port, nodes[1]!.port);
    expect(await result).toBe(true);
    expect(nodes[1]!.block.value).toBe(5n);
  });

  it('fails what waits when its member leaves', async () => {
    const { nodes } = open(1);
    const result = nodes[0]!.block.add();
    nodes[0]!.port.raise({ type: 'end', reason: 'left' });
    await expect(result).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  });

  it('counts operations that are none', async () => {
    const { group, nodes } = open(1);
    void nodes[0]!.block.add();
    const { body } = group.queue[0]!.message;
    for (let length = 4; length < body.length; length++) {
      nodes[0]!.port.multicast(Kind.block, body.subarray(0, length));
    }
    await group.deliver();
    expect(nodes[0]!.block.value).toBe(11n);
    expect(nodes[0]!.port.drops.length).toBe(body.length - 4);
  });
});
