import { describe, expect, it } from 'vitest';
import {
  ClosedRegistry,
  Failure,
  NoSuchKey,
  Registry,
  registryProcedures,
  Taken,
} from '../../../../generated/testing/registry/index.js';
import { everyone } from '../../../../runtime/src/group/member.js';
import { Kind, Message, multicast, Order } from '../../../../runtime/src/group/message.js';
import { RpcDispatcher } from '../../../../runtime/src/group/rpc/rpc-dispatcher.js';
import { CallError } from '../../../../runtime/src/schema/errors.js';
import { implement } from '../../../../runtime/src/schema/implement.js';
import { FakeGroup, settled } from './fake-group.js';
import { createGroup, createMember, TestRegistry } from './registry.js';

/** Delivers what is on its way, and then what the promise settles to. */
async function run<T>(group: FakeGroup, promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await group.deliver();
  return promise;
}

async function errorOf(promise: Promise<unknown>): Promise<CallError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CallError);
  return error as CallError;
}

describe('a call to the group', () => {
  it('is executed by each member once, and replies come from all', async () => {
    const { group, members } = createGroup(3);
    const [a, b, c] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]];
    const replies = await run(group, a.client.append('x', 2));
    expect(replies).toEqual(
      [a, b, c].map(({ address }) => ({
        kind: 'value',
        member: address,
        value: 1,
        metadata: Object.assign(Object.create(null), { copies: 2 }),
      })),
    );
    for (const { registry } of members) expect(registry.log).toEqual(['append x 2']);
  });

  it('takes the order of the schema, and is safe where few replies are waited for', async () => {
    const { group, members } = createGroup(2);
    const { client, port } = members[0]!;
    await run(
      group,
      Promise.allSettled([
        client.get('k'),
        client.ping(),
        client.put('k', 'v'),
        client.append('x'),
        client.say('x'),
        client.forget('k'),
        client.put('l', 'v', { safe: false }),
        client.ping({ order: 'total', replies: 'first' }),
        client.ping({ replies: 'first' }),
      ]),
    );
    expect(port.sent.map(({ kind, options }) => [kind, options?.order, options?.safe])).toEqual([
      [Kind.call, Order.fifo, true],
      [Kind.call, Order.unordered, false],
      [Kind.call, Order.total, true],
      [Kind.call, Order.fifo, false],
      [Kind.call, Order.causal, false],
      [Kind.call, Order.total, false],
      [Kind.call, Order.total, false],
      [Kind.call, Order.total, true],
      [Kind.call, Order.unordered, false],
    ]);
  });

  it('refuses an order that promises less than the schema', async () => {
    const { members } = createGroup(1);
    // @ts-expect-error fifo promises less than total
    const error = await errorOf(members[0]!.client.put('k', 'v', { order: 'fifo' }));
    expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
    expect(error.message).toContain("the order 'fifo' promises less than 'total'");
    expect(members[0]!.port.sent).toEqual([]);
  });

  it.each([{ n: 0 }, { n: 1.5 }, 'some'])('refuses %j as replies', async replies => {
    const { members } = createGroup(1);
    const error = await errorOf(members[0]!.client.ping({ replies: replies as never }));
    expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
  });

  it.each([0, -1, Number.NaN])('refuses a deadline of %d', async deadline => {
    const { members } = createGroup(1);
    expect(await errorOf(members[0]!.client.ping({ deadline }))).toMatchObject({ code: 'invalid-argument' });
  });

  it('refuses arguments that do not fit, before anything is sent', async () => {
    const { members } = createGroup(1);
    const { client, port } = members[0]!;
    const error = await errorOf(client.append(5 as never));
    expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed' });
    expect(error.message).toContain('convoke.testing.registry.Registry.append');
    expect(port.sent).toEqual([]);
  });

  it('before the member joined is refused', async () => {
    const rpc = new RpcDispatcher();
    expect(await errorOf(rpc.client(ClosedRegistry).ping())).toMatchObject({
      code: 'failed-precondition',
      outcome: 'not-executed',
    });
    expect(await errorOf(rpc.client(ClosedRegistry).note('x'))).toMatchObject({
      code: 'failed-precondition',
    });
  });

  it('hands metadata over, and what members know of the caller', async () => {
    const { group, members } = createGroup(2);
    await run(group, members[0]!.client.ping({ metadata: { user: 'ada' } }));
    const [own] = members[0]!.registry.contexts;
    const [other] = members[1]!.registry.contexts;
    for (const context of [own!, other!]) {
      expect({ ...context.metadata }).toEqual({ user: 'ada' });
      expect(context.peer).toEqual({ address: members[0]!.address, clientId: '000000000001' });
      expect(context.callId).toBe('000000000001/1');
      expect(context.attempt).toBe(1);
      expect(context.procedure).toBe(registryProcedures.ping);
    }
  });

  it('has a result of its own at the caller, not what its own member keeps', async () => {
    const { group, members } = createGroup(1);
    const { client, registry } = members[0]!;
    const load = new Uint8Array(2000).fill(7);
    const [reply] = await run(group, client.echo(load));
    expect(registry.log).toEqual(['echo 2000']);
    expect(reply).toMatchObject({ kind: 'value' });
    expect((reply as { value: Uint8Array }).value).not.toBe(load);
    expect((reply as { value: Uint8Array }).value).toEqual(load);
  });
});

