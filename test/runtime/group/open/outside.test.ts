import { describe, expect, it } from 'vitest';
import {
  ClosedRegistry,
  NoSuchKey,
  OpenRegistry,
  Registry,
  Taken,
} from '../../../../generated/testing/registry/index.js';
import type { GroupMember } from '../../../../runtime/src/group/index.js';
import { CallError } from '../../../../runtime/src/schema/errors.js';
import { implement } from '../../../../runtime/src/schema/implement.js';
import type { Server } from '../../../../runtime/src/server/serve.js';
import { openGroup } from '../../../../runtime/src/services/index.js';
import { simulate } from '../../../../runtime/src/testing/index.js';
import { TestRegistry } from '../rpc/registry.js';

type World = ReturnType<typeof simulate>;

interface Place {
  readonly host: ReturnType<World['host']>;
  readonly registry: TestRegistry;
  readonly member: GroupMember;
  readonly server: Server;
}

const group = 'udp+multicast://239.255.0.1:7400';

async function place(world: World, name: string, description = OpenRegistry): Promise<Place> {
  const host = world.host(name);
  const registry = new TestRegistry();
  const state = {
    async *save() {
      yield Buffer.from(JSON.stringify([...registry.values]));
    },
    async load(pieces: AsyncIterable<Uint8Array>) {
      const all: Uint8Array[] = [];
      for await (const piece of pieces) all.push(piece);
      registry.values.clear();
      for (const [key, value] of JSON.parse(Buffer.concat(all).toString())) registry.values.set(key, value);
    },
  };
  const services = [implement(description, registry)];
  const member = await host.join(group, { name: 'registry', services, state, onError: () => {} });
  const server = await host.serve({ listen: `udp://${name}:7500`, services: [openGroup(member)] });
  return { host, registry, member, server };
}

async function inView(places: readonly Place[]): Promise<void> {
  const complete = () => places.every(({ member }) => member.view.members.length === places.length);
  while (!complete()) {
    await new Promise<void>(resolve => {
      const off = places.map(({ member }) =>
        member.on('view', () => {
          for (const each of off) each();
          resolve();
        }),
      );
    });
  }
}

async function groupOf(world: World, ...names: string[]): Promise<Place[]> {
  const places: Place[] = [];
  for (const name of names) places.push(await place(world, name));
  await inView(places);
  return places;
}

async function errorOf(promise: Promise<unknown>): Promise<CallError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CallError);
  return error as CallError;
}

