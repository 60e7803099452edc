import { describe, expect, it } from 'vitest';
import type { MemberId } from '../../../runtime/src/group/member.js';
import { Kind, Order } from '../../../runtime/src/group/message.js';
import type { StatePart } from '../../../runtime/src/group/port.js';
import { type ListState, listState, type StateMember, StateWorld } from './support/state-world.js';

type ListOptions = Parameters<typeof listState>[1];

function open(seed = 1) {
  const world = new StateWorld(seed);
  const states = new Map<MemberId, ListState>();
  const add = (id: MemberId, options?: ListOptions, extra: StatePart[] = []): StateMember => {
    const state = listState('list', options);
    states.set(id, state);
    return world.add(id, {
      parts: () => [state.part, ...extra],
      onMessage: (_, text) => state.list.push(text),
    });
  };
  const list = (id: MemberId): string[] => states.get(id)!.list;
  const messages = (id: MemberId): string[] =>
    world.members.get(id)!.seen.filter(text => !text.startsWith('view'));
  return { world, states, add, list, messages };
}

/** A group of 1, 2 and 3 that has delivered two messages. */
async function openThree(seed?: number, options?: ListOptions) {
  const all = open(seed);
  for (const id of [1, 2, 3]) all.add(id, options);
  all.world.view([1], [1]);
  all.world.view([1, 2, 3], [2, 3]);
  all.world.multicast(1, 'a');
  all.world.multicast(2, 'b');
  await all.world.settle();
  return all;
}