describe('replies', () => {
  it.each([
    ['first', 1],
    ['majority', 3],
    [{ n: 2 }, 2],
    [{ n: 9 }, 5],
    ['all', 5],
    ['none', 0],
  ] as const)('%j of five are %d', async (replies, count) => {
    const { group, members } = createGroup(5);
    expect(await run(group, members[4]!.client.ping({ replies }))).toHaveLength(count);
    await group.deliver();
    for (const { registry } of members) expect(registry.log).toEqual(['ping']);
  });

  it('first passes over members that cannot execute the call, and takes a declared error', async () => {
    const { group, members } = createGroup(2);
    const without = group.port(new RpcDispatcher());
    group.install([without, ...members.map(({ port }) => port)]);
    const replies = await run(group, members[0]!.client.get('k'));
    expect(replies).toEqual([
      { kind: 'error', member: members[0]!.address, error: new NoSuchKey({ key: 'k' }) },
    ]);
  });

  it('tell of each member what it threw', async () => {
    const { group, members } = createGroup(2);
    const declared = await run(group, members[0]!.client.fail(Failure.declared));
    for (const reply of declared) {
      expect(reply).toMatchObject({ kind: 'error', error: { data: { key: 'declared' } } });
      expect((reply as { error: Error }).error).toBeInstanceOf(NoSuchKey);
    }
    const chosen = await run(group, members[0]!.client.fail(Failure.chosen));
    const told = { kind: 'error', error: { code: 'aborted', message: 'chosen', outcome: 'executed' } };
    expect(chosen).toMatchObject([told, told]);
    const surprise = await run(group, members[0]!.client.fail(Failure.surprise));
    const internal = { kind: 'error', error: { code: 'internal', outcome: 'executed' } };
    expect(surprise).toMatchObject([internal, internal]);
    for (const { errors } of members) expect(errors).toEqual([new Error('a surprise')]);
  });

  it('may differ from member to member', async () => {
    const { group, members } = createGroup(2);
    members[1]!.registry.values.set('k', 'old');
    const replies = await run(group, members[0]!.client.put('k', 'new', { replies: 'all' }));
    expect(replies).toEqual([
      { kind: 'value', member: members[0]!.address, value: 1 },
      { kind: 'error', member: members[1]!.address, error: new Taken({ key: 'k', value: 'old' }) },
    ]);
  });

  it('of a member without the service say so', async () => {
    const { group, members } = createGroup(1);
    const without = group.port(new RpcDispatcher());
    group.install([members[0]!.port, without]);
    const replies = await run(group, members[0]!.client.ping());
    expect(replies.find(({ member }) => member === without.self.address)).toMatchObject({
      kind: 'error',
      error: { code: 'unimplemented', outcome: 'not-executed' },
    });
  });

  it('of a member that is excluded are not waited for', async () => {
    const { group, members } = createGroup(3);
    const [a, b, c] = members;
    c!.registry.onPing = () => new Promise(() => {});
    const replies = a!.client.ping();
    await group.deliver();
    group.install([a!.port, b!.port]);
    expect(await replies).toEqual([
      { kind: 'value', member: a!.address, value: 1 },
      { kind: 'value', member: b!.address, value: 1 },
      { kind: 'suspected', member: c!.address },
    ]);
  });

  it('are not waited for from a member that joined later', async () => {
    const { group, members } = createGroup(2);
    members[1]!.registry.onPing = () => new Promise(resolve => setImmediate(resolve));
    const replies = members[0]!.client.ping();
    group.send();
    const late = createMember(group);
    group.install([...members.map(({ port }) => port), late.port]);
    expect(await run(group, replies)).toHaveLength(2);
    expect(late.registry.log).toEqual([]);
  });

  it('that come before the call is delivered here count', async () => {
    const { group, members } = createGroup(3);
    const held: (() => void)[] = [];
    group.loses = (message, to) => {
      if (message.kind !== Kind.call || to !== members[0]!.port) return false;
      held.push(() => to.deliver(message));
      return true;
    };
    const replies = members[0]!.client.ping();
    const first = members[0]!.client.ping({ replies: 'first' });
    await group.deliver();
    expect(await first).toMatchObject([{ member: members[1]!.address }]);
    for (const deliver of held) deliver();
    expect(await run(group, replies)).toMatchObject([1, 2, 0].map(at => ({ member: members[at]!.address })));
  });

  it('of a majority fail with what is known when too few are left', async () => {
    const { group, members } = createGroup(3);
    const [a, b, c] = members;
    for (const { registry } of [b!, c!]) registry.onPing = () => new Promise(() => {});
    const replies = a!.client.ping({ replies: 'majority' });
    await group.deliver();
    group.install([a!.port]);
    expect((await replies).map(({ kind }) => kind)).toEqual(['value', 'suspected', 'suspected']);
  });

  it('of one member that come twice, or of nobody, or to no call, are nothing', async () => {
    const { group, members } = createGroup(2);
    const { client, port } = members[0]!;
    const call = client.ping();
    await group.deliver();
    expect(await call).toHaveLength(2);
    const late = Buffer.from([0, 0, 0, 1, 0, 5]);
    port.deliver(new Message(Kind.reply, members[1]!.port.self.id, port.self.id, late));
    port.deliver(new Message(Kind.reply, 99, port.self.id, late));
    port.deliver(new Message(Kind.reply, members[1]!.port.self.id, port.self.id, Buffer.from([0])));
    expect(port.drops).toEqual(['malformed']);
  });

  it('that cannot be read are errors', async () => {
    const { group, members } = createGroup(2);
    const { client, port } = members[0]!;
    members[1]!.registry.onPing = () => new Promise(() => {});
    const call = client.ping();
    await group.deliver();
    const reply = Buffer.from([0, 0, 0, 1, 0, 0xc0]);
    port.deliver(new Message(Kind.reply, members[1]!.port.self.id, port.self.id, reply));
    expect((await call)[1]).toMatchObject({
      kind: 'error',
      error: { code: 'internal', outcome: 'executed' },
    });
  });
});

