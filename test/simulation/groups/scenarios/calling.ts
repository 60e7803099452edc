import { CallError } from '@convoke/runtime';
import { expect } from 'vitest';
import { Failure, NoSuchKey } from '../../../../generated/testing/registry/index.js';
import type { Reply } from '../../../../runtime/src/schema/group.js';
import { RegistryGroup } from '../registry.js';
import type { Scenario } from '../stage.js';

const kindsOf = (replies: readonly Reply<unknown>[]) => replies.map(({ kind }) => kind);
const valuesIn = (replies: readonly Reply<unknown>[]) =>
  replies.filter(({ kind }) => kind === 'value').length;

export const calling: readonly Scenario[] = [
  {
    number: 36,
    title: "'all', and a member leaves: its reply is 'suspected', nothing hangs",
    async run(stage) {
      const group = new RegistryGroup(stage);
      const [a] = await group.joinAll('abcd');
      await stage.world.sleep(1000);
      // The member that goes is still at work on the call.
      const goes = stage.pick(['b', 'c', 'd']);
      group.plan = name => stage.world.sleep(name === goes ? 30_000 : 500);
      const order = stage.pick(['fifo', 'causal', 'total'] as const);
      const calls = [1, 2, 3].map(() =>
        group.call(a!, 'all', 20_000, (key, options) => a!.client.append(key, 1, { ...options, order })),
      );
      await stage.world.sleep(stage.between(100, 400));
      const how = stage.pick(['leave', 'kill', 'crash'] as const);
      const { address } = stage.actor(goes);
      if (how === 'leave') stage.aside(stage.actor(goes).leave());
      else stage.fail(goes, how);
      for (const replies of await Promise.all(calls)) {
        expect(replies).toHaveLength(4);
        expect(replies.find(({ member }) => member === address)?.kind).toBe('suspected');
        expect(valuesIn(replies)).toBe(3);
      }
    },
  },
  {
    number: 37,
    title: "'first', 'majority', 'n(k)', 'none'",
    faults: { loss: 0.05 },
    async run(stage) {
      const group = new RegistryGroup(stage);
      const members = await group.joinAll('abcde');
      const caller = stage.pick(members);
      // Each takes longer than the one before; nobody waits for the last.
      group.plan = name => stage.world.sleep(name === 'e' ? 8000 : 100 * 'abcde'.indexOf(name));
      const cases = [
        ['first', 1],
        ['majority', 3],
        [{ n: 2 }, 2],
        [{ n: 4 }, 4],
        ['none', 0],
      ] as const;
      for (const [replies, count] of stage.shuffle(cases)) {
        const told = await group.call(caller, count, 30_000, (key, options) =>
          stage.random() < 0.5
            ? caller.client.put(key, 'value', { ...options, replies })
            : caller.client.append(key, 1, { ...options, replies }),
        );
        expect(valuesIn(told), `'${JSON.stringify(replies)}': ${kindsOf(told)}`).toBe(count);
        expect(told).toHaveLength(count);
      }
    },
  },
  {
    number: 38,
    title: 'members throw different errors',
    async run(stage) {
      const group = new RegistryGroup(stage);
      const members = await group.joinAll('abcd');
      group.plan = (name, line) => {
        if (line.startsWith('call') && name === 'b') throw new NoSuchKey({ key: name });
        if (name === 'c') throw new CallError('data-loss', name, { outcome: 'executed' });
        if (name === 'd') throw new TypeError('nobody outside is to read this');
      };
      const caller = stage.pick(members);
      const replies = await group.call(caller, 'all', 5000, (key, options) =>
        caller.client.get(key, { ...options, replies: 'all' }),
      );
      const of = (name: string) => replies.find(({ member }) => member === stage.actor(name).address);
      const errorOf = (name: string) => {
        const reply = of(name);
        return reply?.kind === 'error' ? reply.error : undefined;
      };
      expect(of('a')?.kind).toBe('value');
      expect(errorOf('b')).toBeInstanceOf(NoSuchKey);
      expect(errorOf('c')).toMatchObject({ code: 'data-loss', outcome: 'executed' });
      expect(errorOf('d')).toBeInstanceOf(CallError);
      expect(errorOf('d')?.message).not.toContain('nobody outside');
      const failures = await caller.client.fail(stage.pick([Failure.declared, Failure.chosen]));
      expect(kindsOf(failures)).toEqual(['error', 'error', 'error', 'error']);
    },
  },
  {
    number: 39,
    title: 'a deadline with half of the replies in',
    faults: { loss: 0.02 },
    async run(stage) {
      const group = new RegistryGroup(stage);
      const members = await group.joinAll('abcd');
      const late = stage.shuffle(['a', 'b', 'c', 'd']).slice(0, 2);
      group.plan = name => stage.world.sleep(late.includes(name) ? 4000 : 50);
      const caller = stage.pick(members);
      const began = stage.world.now;
      const replies = await group.call(caller, 'all', 1500, (key, options) =>
        caller.client.append(key, 1, { ...options, order: stage.pick(['fifo', 'total'] as const) }),
      );
      expect(stage.world.now - began).toBeGreaterThan(1400);
      expect(kindsOf(replies).sort()).toEqual(['timed-out', 'timed-out', 'value', 'value']);
      for (const { kind, member } of replies) {
        if (kind === 'timed-out') expect(late.map(name => stage.actor(name).address)).toContain(member);
      }
    },
  },
];