describe('state transfer', () => {
  it('lets everything pass where there is no state', async () => {
    const world = new StateWorld();
    for (const id of [1, 2]) world.add(id, { parts: () => [] });
    world.view([1], [1]);
    world.view([1, 2], [2]);
    world.step(1);
    world.step(1);
    world.step(2);
    world.multicast(1, 'a');
    world.step(2);
    expect(world.members.get(2)!.seen).toEqual(['view 2', 'a']);
    expect(world.members.get(1)!.seen).toEqual(['view 1', 'view 2']);
  });

  it('gives a joiner what was delivered before, and delivers to it what came after', async () => {
    const { world, add, list, messages } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.multicast(1, 'c');
    world.multicast(3, 'd');
    await world.settle();
    for (const id of [1, 2, 3, 4]) expect(list(id)).toEqual(['a', 'b', 'c', 'd']);
    expect(messages(4)).toEqual(['c', 'd']);
    expect(world.members.get(4)!.consumed).toBe(0);
  });

  it('shows a joiner no view before its state is there', async () => {
    const { world, add, list } = await openThree();
    const joiner = add(4);
    world.view([1, 2, 3, 4], [4]);
    world.multicast(1, 'c');
    world.view([1, 2, 4]);
    world.multicast(1, 'd');
    while (world.step(4));
    expect(joiner.seen).toEqual([]);
    await world.settle();
    expect(list(4)).toEqual(['a', 'b', 'c', 'd']);
    expect(joiner.seen.filter(text => text.startsWith('view'))).toEqual(['view 3', 'view 4']);
    if (joiner.seen.includes('c')) {
      expect(joiner.seen.indexOf('c')).toBeLessThan(joiner.seen.indexOf('view 4'));
    }
  });

  it('asks the last one of those that were there before, and several joiners ask several', async () => {
    const { world, states, add, list } = await openThree();
    for (const id of [4, 5]) add(id);
    world.view([1, 2, 3, 4, 5], [4, 5]);
    await world.settle();
    expect([4, 5].map(list)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    // The group's own second and third member had asked the first.
    expect([1, 2, 3].map(id => states.get(id)!.saves).slice(1)).toEqual([1, 1]);
  });

  it('keeps the messages to one member in their place, and lets replies pass', async () => {
    const { world, add } = await openThree();
    const joiner = add(4);
    world.view([1, 2, 3, 4], [4]);
    world.step(4);
    world.give(4, Kind.channel, 'to you', true);
    world.give(4, Kind.reply, 'done', true);
    world.give(4, Kind.channel, 'perhaps', false);
    expect(joiner.seen).toEqual(['reply done']);
    await world.settle();
    expect(joiner.seen).toEqual(['reply done', 'view 3', 'to you', 'perhaps']);
  });

  it('bounds the unreliable messages that it holds back, and counts what it drops', async () => {
    const { world, add } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.step(4);
    for (let count = 0; count < 1030; count++) world.give(4, Kind.channel, 'perhaps', false);
    expect(world.drops(4).get('flood')).toBe(6);
  });

  it('counts bytes that are no message, and goes on', async () => {
    const { world, add, list } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.give(1, Kind.state, '\u0000', true);
    world.give(1, Kind.state, '', true);
    expect(world.drops(1).get('malformed')).toBe(2);
    await world.settle();
    expect(list(4)).toEqual(['a', 'b']);
  });

  it('takes what is unordered for contained only when it was delivered', async () => {
    const { world, add, list } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.multicast(1, 'waits', Order.total);
    world.multicast(1, 'overtakes', Order.unordered);
    // At 3, which gives the state, the second came first.
    const { script } = world.members.get(3)!;
    [script[1], script[2]] = [script[2]!, script[1]!];
    world.step(3);
    world.step(3);
    world.step(4);
    await world.settle();
    expect([...list(4)].sort()).toEqual(['a', 'b', 'overtakes', 'waits']);
  });

  it('transfers large states without a copy, and no faster than they are loaded', async () => {
    const { world, add } = open();
    const piece = new Uint8Array(1024 * 1024);
    let saved = 0;
    const large: StatePart = {
      name: 'large',
      async *save() {
        for (; saved < 40; saved++) yield piece;
      },
      async load() {},
    };
    add(1, {}, [large]);
    world.view([1], [1]);
    await world.settle();
    const received: Uint8Array[] = [];
    let go = (): void => {};
    const wait = new Promise<void>(resolve => {
      go = resolve;
    });
    const joiner = add(2, {}, [
      {
        ...large,
        async load(pieces) {
          await wait;
          for await (const each of pieces) received.push(each);
        },
      },
    ]);
    world.view([1, 2], [2]);
    await world.settle();
    expect(saved).toBeLessThan(10);
    go();
    await world.settle();
    expect(joiner.seen).toEqual(['view 2']);
    expect(received.reduce((sum, { length }) => sum + length, 0)).toBe(40 * piece.length);
    expect(received.every(({ buffer }) => buffer === piece.buffer)).toBe(true);
  });
});

describe('a provider', () => {
  it('delivers nothing while it saves, and all of it in order afterwards', async () => {
    const { world, add, list } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.step(4);
    world.step(3);
    world.stepUnicast(3, 4);
    world.multicast(1, 'c');
    world.view([1, 2, 3, 4]);
    world.multicast(1, 'd');
    while (world.step(3));
    expect(list(3)).toEqual(['a', 'b']);
    await world.settle();
    const { seen } = world.members.get(3)!;
    expect(seen.slice(-4)).toEqual(['view 3', 'c', 'view 4', 'd']);
    expect(list(4)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives all who wait the same state, saved once', async () => {
    const { world, states, add, list } = open();
    add(1);
    world.view([1], [1]);
    world.multicast(1, 'a');
    await world.settle();
    for (const id of [2, 3]) add(id);
    world.view([1, 2, 3], [2, 3]);
    for (const id of [2, 3]) world.step(id);
    for (const id of [2, 3]) world.stepUnicast(1, id);
    await world.settle();
    expect(states.get(1)!.saves).toBe(1);
    expect([2, 3].map(list)).toEqual([['a'], ['a']]);
  });

  it('waits until its parts have settled', async () => {
    let settle = (): void => {};
    const { world, states, add, list } = open();
    const busy: StatePart = {
      name: 'busy',
      settle: () =>
        new Promise(resolve => {
          settle = resolve;
        }),
      async *save() {},
      async load() {},
    };
    add(1, {}, [busy]);
    world.view([1], [1]);
    world.multicast(1, 'a');
    await world.settle();
    add(2, {}, [{ ...busy, settle: async () => {} }]);
    world.view([1, 2], [2]);
    await world.settle();
    expect(states.get(1)!.saves).toBe(0);
    settle();
    await world.settle();
    expect(list(2)).toEqual(['a']);
  });

  it('that dies half-way is replaced by another one', async () => {
    const { world, add, list } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.multicast(1, 'c');
    world.step(4);
    world.step(3);
    world.stepUnicast(3, 4);
    await world.turn();
    world.stepUnicast(4, 3);
    world.stepUnicast(4, 3);
    world.crash(3);
    world.view([1, 2, 4]);
    world.multicast(1, 'd');
    await world.settle();
    for (const id of [1, 2, 4]) expect(list(id)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes on when who asked is gone', async () => {
    const { world, add, list } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.step(4);
    world.step(3);
    world.stepUnicast(3, 4);
    world.multicast(1, 'c');
    world.crash(4);
    world.view([1, 2, 3]);
    while (world.step(3));
    expect(list(3)).toEqual(['a', 'b', 'c']);
  });

  it('that cannot save is replaced by another one', async () => {
    const { world, add, list } = await openThree();
    let failures = 0;
    const failing = await openThree(2, { failSave: () => failures++ < 1 });
    failing.add(4);
    failing.world.view([1, 2, 3, 4], [4]);
    await failing.world.settle();
    expect(failing.list(4)).toEqual(['a', 'b']);
    add(4);
    world.view([1, 2, 3, 4], [4]);
    await world.settle();
    expect(list(4)).toEqual(['a', 'b']);
  });
});

describe('a joiner', () => {
  it('fails when nobody can save', async () => {
    let fails = false;
    const { world, add } = await openThree(1, { failSave: () => fails });
    fails = true;
    const joiner = add(4);
    world.view([1, 2, 3, 4], [4]);
    await world.settle();
    expect(joiner.error?.message).toBe("no member could save the group's state: the disk is full");
    expect(joiner.seen).toEqual([]);
  });

  it('fails when it cannot load', async () => {
    const { world, add } = await openThree();
    const joiner = add(4, { failLoad: () => true });
    world.view([1, 2, 3, 4], [4]);
    await world.settle();
    expect(joiner.error?.message).toBe('the state could not be loaded: no room for it');
  });

  it('fails when its parts are others', async () => {
    const { world } = await openThree();
    const joiner = world.add(4, { parts: () => [listState('map').part] });
    world.view([1, 2, 3, 4], [4]);
    await world.settle();
    expect(joiner.error?.message).toBe(
      "the parts of the group's state differ: 'map' here, 'list' at the member that was asked; " +
        'join with the same parts at all members',
    );
  });

  it('fails when the members that it asks have no state at all', async () => {
    const world = new StateWorld();
    world.add(1, { parts: () => [] });
    const joiner = world.add(2, { parts: () => [listState('list').part] });
    world.view([1], [1]);
    world.view([1, 2], [2]);
    await world.settle();
    expect(joiner.error?.message).toMatch("'list' here, none at the member");
  });

  it('is not given the state by another joiner', async () => {
    const { world, add, list } = open();
    add(1);
    world.view([1], [1]);
    world.multicast(1, 'a');
    await world.settle();
    for (const id of [2, 3]) add(id);
    world.view([1, 2], [2]);
    world.view([1, 2, 3], [3]);
    // 3 asks 2, which waits for 1.
    for (const id of [2, 2, 3]) world.step(id);
    world.stepUnicast(2, 3);
    await world.settle();
    expect([2, 3].map(list)).toEqual([['a'], ['a']]);
  });

  it('begins anew with the first member where all have joined at once', async () => {
    const { world, add, list } = open();
    for (const id of [1, 2, 3]) add(id);
    world.view([1, 2, 3], [1, 2, 3]);
    world.multicast(2, 'a');
    await world.settle();
    for (const id of [1, 2, 3]) expect(list(id)).toEqual(['a']);
  });

  it('goes on with nothing when all who had the state died before it got any of it', async () => {
    const { world, add, list } = open();
    for (const id of [1, 2, 3]) add(id);
    world.view([1], [1]);
    world.multicast(1, 'a');
    await world.settle();
    world.crash(1);
    world.view([1, 2, 3], [2, 3]);
    world.view([2, 3]);
    world.multicast(2, 'b');
    await world.settle();
    expect([2, 3].map(list)).toEqual([['b'], ['b']]);
  });

  it('fails when all who had the state died and it has a piece of it', async () => {
    const { world, add } = open();
    add(1);
    world.view([1], [1]);
    world.multicast(1, 'a');
    await world.settle();
    const joiner = add(2);
    world.view([1, 2], [2]);
    world.step(2);
    world.step(1);
    world.stepUnicast(1, 2);
    world.stepUnicast(2, 1);
    world.crash(1);
    world.view([2]);
    await world.settle();
    expect(joiner.error?.message).toMatch('are gone, before it was transferred');
  });

  it('takes no state that contains what its own history does not', async () => {
    const { world, add, list } = await openThree();
    add(4);
    world.view([1, 2, 3, 4], [4]);
    world.multicast(3, 'only at 3');
    for (const id of [1, 2, 4]) world.members.get(id)!.script.pop();
    // It did not wait for who asks.
    while (world.step(3));
    await world.pass(1001);
    while (world.step(4));
    world.stepUnicast(3, 4);
    for (let count = 0; count < 20; count++) {
      await world.turn();
      world.stepUnicast(4, 3);
      world.stepUnicast(3, 4);
    }
    expect(list(4)).toEqual(['a', 'b', 'only at 3']);
    expect(world.members.get(4)!.seen).toEqual([]);
    world.crash(3);
    world.view([1, 2, 4]);
    await world.settle();
    expect([1, 2, 4].map(list)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });
});

/** Two groups, of 1 and 2 and of 3 and 4, that have delivered the same and then different messages. */
async function openSides(options?: ListOptions, seed?: number) {
  const all = open(seed);
  for (const id of [1, 2, 3, 4]) all.add(id, options);
  all.world.view([1, 2, 3, 4], [1, 2, 3, 4]);
  all.world.multicast(1, 'a');
  await all.world.settle();
  all.world.view([1, 2]);
  all.world.view([3, 4]);
  all.world.multicast(1, 'left');
  all.world.multicast(4, 'right');
  await all.world.settle();
  return all;
}

const sides = [
  [1, 2],
  [3, 4],
];

describe('after a merge', () => {
  it('all have the state of the leading side', async () => {
    const { world, list } = await openSides();
    world.view([1, 2, 3, 4], [], sides);
    world.multicast(3, 'b');
    world.multicast(1, 'c');
    await world.settle();
    for (const id of [1, 2, 3, 4]) expect(list(id)).toEqual(['a', 'left', 'b', 'c']);
  });

  it('a member of the leading side waits for those that ask it, and no longer than a second', async () => {
    const { world, list } = await openSides();
    world.view([1, 2, 3, 4], [], sides);
    world.multicast(3, 'b');
    while (world.step(1));
    expect(list(1)).toEqual(['a', 'left']);
    await world.pass(1001);
    expect(list(1)).toEqual(['a', 'left', 'b']);
  });

  it('all have what both sides have where the parts can be merged', async () => {
    const { world, list } = await openSides({ merge: true });
    world.view([1, 2, 3, 4], [], sides);
    world.multicast(3, 'b');
    await world.settle();
    for (const id of [1, 2, 3, 4]) expect(list(id)).toEqual(['a', 'left', 'right', 'b']);
  });

  it('the next one leads when the leader dies, and nothing is lost that survives', async () => {
    const { world, list } = await openSides({ merge: true });
    world.view([1, 2, 3, 4], [], sides);
    world.multicast(3, 'b');
    for (const id of [1, 2, 3, 4]) world.step(id);
    world.stepUnicast(3, 1);
    world.crash(1);
    world.view([2, 3, 4]);
    await world.settle();
    for (const id of [2, 3, 4]) expect(list(id)).toEqual(['a', 'left', 'right', 'b']);
  });

  it('a newcomer gets the merged state', async () => {
    const { world, add, list } = await openSides({ merge: true });
    add(5, { merge: true });
    world.view([1, 2, 3, 4, 5], [5], sides);
    world.multicast(5, 'b');
    await world.settle();
    for (const id of [1, 2, 3, 4, 5]) expect(list(id)).toEqual(['a', 'left', 'right', 'b']);
  });
});

/** Joins, crashes, partitions and merges at random, with traffic; whoever is left in one view has the same state. */
async function wander(seed: number, options: ListOptions): Promise<void> {
  const { world, add, list } = open(seed);
  const draw = (count: number): number => Math.floor(world.random() * count);
  let next = 1;
  const groups: MemberId[][] = [[next++]];
  add(1, options);
  world.view([1], [1]);
  let text = 0;
  for (let round = 0; round < 12; round++) {
    const place = draw(groups.length);
    const group = groups[place]!;
    const dice = world.random();
    if (dice < 0.35) {
      const joined = Array.from({ length: 1 + draw(2) }, () => next++);
      for (const id of joined) add(id, options);
      group.push(...joined);
      world.view(group, joined);
    } else if (dice < 0.5 && group.length > 1) {
      const [gone] = group.splice(draw(group.length), 1);
      world.crash(gone!);
      world.view(group);
    } else if (dice < 0.65 && group.length > 1) {
      const half = group.splice(1 + draw(group.length - 1));
      groups.push(half);
      world.view(group);
      world.view(half);
    } else if (dice < 0.85 && groups.length > 1) {
      const [other] = groups.splice((place + 1) % groups.length, 1);
      const parts = [[...group], [...other!]];
      group.push(...other!);
      world.view(group, [], parts);
    }
    for (let count = draw(6); count > 0; count--) {
      world.multicast(group[draw(group.length)]!, `m${text++}`, draw(2) === 0 ? Order.total : Order.fifo);
    }
    for (let steps = draw(120); steps > 0; steps--) await world.randomStep();
  }
  await world.settle();
  const hasFailed = (id: MemberId): boolean => world.members.get(id)!.error !== undefined;
  while (groups.some(group => group.some(hasFailed))) {
    for (const group of groups) {
      const failed = group.filter(hasFailed);
      for (const id of failed) {
        expect(world.members.get(id)!.error!.message).toMatch('are gone');
        world.crash(id);
        group.splice(group.indexOf(id), 1);
      }
      if (failed.length > 0 && group.length > 0) world.view(group);
    }
    await world.settle();
  }
  for (const group of groups) {
    for (const id of group) {
      const { seen } = world.members.get(id)!;
      const views = seen.filter(each => each.startsWith('view')).map(each => Number(each.slice(5)));
      expect(views).toEqual([...views].sort((one, other) => one - other));
      expect(new Set(seen).size, `seed ${seed}: member ${id} got a message twice`).toBe(seen.length);
    }
    const [first, ...others] = group.map(id => list(id).join());
    for (const other of others) expect(other, `seed ${seed}: ${group}`).toBe(first);
    for (const id of group)
      expect(world.members.get(id)!.seen.at(-1), `seed ${seed}: member ${id}`).toBeDefined();
  }
}

describe('whatever happens', () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

  it('all members of a view have the same state', async () => {
    for (const seed of seeds) await wander(seed, {});
  });

  it('all members of a view have the same state, merged', async () => {
    for (const seed of seeds) await wander(seed, { merge: true });
  });
});