describe('a deadline', () => {
  it('ends the call with the replies that there are', async () => {
    const { group, members } = createGroup(3);
    members[1]!.registry.onPing = () => new Promise(() => {});
    const call = members[0]!.client.ping({ deadline: 300 });
    await group.deliver();
    group.clock.advance(299);
    let ended = false;
    void call.then(() => {
      ended = true;
    });
    await settled();
    expect(ended).toBe(false);
    group.clock.advance(1);
    expect((await call).map(({ kind, member }) => [kind, member])).toEqual([
      ['value', members[0]!.address],
      ['value', members[2]!.address],
      ['timed-out', members[1]!.address],
    ]);
  });

  it('is the schema’s where the caller gives none', async () => {
    const { group, members } = createGroup(1);
    members[0]!.registry.onPing = () => new Promise(() => {});
    const call = members[0]!.client.ping();
    await group.deliver();
    expect(members[0]!.registry.contexts[0]!.remaining).toBe(500);
    group.clock.advance(500);
    expect(await call).toEqual([{ kind: 'timed-out', member: members[0]!.address }]);
  });

  it('aborts the signal at the member', async () => {
    const { group, members } = createGroup(1);
    const reasons: unknown[] = [];
    members[0]!.registry.onPing = ({ signal }) =>
      new Promise(resolve =>
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          resolve(undefined);
        }),
      );
    void members[0]!.client.ping();
    await group.deliver();
    group.clock.advance(500);
    expect(reasons).toMatchObject([{ code: 'deadline-exceeded' }]);
  });

  it('that passes in the queue of a member keeps the call from being executed there', async () => {
    const { group, members } = createGroup(2);
    let release = () => {};
    members[1]!.registry.onWork = () =>
      new Promise<void>(resolve => {
        release = resolve;
      });
    void members[0]!.client.work(1);
    const late = members[0]!.client.append('x', 1, { deadline: 100, replies: 'all' });
    await group.deliver();
    group.clock.advance(100);
    release();
    await group.deliver();
    expect((await late).map(({ kind }) => kind)).toEqual(['value', 'timed-out']);
    expect(members[1]!.registry.log).toEqual(['work 1', 'worked 1']);
  });

  it('does not keep a totally ordered call from being executed: what all execute, all execute', async () => {
    const { group, members } = createGroup(2);
    let release = () => {};
    members[1]!.registry.onWork = () =>
      new Promise<void>(resolve => {
        release = resolve;
      });
    void members[0]!.client.work(1);
    const late = members[0]!.client.put('k', 'v', { deadline: 100, replies: 'all' });
    await group.deliver();
    group.clock.advance(100);
    release();
    await group.deliver();
    expect((await late).map(({ kind }) => kind)).toEqual(['value', 'timed-out']);
    expect(members[1]!.registry.log).toEqual(['work 1', 'worked 1', 'put k']);
    expect(members[1]!.registry.contexts[1]!.signal.aborted).toBe(false);
    expect(members[1]!.registry.contexts[1]!.remaining).toBe(0);
  });

  it('of a call without replies counts until it is delivered', async () => {
    const { group, members } = createGroup(1);
    const call = members[0]!.client.forget('k', { deadline: 100 });
    call.catch(() => {});
    group.queue = [];
    group.clock.advance(100);
    expect(await errorOf(call)).toMatchObject({ code: 'deadline-exceeded', outcome: 'unknown', attempts: 1 });
  });

  it('of many calls takes one timer', async () => {
    const { group, members } = createGroup(1);
    const calls = Array.from({ length: 100 }, (_, at) => members[0]!.client.ping({ deadline: 1000 + at }));
    expect(group.clock.timersSet).toBe(1);
    await run(group, Promise.all(calls));
  });
});