describe('a client of an open group', () => {
  it('calls all members through any, and gets what each replied', () => {
    const world = simulate({ seed: 1 });
    return world.run(async () => {
      const places = await groupOf(world, 'a', 'b', 'c');
      const channel = await world.host('client').connect('group://a:7500,b:7500,c:7500/registry');
      const registry = channel.client(OpenRegistry);
      const puts = await registry.put('k', 'v', { replies: 'all' });
      expect(puts.map(({ kind }) => kind)).toEqual(['value', 'value', 'value']);
      expect(puts.map(({ member }) => member).sort()).toEqual([...places[0]!.member.view.members].sort());
      expect(await registry.put('k', 'w')).toMatchObject([{ error: { data: { value: 'v' } } }, {}]);
      expect((await registry.put('k', 'w')).map(reply => (reply as { error: unknown }).error)).toEqual([
        expect.any(Taken),
        expect.any(Taken),
      ]);
      const [missing] = await registry.get('none');
      expect((missing as { error: unknown }).error).toBeInstanceOf(NoSuchKey);
      expect(await registry.append('x', 2)).toMatchObject([{ metadata: { copies: 2 } }, {}, {}]);
      expect(await registry.say('hello', undefined, { replies: { n: 1 } })).toHaveLength(1);
      expect(await registry.forget('k')).toEqual([]);
      await registry.note('noted', { metadata: { user: 'ada' } });
      await channel.close();
    });
  });

  it('has a call executed once by each member, although the relay fails in the middle', () => {
    const world = simulate({ seed: 2, latency: [1, 5] });
    return world.run(async () => {
      const places = await groupOf(world, 'a', 'b', 'c');
      const channel = await world.host('client').connect('group://a:7500,b:7500,c:7500/registry');
      const registry = channel.client(OpenRegistry);
      await registry.append('first');
      places[0]!.registry.onWork = () => places[0]!.host.crash();
      const replies = await registry.work(1, { deadline: 20_000, replies: 'majority' });
      expect(replies.map(({ kind }) => kind)).toEqual(['value', 'value']);
      for (const { registry: each } of places.slice(1)) {
        expect(each.log).toEqual(['append first 1', 'work 1', 'worked 1']);
      }
      await channel.close();
    });
  });

  it('is not told "not executed" of what may have been executed', () => {
    const world = simulate({ seed: 3, loss: 0.2, duplicate: 0.1, reorder: 0.2, latency: [1, 20] });
    return world.run(async () => {
      const places = await groupOf(world, 'a', 'b', 'c');
      const channel = await world.host('client').connect('group://a:7500,b:7500,c:7500/registry');
      const registry = channel.client(OpenRegistry);
      for (let at = 0; at < 30; at++) {
        const line = `line ${at}`;
        const error = await registry.append(line, 1, { deadline: 3000 }).then(
          () => undefined,
          (thrown: CallError) => thrown,
        );
        for (const { registry: each } of places) {
          const times = each.log.filter(logged => logged === `append ${line} 1`).length;
          if (error?.outcome === 'not-executed') expect(times).toBe(0);
          else expect(times).toBeLessThanOrEqual(1);
          if (error === undefined) expect(times).toBe(1);
        }
      }
      await channel.close();
    });
  });

  it('begins anew in another incarnation of the group', () => {
    const world = simulate({ seed: 4 });
    return world.run(async () => {
      const [first] = await groupOf(world, 'a');
      const channel = await world.host('client').connect('group://a:7500/registry');
      const registry = channel.client(OpenRegistry);
      await registry.append('x');
      await first!.server.close();
      await first!.member.destroy();
      const again = await place(world, 'a');
      // Its copies may have reached the group that is gone.
      expect(await errorOf(registry.append('y'))).toMatchObject({ outcome: 'unknown' });
      expect(again.registry.log).toEqual([]);
      expect(await registry.ping()).toMatchObject([{ value: 1 }]);
      expect(await registry.append('z')).toMatchObject([{ value: 2 }]);
      await channel.close();
    });
  });

  it('is refused by a closed group', () => {
    const world = simulate({ seed: 5 });
    return world.run(async () => {
      const { registry } = await place(world, 'a', ClosedRegistry as never);
      const channel = await world.host('client').connect('group://a:7500/registry');
      const error = await errorOf(channel.client(OpenRegistry).append('x'));
      expect(error).toMatchObject({ code: 'permission-denied', outcome: 'not-executed' });
      await channel.client(OpenRegistry).note('x');
      expect(registry.log).toEqual([]);
      await channel.close();
    });
  });

  it('is refused by a minority', () => {
    const world = simulate({ seed: 6 });
    return world.run(async () => {
      const places = await groupOf(world, 'a', 'b', 'c');
      world.host('client');
      const client = world.host('client');
      world.partition(['a', 'client'], ['b', 'c']);
      const lonely = places[0]!.member;
      while (lonely.primary) await new Promise<void>(resolve => lonely.on('view', () => resolve()));
      const channel = await client.connect('group://a:7500,b:7500,c:7500/registry');
      const error = await errorOf(channel.client(OpenRegistry).append('x', 1, { deadline: 2000 }));
      expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
      expect(places[0]!.registry.log).toEqual([]);
      await channel.close();
    });
  });

  it('is told where there is no such group, and when nobody is there', () => {
    const world = simulate({ seed: 7 });
    return world.run(async () => {
      await groupOf(world, 'a');
      const client = world.host('client');
      const other = await client.connect('group://a:7500/other');
      expect(await errorOf(other.client(OpenRegistry).append('x'))).toMatchObject({
        code: 'not-found',
        outcome: 'not-executed',
      });
      const nobody = await client.connect('group://client:9/registry');
      expect(await errorOf(nobody.client(OpenRegistry).append('x', 1, { deadline: 500 }))).toMatchObject({
        outcome: 'not-executed',
      });
      await Promise.all([other.close(), nobody.close()]);
    });
  });

  it('checks what it is given before it sends anything', () => {
    const world = simulate({ seed: 8 });
    return world.run(async () => {
      const channel = await world.host('client').connect('group://client:9/registry');
      const registry = channel.client(OpenRegistry);
      const wrong = { code: 'invalid-argument', outcome: 'not-executed' };
      expect(await errorOf(registry.append(5 as never))).toMatchObject(wrong);
      expect(await errorOf(registry.append('x', 1, { deadline: 0 }))).toMatchObject(wrong);
      // @ts-expect-error fifo promises less than total
      expect(await errorOf(registry.put('k', 'v', { order: 'fifo' }))).toMatchObject(wrong);
      expect(() => channel.client(Registry)).toThrow('convoke.testing.registry.Registry is an interface');
      await channel.close();
    });
  });
});

describe('a channel', () => {
  it('to servers makes no stubs of groups', async () => {
    const world = simulate();
    await world.run(async () => {
      const channel = await world.host('client').connect('udp://client:9');
      expect(() => channel.client(OpenRegistry)).toThrow('OpenRegistry is a group: call it as a member');
      await channel.close();
    });
  });

  it.each(['group://a/registry', 'group://a:1', 'group+memory://a:1/x', 'group://a:99999/x', 'group:a'])(
    'to %s is refused',
    async address => {
      const world = simulate();
      await world.run(() => expect(world.host('client').connect(address)).rejects.toThrow(TypeError));
    },
  );
});
