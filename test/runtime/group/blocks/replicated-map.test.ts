import { describe, expect, it } from 'vitest';
import {
  type MapChange,
  ReplicatedMap,
  type ReplicatedMapOptions,
} from '../../../../runtime/src/group/blocks/replicated-map.js';
import { Kind, Order } from '../../../../runtime/src/group/message.js';
import { openBlocks, transfer } from './support.js';

type Options = ReplicatedMapOptions<string, unknown>;
const open = (count: number, options?: Options) =>
  openBlocks(count, () => new ReplicatedMap<string, unknown>('cache', options));

describe('a replicated map', () => {
  it('has at all members what one has set', async () => {
    const { group, nodes } = open(2);
    const [a, b] = nodes.map(({ block }) => block) as [ReplicatedMap, ReplicatedMap];
    const done = a.set('one', { is: [1, 'two', null], at: new Date(5) });
    expect(a.has('one')).toBe(false);
    await group.deliver();
    await done;
    expect(b.get('one')).toEqual({ is: [1, 'two', null], at: new Date(5) });
    expect([b.size, [...b.keys()], [...b.values()].length, [...b], [...b.entries()].length]).toEqual([
      1,
      ['one'],
      1,
      [['one', b.get('one')]],
      1,
    ]);
  });

  it('writes in the order that all agree on', async () => {
    const { group, nodes } = open(2);
    void nodes[0]!.block.set('key', 'first');
    void nodes[1]!.block.set('key', 'second');
    await group.deliver();
    expect(nodes.map(({ block }) => block.get('key'))).toEqual(['second', 'second']);
    expect(nodes[0]!.port.sent).toEqual([{ kind: Kind.block, options: { order: Order.total, safe: false } }]);
  });

  it('tells what was deleted', async () => {
    const { group, nodes } = open(2);
    const [a, b] = nodes.map(({ block }) => block) as [ReplicatedMap, ReplicatedMap];
    const changes: MapChange<string, unknown>[] = [];
    b.onChange(change => changes.push(change));
    const results = [a.set('k', 1), a.delete('k'), a.delete('k'), a.set('l', 2), a.clear()];
    await group.deliver();
    expect(await Promise.all(results)).toEqual([undefined, true, false, undefined, undefined]);
    expect(b.size).toBe(0);
    expect(changes).toEqual([
      { kind: 'set', key: 'k', value: 1 },
      { kind: 'delete', key: 'k' },
      { kind: 'delete', key: 'k' },
      { kind: 'set', key: 'l', value: 2 },
      { kind: 'clear' },
    ]);
  });

  it('gives a joiner its content, and goes on from there', async () => {
    const { group, nodes, add } = open(1);
    const [a] = nodes as [(typeof nodes)[number]];
    for (let key = 0; key < 100; key++) void a.block.set(`${key}`, key);
    await group.deliver();
    const b = add();
    await transfer(a.port, b.port);
    group.install([a.port, b.port]);
    void b.block.set('new', 1);
    await group.deliver();
    expect([...b.block]).toEqual([...a.block]);
    expect(b.block.size).toBe(101);
  });

  it('keeps the promise of what a state contained', async () => {
    const { group, nodes } = open(2);
    const [a, b] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
    const earlier = b.block.set('one', 1);
    const later = b.block.delete('one');
    // Only the other one delivers them: they are in the state that it gives.
    group.loses = (_, to) => to === b.port;
    await group.deliver();
    await transfer(a.port, b.port);
    expect(await later).toBe(true);
    await expect(earlier).rejects.toMatchObject({ code: 'unavailable', outcome: 'executed' });
    expect(b.block.size).toBe(0);
  });

  it('has the map of the leading side after a merge, or what its function makes of both', async () => {
    for (const merge of [undefined, (one: unknown, other: unknown) => Math.max(Number(one), Number(other))]) {
      const { group, nodes } = open(2, merge && { merge });
      const [a, b] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
      group.install([a.port]);
      group.install([b.port]);
      void a.block.set('both', 1);
      void a.block.set('a', 1);
      void b.block.set('both', 2);
      void b.block.set('b', 2);
      await group.deliver();
      await transfer(b.port, a.port, merge ? 'merge' : 'load');
      const expected = merge ? { both: 2, a: 1, b: 2 } : { both: 2, b: 2 };
      expect(Object.fromEntries(a.block)).toEqual(expected);
    }
  });

  it('fails what waits when its member leaves, and what is begun where there is no group', async () => {
    const { nodes } = open(1);
    const [{ block, port }] = nodes as [(typeof nodes)[number]];
    const waiting = block.set('one', 1);
    port.raise({ type: 'end', reason: 'failed' });
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    await expect(block.set('one', 1)).rejects.toThrow('has left the group');
    await expect(new ReplicatedMap('m').set('k', 1)).rejects.toThrow("the map 'm' is in no group yet");
  });

  it('counts operations that are none', async () => {
    const { group, nodes } = open(1);
    const [{ block, port }] = nodes as [(typeof nodes)[number]];
    void block.set('one', 1);
    const [{ message }] = group.queue as [(typeof group.queue)[number]];
    for (let length = 4; length < message.body.length; length++) {
      port.multicast(Kind.block, message.body.subarray(0, length));
    }
    await group.deliver();
    expect(block.size).toBe(1);
    expect(port.drops.length).toBe(message.body.length - 4);
  });
});