describe('a signal', () => {
  it('cancels the call', async () => {
    const { group, members } = createGroup(2);
    members[1]!.registry.onPing = () => new Promise(() => {});
    const controller = new AbortController();
    const call = members[0]!.client.ping({ signal: controller.signal });
    await group.deliver();
    controller.abort('enough');
    expect(await errorOf(call)).toMatchObject({ code: 'cancelled', outcome: 'unknown', cause: 'enough' });
  });

  it('that is aborted already lets nothing be sent', async () => {
    const { members } = createGroup(1);
    const { client, port } = members[0]!;
    const signal = AbortSignal.abort('no');
    expect(await errorOf(client.ping({ signal }))).toMatchObject({
      code: 'cancelled',
      outcome: 'not-executed',
    });
    expect(await errorOf(client.note('x', { signal }))).toMatchObject({ code: 'cancelled' });
    expect(port.sent).toEqual([]);
  });
});

describe('maybe procedures', () => {
  it('are sent once to the others, and executed here', async () => {
    const { group, members } = createGroup(3);
    expect(await run(group, members[0]!.client.note('x'))).toBeUndefined();
    expect(await run(group, members[0]!.client.probe('y'))).toBeUndefined();
    for (const { registry } of members) expect(registry.log).toEqual(['note x', 'probe y']);
    expect(members[0]!.port.sent).toEqual([]);
    expect(members.flatMap(({ port }) => port.consumedMessages)).toEqual([]);
  });

  it('that get lost are lost', async () => {
    const { group, members } = createGroup(2);
    group.loses = () => true;
    await run(group, members[0]!.client.note('x'));
    expect(members.map(({ registry }) => registry.log)).toEqual([['note x'], []]);
  });

  it('that do not fit in a packet are refused', async () => {
    const { members } = createGroup(1);
    const error = await errorOf(members[0]!.client.note('x'.repeat(2000)));
    expect(error).toMatchObject({ code: 'resource-exhausted', outcome: 'not-executed' });
    expect(members[0]!.registry.log).toEqual([]);
  });
});

