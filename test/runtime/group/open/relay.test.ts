import { Writer } from '@convoke/runtime/codegen';
import { describe, expect, it } from 'vitest';
import {
  ClosedRegistry,
  OpenRegistry,
  registryProcedures,
} from '../../../../generated/testing/registry/index.js';
import {
  GroupRelay,
  type RelayLimits,
  type RelayRequest,
  UnknownClient,
} from '../../../../runtime/src/group/open/relay.js';
import { RpcDispatcher } from '../../../../runtime/src/group/rpc/rpc-dispatcher.js';
import { Reader } from '../../../../runtime/src/marshalling/reader.js';
import { readReplyBody } from '../../../../runtime/src/request-reply/reply-frame.js';
import type { AnyProcedure } from '../../../../runtime/src/schema/description.js';
import { implement } from '../../../../runtime/src/schema/implement.js';
import { FakeGroup, type FakePort } from '../rpc/fake-group.js';
import { TestRegistry } from '../rpc/registry.js';

interface RelayMember {
  readonly registry: TestRegistry;
  readonly relay: GroupRelay;
  readonly port: FakePort;
}

function createMember(
  group: FakeGroup,
  limits: Partial<RelayLimits> = {},
  description = OpenRegistry,
): RelayMember {
  const registry = new TestRegistry();
  const rpc = new RpcDispatcher({ services: [implement(description, registry)], onError: () => {} });
  const relay = new GroupRelay(rpc, limits);
  return { registry, relay, port: group.port(rpc, relay) };
}

function install(
  group: FakeGroup,
  members: readonly RelayMember[],
  joined: readonly RelayMember[] = [],
): void {
  group.install(
    members.map(({ port }) => port),
    joined.map(({ port }) => port.self.id),
  );
}

function createGroup(
  size: number,
  limits: Partial<RelayLimits> = {},
): { group: FakeGroup; members: RelayMember[] } {
  const group = new FakeGroup();
  const members = Array.from({ length: size }, () => createMember(group, limits));
  for (const { port } of members) port.random.bytes = length => new Uint8Array(length).fill(7);
  install(group, members, members);
  return { group, members };
}

/** What a joiner is given. */
async function transfer(from: RelayMember, to: RelayMember): Promise<void> {
  const part = ({ port }: RelayMember) => port.states.find(({ name }) => name === 'relay')!;
  const pieces: Uint8Array[] = [];
  for await (const piece of part(from).save()) pieces.push(Buffer.from(piece));
  await part(to).load(
    (async function* () {
      yield* pieces;
    })(),
  );
}

async function run<T>(group: FakeGroup, promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  await group.deliver();
  return promise;
}

const client = '0123456789abcdef0123456789abcdef';
const epoch = '0707070707070707';

function request(
  procedure: AnyProcedure,
  values: readonly unknown[],
  number: number,
  more: Partial<RelayRequest> = {},
): RelayRequest {
  const writer = new Writer();
  writer.begin();
  procedure.writeArguments(writer, values);
  return {
    client,
    epoch,
    number,
    lowest: 1,
    key: procedure.key,
    order: undefined,
    replies: undefined,
    safe: undefined,
    deadline: 1000,
    metadata: undefined,
    values: Buffer.from(writer.end()),
    ...more,
  };
}

const append = (number: number, more?: Partial<RelayRequest>) =>
  request(registryProcedures.append, ['x', 1], number, more);

function values(replies: readonly unknown[], procedure: AnyProcedure = registryProcedures.append): unknown[] {
  return replies.map(reply => {
    const { body } = reply as { body?: Buffer };
    if (body === undefined) return (reply as { kind: string }).kind;
    const read = readReplyBody(new Reader().reset(Buffer.from(body)), procedure);
    if (read.kind === 'result') return read.value;
    return read.kind === 'failure' ? read.failure.code : read.kind;
  });
}

async function opened(size: number, limits: Partial<RelayLimits> = {}) {
  const { group, members } = createGroup(size, limits);
  for (const other of members.slice(1)) await transfer(members[0]!, other);
  expect(await run(group, members[0]!.relay.open(client))).toBe(epoch);
  return { group, members };
}

