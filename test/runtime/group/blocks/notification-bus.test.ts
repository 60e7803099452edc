import { describe, expect, it } from 'vitest';
import { NotificationBus } from '../../../../runtime/src/group/blocks/notification-bus.js';
import { Kind, Order } from '../../../../runtime/src/group/message.js';
import { openBlocks } from './support.js';

const open = (count: number) => openBlocks(count, () => new NotificationBus<{ symbol: string }>('prices'));

describe('a notification bus', () => {
  it('notifies all members, the one that publishes too', async () => {
    const { group, nodes } = open(3);
    const got: unknown[] = [];
    for (const { block } of nodes) block.subscribe((notification, from) => got.push([notification, from]));
    expect(nodes[1]!.block.publish({ symbol: 'ACME' })).toBe(true);
    await group.deliver();
    expect(got).toEqual(new Array(3).fill([{ symbol: 'ACME' }, nodes[1]!.port.self.address]));
    expect(nodes[1]!.port.sent).toEqual([{ kind: Kind.block, options: { order: Order.fifo } }]);
  });

  it('tells a listener no more that was taken away', async () => {
    const { group, nodes } = open(1);
    const [{ block }] = nodes as [(typeof nodes)[number]];
    const got: string[] = [];
    const stop = block.subscribe(({ symbol }) => got.push(symbol));
    block.publish({ symbol: 'A' });
    await group.deliver();
    stop();
    block.publish({ symbol: 'B' });
    await group.deliver();
    expect(got).toEqual(['A']);
  });

  it('knows who is there', () => {
    const { nodes } = open(2);
    expect(nodes[0]!.block.members).toEqual(nodes.map(({ port }) => port.self.address));
    expect(new NotificationBus('b').members).toEqual([]);
  });

  it('tells when to wait, and refuses where there is no group', () => {
    const { nodes } = open(1);
    const [{ block, port }] = nodes as [(typeof nodes)[number]];
    port.writable = false;
    expect(block.publish({ symbol: 'A' })).toBe(false);
    port.raise({ type: 'end', reason: 'left' });
    expect(() => block.publish({ symbol: 'A' })).toThrow('has left the group');
    expect(() => new NotificationBus('b').publish(1)).toThrow('hand it to join()');
  });

  it('counts what its codec cannot read', async () => {
    const { group, nodes } = open(1);
    const [{ block, port }] = nodes as [(typeof nodes)[number]];
    const got: unknown[] = [];
    block.subscribe(notification => got.push(notification));
    block.publish({ symbol: 'A' });
    const [{ message }] = group.queue as [(typeof group.queue)[number]];
    port.multicast(Kind.block, message.body.subarray(0, 6));
    await group.deliver();
    expect([got.length, port.drops]).toEqual([1, ['malformed']]);
  });
});