describe('the order of execution', () => {
  it('is one at a time where there is an order, across procedures', async () => {
    const { group, members } = createGroup(2);
    const { client } = members[0]!;
    const release: (() => void)[] = [];
    for (const { registry } of members) {
      registry.onWork = () => new Promise<void>(resolve => release.push(resolve));
    }
    const calls = [client.work(1), client.append('a'), client.put('k', 'v'), client.get('k')];
    await group.deliver();
    expect(members.map(({ registry }) => registry.log)).toEqual([['work 1'], ['work 1']]);
    for (const each of release) each();
    await run(group, Promise.all(calls));
    for (const { registry } of members) {
      expect(registry.log).toEqual(['work 1', 'worked 1', 'append a 1', 'put k', 'get k']);
    }
  });

  it('is at once where there is none', async () => {
    const { group, members } = createGroup(1);
    const { client, registry } = members[0]!;
    const release: (() => void)[] = [];
    registry.onWork = () => new Promise<void>(resolve => release.push(resolve));
    registry.onPing = registry.onWork;
    const calls = [client.work(1), client.ping(), client.ping(), client.note('x')];
    await group.deliver();
    expect(registry.log).toEqual(['note x', 'work 1', 'ping', 'ping']);
    for (const each of release) each();
    await run(group, Promise.all(calls));
  });

  it('tells the stack of each multicast once, when its handler begins', async () => {
    const { group, members } = createGroup(2);
    const { client } = members[0]!;
    let release = () => {};
    members[1]!.registry.onWork = () =>
      new Promise<void>(resolve => {
        release = resolve;
      });
    const calls = [client.work(1), client.append('a'), client.ping()];
    await group.deliver();
    const orders = () => members[1]!.port.consumedMessages.map(({ order }) => order);
    expect(orders()).toEqual([Order.total, Order.unordered]);
    release();
    await run(group, Promise.all(calls));
    expect(orders()).toEqual([Order.total, Order.unordered, Order.fifo]);
    for (const { port } of members) {
      expect(new Set(port.consumedMessages).size).toBe(port.consumedMessages.length);
    }
  });
});

describe('a nested call', () => {
  it('that its own member could not execute fails at once', async () => {
    const { group, members } = createGroup(2);
    const { client, registry } = members[0]!;
    const failures: unknown[] = [];
    registry.onWork = async parent => {
      failures.push(await errorOf(client.append('x', 1, { parent })));
      failures.push(await errorOf(client.put('x', 'y', { parent })));
      failures.push(await errorOf(client.append('x', 1, { parent, replies: { n: 3 } })));
    };
    await run(group, client.work(1));
    const failure = { code: 'failed-precondition', outcome: 'not-executed' };
    expect(failures).toMatchObject([failure, failure, failure]);
    expect(registry.log).toEqual(['work 1', 'worked 1']);
  });

  it('without an order is executed, and one that the others can answer', async () => {
    const { group, members } = createGroup(2);
    const { client, registry } = members[0]!;
    const seen: unknown[] = [];
    registry.onWork = async parent => {
      seen.push(await client.ping({ parent }));
      seen.push(await client.append('x', 1, { parent, replies: 'first' }));
      await client.forget('x', { parent });
    };
    await run(group, client.work(1));
    await group.deliver();
    expect(seen).toMatchObject([[{}, {}], [{ member: members[1]!.address }]]);
    expect(members[0]!.port.sent.map(({ options }) => options?.nested)).toEqual([false, true, true, true]);
  });

  it('has no queue to wait for once its handler has ended, or where that has no order', async () => {
    const { group, members } = createGroup(1);
    const { client, registry } = members[0]!;
    await run(group, client.work(1));
    const [parent] = registry.contexts;
    expect(await run(group, client.append('x', 1, { parent: parent! }))).toHaveLength(1);
    registry.onPing = async context => {
      await client.append('y', 1, { parent: context });
    };
    expect(await run(group, client.ping())).toMatchObject([{ kind: 'value' }]);
  });

  it('inherits deadline, cancellation and trace', async () => {
    const { group, members } = createGroup(2);
    const { client, registry } = members[0]!;
    let nested: Promise<unknown> | undefined;
    members[1]!.registry.onPing = () => new Promise(() => {});
    registry.onWork = parent => {
      nested = client.ping({ parent, deadline: 10_000 });
      return nested;
    };
    const metadata = { traceparent: 'trace', other: 'x' };
    void client.work(1, { deadline: 200, metadata, replies: 'first' });
    await group.deliver();
    const context = members[1]!.registry.contexts[1]!;
    expect(context.remaining).toBe(200);
    expect({ ...context.metadata }).toEqual({ traceparent: 'trace' });
    group.clock.advance(200);
    expect(await nested).toMatchObject([{ kind: 'value' }, { kind: 'timed-out' }]);
  });

  it('is cancelled with the call that it serves', async () => {
    const { group, members } = createGroup(2);
    const { client, registry } = members[0]!;
    members[1]!.registry.onPing = () => new Promise(() => {});
    const controller = new AbortController();
    const parent = { deadline: Number.POSITIVE_INFINITY, signal: controller.signal, metadata: {} };
    const nested = errorOf(client.ping({ parent: parent as never }));
    await group.deliver();
    controller.abort();
    expect(await nested).toMatchObject({ code: 'cancelled', outcome: 'unknown' });
    expect(registry.log).toEqual(['ping']);
  });

  it('that is late is refused', async () => {
    const { group, members } = createGroup(1);
    const { client, registry } = members[0]!;
    await run(group, client.work(1, { deadline: 50 }));
    group.clock.advance(50);
    expect(await errorOf(client.ping({ parent: registry.contexts[0]! }))).toMatchObject({
      code: 'deadline-exceeded',
      outcome: 'not-executed',
    });
  });
});

