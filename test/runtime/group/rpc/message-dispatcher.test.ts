import { describe, expect, it } from 'vitest';
import { everyone } from '../../../../runtime/src/group/member.js';
import { Kind, Order } from '../../../../runtime/src/group/message.js';
import {
  MessageDispatcher,
  type MessageDispatcherOptions,
  type RequestHandler,
} from '../../../../runtime/src/group/rpc/message-dispatcher.js';
import { RpcDispatcher } from '../../../../runtime/src/group/rpc/rpc-dispatcher.js';
import { CallError } from '../../../../runtime/src/schema/errors.js';
import { FakeGroup, type FakePort } from './fake-group.js';

interface Sender {
  readonly dispatcher: MessageDispatcher;
  readonly port: FakePort;
}

function createGroup(...options: (MessageDispatcherOptions | undefined)[]): {
  group: FakeGroup;
  members: Sender[];
} {
  const group = new FakeGroup();
  const members = options.map(each => {
    const dispatcher = new MessageDispatcher({ onError: () => {}, ...each });
    return { dispatcher, port: group.port(dispatcher) };
  });
  group.install([...members.map(({ port }) => port)]);
  return { group, members };
}

async function run<T>(group: FakeGroup, promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await group.deliver();
  return promise;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const echo: RequestHandler = (request, { from }) => bytes(`${new TextDecoder().decode(request)} of ${from}`);
const texts = (replies: readonly unknown[]) =>
  replies.map(reply => {
    const { value } = reply as { value?: Uint8Array };
    return value && new TextDecoder().decode(value);
  });

describe('a cast', () => {
  it('reaches all members, and gives their replies', async () => {
    const { group, members } = createGroup({ onRequest: echo }, { onRequest: echo });
    const { dispatcher, port } = members[0]!;
    const replies = await run(group, dispatcher.cast(bytes('hello')));
    expect(texts(replies)).toEqual([`hello of ${port.self.address}`, `hello of ${port.self.address}`]);
    expect(port.sent).toEqual([
      { kind: Kind.call, options: { order: Order.fifo, safe: false, nested: false } },
    ]);
  });

  it('takes order, replies and agreement as it is told', async () => {
    const { group, members } = createGroup({ onRequest: echo }, { onRequest: echo });
    const { dispatcher, port } = members[0]!;
    const replies = await run(group, dispatcher.cast(bytes('x'), { order: 'total', replies: 'first' }));
    expect(replies).toHaveLength(1);
    expect(port.sent[0]!.options).toEqual({ order: Order.total, safe: true, nested: false });
    expect(await run(group, dispatcher.cast(bytes('x'), { replies: 'none' }))).toEqual([]);
  });

  it('goes to some members only', async () => {
    const heard: string[] = [];
    const note =
      (name: string): RequestHandler =>
      () => {
        heard.push(name);
        return undefined;
      };
    const { group, members } = createGroup(
      { onRequest: note('a') },
      { onRequest: note('b') },
      { onRequest: note('c') },
    );
    const [a, b, c] = members.map(({ port }) => port.self.address);
    const { dispatcher } = members[0]!;
    const replies = await run(group, dispatcher.cast(bytes('x'), { to: [c!, a!, 'gone', 'lost', c!] }));
    expect(replies).toEqual([
      { kind: 'value', member: a, value: Buffer.alloc(0) },
      { kind: 'value', member: c, value: Buffer.alloc(0) },
      { kind: 'suspected', member: 'gone' },
      { kind: 'suspected', member: 'lost' },
    ]);
    expect(heard.sort()).toEqual(['a', 'c']);
    expect(await run(group, dispatcher.cast(bytes('x'), { to: [] }))).toEqual([]);
    expect(await run(group, dispatcher.cast(bytes('x'), { to: [b!], replies: 'none' }))).toEqual([]);
    expect(heard).toHaveLength(3);
  });

  it('tells who does not answer in time, and who is gone', async () => {
    const never: RequestHandler = () => new Promise(() => {});
    const { group, members } = createGroup({ onRequest: echo }, { onRequest: never }, { onRequest: never });
    const [a, b, c] = members;
    const call = a!.dispatcher.cast(bytes('x'), {
      deadline: 100,
      to: members.map(({ port }) => port.self.address),
    });
    await group.deliver();
    group.install([a!.port, b!.port]);
    group.clock.advance(100);
    expect((await call).map(({ kind, member }) => [kind, member])).toEqual([
      ['value', a!.port.self.address],
      ['suspected', c!.port.self.address],
      ['timed-out', b!.port.self.address],
    ]);
  });

  it('has ten seconds where it is given none', async () => {
    const remaining: number[] = [];
    const { group, members } = createGroup({
      onRequest(_, context) {
        remaining.push(context.remaining);
        return undefined;
      },
    });
    await run(group, members[0]!.dispatcher.cast(bytes('x')));
    expect(remaining).toEqual([10_000]);
  });

  it('before the member joined is refused', async () => {
    await expect(new MessageDispatcher().cast(bytes('x'))).rejects.toMatchObject({
      code: 'failed-precondition',
      outcome: 'not-executed',
    });
  });
});

describe('a handler', () => {
  it('may fail, and the sender is told how', async () => {
    const errors: unknown[] = [];
    const fails = (error: unknown): MessageDispatcherOptions => ({
      onRequest() {
        throw error;
      },
      onError: (thrown, from) => errors.push([thrown, from]),
    });
    const chosen = new CallError('not-found', 'none', { outcome: 'not-executed' });
    const { group, members } = createGroup(
      fails(chosen),
      fails('surprise'),
      { onRequest: () => 'text' as never, onError: error => errors.push(error) },
      {},
    );
    const { dispatcher, port } = members[0]!;
    const replies = await run(group, dispatcher.cast(bytes('x')));
    const codes = replies.map(reply => reply.kind === 'error' && [reply.error.code, reply.error.outcome]);
    expect(codes.sort()).toEqual([
      ['internal', 'executed'],
      ['internal', 'executed'],
      ['not-found', 'executed'],
      ['unimplemented', 'not-executed'],
    ]);
    expect(errors).toEqual([['surprise', port.self.address], expect.any(TypeError)]);
  });

  it('that sends an ordered message itself, and would wait for its own member, is told at once', async () => {
    const failures: unknown[] = [];
    const dispatchers: MessageDispatcher[] = [];
    const { group, members } = createGroup({
      async onRequest(request, parent) {
        if (request.length > 0) return undefined;
        const [self] = dispatchers;
        await self!.cast(bytes('x'), { parent }).catch((error: unknown) => failures.push(error));
        failures.push(await self!.cast(bytes('x'), { parent, order: 'unordered' }));
        return undefined;
      },
    });
    dispatchers.push(members[0]!.dispatcher);
    await run(group, members[0]!.dispatcher.cast(new Uint8Array()));
    expect(failures).toMatchObject([{ code: 'failed-precondition' }, [{ kind: 'value' }]]);
  });

  it('is left out when the deadline passes in the queue, but not where the order is total', async () => {
    const heard: string[] = [];
    let release = () => {};
    const { group, members } = createGroup({
      onRequest(request) {
        const text = new TextDecoder().decode(request);
        heard.push(text);
        return text !== 'slow' ? undefined : new Promise(resolve => (release = () => resolve(undefined)));
      },
    });
    const { dispatcher } = members[0]!;
    void dispatcher.cast(bytes('slow'));
    void dispatcher.cast(bytes('fifo'), { deadline: 10 });
    void dispatcher.cast(bytes('total'), { deadline: 10, order: 'total' });
    await group.deliver();
    group.clock.advance(10);
    release();
    await group.deliver();
    expect(heard).toEqual(['slow', 'total']);
  });
});

describe('dispatchers of one member', () => {
  it('are told apart by their names, and have one order with its procedures', async () => {
    const group = new FakeGroup();
    const heard: string[] = [];
    const named = (name: string) =>
      new MessageDispatcher({
        name,
        onRequest() {
          heard.push(name);
          return undefined;
        },
      });
    const [one, two] = [named('one'), named('two')];
    const first = group.port(one, two, new RpcDispatcher());
    const second = group.port(named('one'));
    group.install([first, second]);
    expect(await run(group, two.cast(bytes('x')))).toMatchObject([
      { kind: 'value' },
      { kind: 'error', error: { code: 'unimplemented' } },
    ]);
    await run(group, one.cast(bytes('x')));
    expect(heard).toEqual(['two', 'one', 'one']);
  });

  it('do not share a name', () => {
    const group = new FakeGroup();
    expect(() => group.port(new MessageDispatcher(), new MessageDispatcher())).toThrow(
      "the member has two message dispatchers named ''",
    );
    expect(() => new MessageDispatcher({ name: 'x'.repeat(256) })).toThrow(RangeError);
  });

  it('answer nothing of what goes to procedures', async () => {
    const { group, members } = createGroup({ onRequest: echo });
    const { port } = members[0]!;
    const call = Buffer.from([0x20, 0, 0, 0, 1, 0, 0, 0, 100]);
    port.multicast(Kind.call, call);
    await group.deliver();
    expect(port.consumedMessages.map(({ target }) => target)).toEqual([everyone]);
  });
});