describe('a call from outside', () => {
  it('is executed by all members, and their replies are those of the schema’s policy', async () => {
    const { group, members } = await opened(3);
    expect(values(await run(group, members[1]!.relay.call(append(1))))).toEqual([1, 1, 1]);
    const put = request(registryProcedures.put, ['k', 'v'], 2);
    expect(values(await run(group, members[1]!.relay.call(put)), registryProcedures.put)).toEqual([1, 1]);
    for (const { registry } of members) expect(registry.log).toEqual(['append x 1', 'put k']);
    const [context] = members[2]!.registry.contexts;
    expect(context!.peer).toEqual({ address: members[1]!.port.self.address, clientId: client });
    expect(context!.callId).toBe(`${client}/1`);
  });

  it('that another member relays again is not executed again, and gets the same replies', async () => {
    const { group, members } = await opened(3);
    const first = values(await run(group, members[0]!.relay.call(append(1))));
    const again = values(await run(group, members[1]!.relay.call(append(1))));
    expect([first, again]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    for (const { registry } of members) expect(registry.log).toHaveLength(1);
  });

  it('that runs when it is relayed again is answered to both', async () => {
    const { group, members } = await opened(2);
    const release: (() => void)[] = [];
    for (const { registry } of members) {
      registry.onWork = () => new Promise<void>(resolve => release.push(resolve));
    }
    const work = request(registryProcedures.work, [5], 1);
    const calls = [members[0]!.relay.call(work), members[1]!.relay.call(work)];
    await group.deliver();
    for (const each of release) each();
    for (const call of calls) {
      expect(values(await run(group, call), registryProcedures.work)).toEqual([1, 1]);
    }
    for (const { registry } of members) expect(registry.log).toEqual(['work 5', 'worked 5']);
  });

  it('is finished at another member when the relay fails', async () => {
    const { group, members } = await opened(3);
    void members[0]!.relay.call(append(1)).catch(() => {});
    group.send();
    members[0]!.port.raise({ type: 'end', reason: 'failed' });
    group.queue = [];
    install(group, members.slice(1));
    expect(values(await run(group, members[1]!.relay.call(append(1))))).toEqual([1, 1]);
    for (const { registry } of members) expect(registry.log).toEqual(['append x 1']);
  });

  it('asked for twice at one member is relayed once', async () => {
    const { group, members } = await opened(2);
    const calls = [members[0]!.relay.call(append(1)), members[0]!.relay.call(append(1))];
    expect(calls[0]).toBe(calls[1]);
    const sent = members[0]!.port.sent.length;
    await run(group, calls[0]!);
    expect(members[0]!.port.sent).toHaveLength(sent);
  });

  it('is known to a member that joined after it', async () => {
    const { group, members } = await opened(2);
    await run(group, members[0]!.relay.call(append(1)));
    const late = createMember(group);
    install(group, [...members, late], [late]);
    await transfer(members[0]!, late);
    expect(values(await run(group, late.relay.call(append(1))))).toEqual([1, 1, 1]);
    expect(values(await run(group, late.relay.call(append(2))))).toEqual([1, 2, 2]);
    expect(late.registry.log).toEqual(['append x 1']);
  });

  it('that still ran when a member joined has no reply there, and is not executed there', async () => {
    const { group, members } = await opened(1);
    members[0]!.registry.onPing = () => new Promise(() => {});
    const ping = request(registryProcedures.ping, [], 1);
    void members[0]!.relay.call(ping);
    await group.deliver();
    const late = createMember(group);
    install(group, [...members, late], [late]);
    await transfer(members[0]!, late);
    const call = late.relay.call(ping);
    await group.deliver();
    group.clock.advance(1000);
    expect(values(await call, registryProcedures.ping)).toEqual(['unavailable', 'timed-out']);
    expect(late.registry.log).toEqual([]);
  });

  it('that was acknowledged before is late, and not executed', async () => {
    const { group, members } = await opened(2);
    await run(group, members[0]!.relay.call(append(1)));
    await run(group, members[0]!.relay.call(append(2, { lowest: 2 })));
    expect(values(await run(group, members[1]!.relay.call(append(1))))).toEqual(['aborted', 'aborted']);
    for (const { registry } of members) expect(registry.log).toHaveLength(2);
  });

  it('has at least the order of the schema', async () => {
    const { group, members } = await opened(1);
    const { relay, port } = members[0]!;
    port.sent.length = 0;
    await run(group, relay.call(append(1, { order: 'unordered' })));
    await run(group, relay.call(append(2, { order: 'total', replies: 'first' })));
    await run(group, relay.call(append(3, { safe: true })));
    const fifo = 1;
    const total = 3;
    expect(port.sent.map(({ options }) => [options?.order, options?.safe])).toEqual([
      [fifo, false],
      [total, true],
      [fifo, true],
    ]);
  });

  it('that is maybe is sent once', async () => {
    const { group, members } = await opened(3);
    const note = request(registryProcedures.note, ['x'], 1);
    expect(await run(group, members[0]!.relay.call(note))).toEqual([]);
    for (const { registry } of members) expect(registry.log).toEqual(['note x']);
  });
});

describe('what is refused', () => {
  it('is whatever is for members, and what nobody implements', async () => {
    const group = new FakeGroup();
    const closed = createMember(group, {}, ClosedRegistry as never);
    install(group, [closed], [closed]);
    const opening = closed.relay.open(client);
    await expect(opening).rejects.toMatchObject({ code: 'permission-denied', outcome: 'not-executed' });
    expect(closed.port.states.map(({ name }) => name)).toEqual(['calls']);
    const call = closed.relay.call(append(1));
    await expect(call).rejects.toMatchObject({ code: 'permission-denied', outcome: 'not-executed' });
    const strange = closed.relay.call({ ...append(2), key: [1, 2] });
    await expect(strange).rejects.toMatchObject({ code: 'unimplemented', outcome: 'not-executed' });
    expect(closed.registry.log).toEqual([]);
  });

  it('is an at-most-once call to a minority, but not an at-least-once one', async () => {
    const { group, members } = await opened(2);
    const { relay, port } = members[0]!;
    port.primary = false;
    await expect(relay.call(append(1))).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-executed',
    });
    await expect(relay.open('f'.repeat(32))).rejects.toMatchObject({ code: 'unavailable' });
    const ping = request(registryProcedures.ping, [], 2);
    expect(values(await run(group, relay.call(ping)), registryProcedures.ping)).toEqual([1, 1]);
    // Relayed by a majority, delivered to a minority.
    port.primary = true;
    const call = relay.call(append(3));
    for (const member of members) member.port.primary = false;
    expect(values(await run(group, call))).toEqual(['unavailable', 'unavailable']);
  });

  it('is a client of another incarnation, and one without a session', async () => {
    const { group, members } = await opened(1);
    const { relay } = members[0]!;
    await expect(relay.call(append(1, { epoch: '00'.repeat(8) }))).rejects.toMatchObject({ reason: 'epoch' });
    const other = relay.call(append(1, { client: 'f'.repeat(32) }));
    await expect(other).rejects.toBeInstanceOf(UnknownClient);
    await expect(other).rejects.toMatchObject({ reason: 'session' });
    await group.deliver();
    expect(members[0]!.registry.log).toEqual([]);
  });

  it('is a client that acknowledges nothing', async () => {
    const { group, members } = await opened(1, { entriesPerClient: 2 });
    const { relay } = members[0]!;
    for (const number of [1, 2]) await run(group, relay.call(append(number)));
    await expect(relay.call(append(3))).rejects.toMatchObject({
      code: 'resource-exhausted',
      outcome: 'not-executed',
    });
    expect(values(await run(group, relay.call(append(2))))).toEqual([2]);
    expect(values(await run(group, relay.call(append(2, { lowest: 2 }))))).toEqual([2]);
    expect(values(await run(group, relay.call(append(3, { lowest: 2 }))))).toEqual([3]);
  });

  it('is a client beyond so many', async () => {
    const { group, members } = await opened(1, { sessions: 1 });
    expect(await run(group, members[0]!.relay.open(client))).toBe(epoch);
    await expect(members[0]!.relay.open('f'.repeat(32))).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
  });

  it('is recorded: a late copy is not executed either', async () => {
    const { group, members } = await opened(1);
    const { relay, registry } = members[0]!;
    const broken = { ...append(1), values: Buffer.from([0xc0]) };
    expect(values(await run(group, relay.call(broken)))).toEqual(['invalid-argument']);
    expect(values(await run(group, relay.call(append(1))))).toEqual(['invalid-argument']);
    expect(registry.log).toEqual([]);
  });
});