describe('a stack without room', () => {
  it('has calls wait, with the time that they have left', async () => {
    const { group, members } = createGroup(2);
    const { client, port, registry } = members[0]!;
    port.writable = false;
    const calls = [client.ping({ deadline: 500 }), client.append('x')];
    await group.deliver();
    expect(registry.log).toEqual([]);
    group.clock.advance(200);
    port.writable = true;
    port.raise({ type: 'room' });
    await run(group, Promise.all(calls));
    expect(registry.log).toEqual(['ping', 'append x 1']);
    expect(members[1]!.registry.contexts[0]!.remaining).toBe(300);
  });

  it('fails calls whose deadline passes meanwhile, and those that are cancelled: they were executed nowhere', async () => {
    const { group, members } = createGroup(1);
    const { client, port, registry } = members[0]!;
    port.writable = false;
    const controller = new AbortController();
    const late = errorOf(client.ping({ deadline: 500 }));
    const cancelled = errorOf(client.ping({ signal: controller.signal }));
    controller.abort();
    expect(await cancelled).toMatchObject({ code: 'cancelled', outcome: 'not-executed', attempts: 0 });
    group.clock.advance(500);
    expect(await late).toMatchObject({ code: 'deadline-exceeded', outcome: 'not-executed', attempts: 0 });
    port.writable = true;
    port.raise({ type: 'room' });
    await group.deliver();
    expect(registry.log).toEqual([]);
  });

  it('lets nested calls through', async () => {
    const { group, members } = createGroup(1);
    const { client, port, registry } = members[0]!;
    registry.onWork = async parent => {
      port.writable = false;
      await client.ping({ parent });
      port.writable = true;
    };
    expect(await run(group, client.work(1))).toMatchObject([{ kind: 'value' }]);
  });
});

describe('a member that leaves', () => {
  it('fails its calls, and tells its handlers', async () => {
    const { group, members } = createGroup(2);
    const { client, port, registry } = members[0]!;
    const signals: AbortSignal[] = [];
    registry.onWork = ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const running = errorOf(client.work(1));
    void client.append('never', 1, { replies: 'none' });
    await group.deliver();
    port.raise({ type: 'end', reason: 'left' });
    expect(await running).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    expect(signals[0]!.aborted).toBe(true);
    expect(registry.contexts[0]!.signal.reason).toMatchObject({ code: 'cancelled' });
    expect(registry.log).toEqual(['work 1']);
    expect(await errorOf(client.ping())).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    expect(await errorOf(client.note('x'))).toMatchObject({ code: 'unavailable' });
  });
});

describe('state transfer', () => {
  it('waits until what was delivered is executed', async () => {
    const { group, members } = createGroup(1);
    const { client, port, registry } = members[0]!;
    let release = () => {};
    registry.onWork = () =>
      new Promise<void>(resolve => {
        release = resolve;
      });
    void client.work(1);
    const last = client.append('x');
    await group.deliver();
    expect(port.states.map(({ name }) => name)).toEqual(['calls']);
    let isSettled = false;
    const settling = port.states[0]!.settle!().then(() => {
      isSettled = true;
    });
    await settled();
    expect(isSettled).toBe(false);
    release();
    await run(group, last);
    await settling;
    expect(registry.log).toEqual(['work 1', 'worked 1', 'append x 1']);
    await port.states[0]!.settle!();
  });
});

describe('what comes from elsewhere', () => {
  const frame = (flags: number, ...rest: number[]) =>
    Buffer.from([flags, 0, 0, 0, 1, 0, 0, 3, 0xe8, ...rest]);

  it('is not executed when its sender is no member', async () => {
    const { members } = createGroup(1);
    const { port, registry } = members[0]!;
    port.deliver(new Message(Kind.call, 99, everyone, frame(0x20)));
    expect(port.drops).toEqual(['not-a-member']);
    expect(registry.log).toEqual([]);
  });

  it('is counted when it is no call, and flow control goes on', () => {
    const { members } = createGroup(2);
    const { port } = members[0]!;
    for (const body of [Buffer.alloc(0), frame(0x20), frame(0x30, 0xff, 0xff, 0xff, 0xff)]) {
      port.deliver(multicast(Kind.call, members[1]!.port.self.id, body, Order.total));
    }
    expect(port.drops).toEqual(['malformed', 'malformed', 'malformed']);
    expect(port.consumedMessages).toHaveLength(3);
  });

  it('is refused when it asks for less than the schema promises here', async () => {
    const { group, members } = createGroup(2);
    const [a, b] = members;
    const weaker = {
      procedure: registryProcedures.put,
      order: 'fifo',
      replies: 'all',
    } as const;
    const replies = await run(group, a!.rpc.caller.group(weaker, ['k', 'v'], undefined));
    for (const reply of replies) {
      expect(reply).toMatchObject({
        kind: 'error',
        error: { code: 'failed-precondition', outcome: 'not-executed' },
      });
    }
    await run(group, a!.rpc.caller.groupOnce(weaker, ['k', 'v'], undefined));
    expect([...a!.registry.log, ...b!.registry.log]).toEqual([]);
  });

  it('is refused when its arguments do not fit', async () => {
    const { group, members } = createGroup(1);
    const procedure = { ...registryProcedures.put, writeArguments: registryProcedures.get.writeArguments };
    const policy = { procedure, order: 'total', replies: 'all' } as const;
    const replies = await run(group, members[0]!.rpc.caller.group(policy as never, ['k'], undefined));
    expect(replies).toMatchObject([{ error: { code: 'invalid-argument', outcome: 'not-executed' } }]);
    expect(members[0]!.port.consumedMessages).toHaveLength(1);
  });

  it('does no harm, whatever the bytes are', () => {
    const { members } = createGroup(2);
    const { port } = members[0]!;
    let state = 7;
    const byte = () => {
      state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      return state >> 16;
    };
    for (let round = 0; round < 2000; round++) {
      const body = Buffer.from(Array.from({ length: byte() % 40 }, byte));
      const kind = round % 2 === 0 ? Kind.call : Kind.reply;
      port.deliver(multicast(kind, members[1]!.port.self.id, body, Order.total));
    }
    expect(members[0]!.registry.log.filter(line => !/^(ping|note|probe|work|forget)/.test(line))).toEqual([]);
    expect(port.drops.length).toBeGreaterThan(500);
    expect(port.consumedMessages).toHaveLength(1000);
  });
});

describe('the services of a member', () => {
  it('are those of groups', () => {
    const services = [implement(Registry, new TestRegistry())];
    expect(() => new RpcDispatcher({ services })).toThrow(
      'convoke.testing.registry.Registry is an interface, which `serve` offers',
    );
  });

  it('are attached once', () => {
    const group = new FakeGroup();
    expect(() => group.port(new RpcDispatcher(), new RpcDispatcher())).toThrow(TypeError);
  });
});