describe('a silent client', () => {
  it('is forgotten by all members at one point, and refused then', async () => {
    const { group, members } = await opened(2, { lease: 1000 });
    await run(group, members[0]!.relay.call(append(1)));
    group.clock.advance(900);
    await group.deliver();
    await run(group, members[1]!.relay.call(append(2)));
    group.clock.advance(900);
    await group.deliver();
    expect(values(await run(group, members[1]!.relay.call(append(3))))).toEqual([3, 3]);
    group.clock.advance(1250);
    await group.deliver();
    for (const { relay } of members) {
      await expect(relay.call(append(4))).rejects.toMatchObject({ reason: 'session' });
    }
  });

  it('is not asked after by a member that has left', async () => {
    const { group, members } = await opened(1, { lease: 1000 });
    members[0]!.port.raise({ type: 'end', reason: 'left' });
    const sent = members[0]!.port.sent.length;
    group.clock.advance(10_000);
    expect(members[0]!.port.sent).toHaveLength(sent);
    await expect(members[0]!.relay.call(append(1))).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the state of the relay', () => {
  it('is nothing where there is no epoch yet, and bytes that are none are refused', async () => {
    const group = new FakeGroup();
    const member = createMember(group);
    const part = member.port.states.find(({ name }) => name === 'relay')!;
    const pieces: Uint8Array[] = [];
    for await (const piece of part.save()) pieces.push(piece);
    expect(pieces).toEqual([]);
    const load = (bytes: Uint8Array) =>
      part.load(
        (async function* () {
          yield bytes;
        })(),
      );
    await load(new Uint8Array());
    await expect(load(new Uint8Array(20))).rejects.toThrow('bytes expected');
    const tooMany = Buffer.concat([Buffer.alloc(8 + 16 + 6), Buffer.from([0xff, 0xff, 0xff, 0xff])]);
    await expect(load(tooMany)).rejects.toThrow('calls do not fit');
  });
});
