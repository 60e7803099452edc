import { describe, expect, it } from 'vitest';
import { connectionDetection } from '../../../runtime/src/group/detection/connections.js';
import { greeting } from '../../../runtime/src/group/detection/greeting.js';
import { boundedDetection } from '../../../runtime/src/group/detection/heartbeat.js';
import type { MemberId } from '../../../runtime/src/group/member.js';
import { Kind } from '../../../runtime/src/group/message.js';
import { simulate, type World } from '../../../runtime/src/testing/index.js';
import { type SmallGroup, type SmallGroupMember, smallGroup } from './small-group.js';

/** Whom a member found dead, and when. */
const deaths = ({ events }: SmallGroupMember): { member: MemberId; at: number }[] =>
  events.flatMap(event => (event.type === 'dead' ? [{ member: event.member, at: event.at }] : []));

const deathsAt = (members: readonly SmallGroupMember[]): MemberId[][] =>
  members.map(member =>
    deaths(member)
      .map(({ member: id }) => id)
      .sort(),
  );

const except = (group: SmallGroup, ...indices: readonly number[]): SmallGroupMember[] =>
  group.members.filter((_, index) => !indices.includes(index));

/** A group whose members are connected. */
const connected = async (world: World, size: number): Promise<SmallGroup> => {
  const group = await smallGroup(world, size, () => [boundedDetection(), connectionDetection()]);
  group.view(...group.members);
  await world.sleep(1500);
  return group;
};

describe('a member that is killed', () => {
  it.each([2, 3, 5, 9])('is dead to all others of %i at once', async size => {
    const world = simulate({ seed: size });
    await world.run(async () => {
      const group = await connected(world, size);
      const killedAt = world.now;
      group.members[1]!.host.kill();
      await world.sleep(100);
      expect(deathsAt(except(group, 1))).toEqual(Array(size - 1).fill([2]));
      for (const member of except(group, 1)) expect(deaths(member)[0]!.at - killedAt).toBeLessThan(50);
      // Once, whatever silence has to say later.
      await world.sleep(6000);
      expect(deathsAt(except(group, 1))).toEqual(Array(size - 1).fill([2]));
    });
  });

  it('is found out together with its neighbours', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 7);
      for (const index of [2, 3, 4]) group.members[index]!.host.kill();
      await world.sleep(200);
      expect(deathsAt(except(group, 2, 3, 4))).toEqual(Array(4).fill([3, 4, 5]));
    });
  });

  it('is told of a few times, whoever else saw it', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 9);
      for (const { sent } of group.members) sent.length = 0;
      group.members[4]!.host.kill();
      await world.sleep(500);
      const obituaries = group.members
        .flatMap(({ sent }) => sent)
        .filter(({ kind }) => kind === Kind.connection);
      expect(obituaries.length).toBeGreaterThanOrEqual(3);
      expect(obituaries.length).toBeLessThanOrEqual(4 * 3);
    });
  });

  it('is found out although most packets are lost', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 5);
      let packets = 0;
      group.loses = () => packets++ % 3 !== 0;
      group.members[0]!.host.kill();
      await world.sleep(300);
      expect(deathsAt(except(group, 0))).toEqual(Array(4).fill([1]));
    });
  });

  it('is known to be dead by another that has come to its port', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 4);
      const { host } = group.members[1]!;
      const { port } = portTold(group.members[1]!);
      host.kill();
      host.restart();
      await host.platform.streams.listen({ port, onConnection: socket => void socket.write(greeting(99)) });
      await world.sleep(100);
      expect(deathsAt(except(group, 1))).toEqual(Array(3).fill([2]));
    });
  });

  it('is found dead again in a view that has it still', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 4);
      group.members[2]!.host.kill();
      await world.sleep(100);
      group.view(...group.members);
      await world.sleep(200);
      expect(deathsAt(except(group, 2))).toEqual(Array(3).fill([3, 3]));
    });
  });
});

describe('no proof of death', () => {
  it('is a reset while the member lives: it is connected to again', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 3);
      for (let round = 0; round < 5; round++) {
        world.resetConnections('a', 'b');
        world.resetConnections('b', 'c');
        await world.sleep(40);
      }
      expect(deathsAt(group.members)).toEqual([[], [], []]);
      await world.sleep(2000);
      group.members[1]!.host.kill();
      await world.sleep(100);
      expect(deathsAt(except(group, 1))).toEqual([[2], [2]]);
    });
  });

  it('is something else that listens at the port', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 4);
      const { host } = group.members[1]!;
      const { port } = portTold(group.members[1]!);
      host.kill();
      host.restart();
      let connections = 0;
      await host.platform.streams.listen({
        port,
        onConnection: socket => {
          connections++;
          socket.write(Buffer.from('220 mail.example.org ESMTP\r\n'));
        },
      });
      await world.sleep(2000);
      expect(deathsAt(except(group, 1))).toEqual([[], [], []]);
      // It is not beset with connections either.
      expect(connections).toBeGreaterThan(3);
      expect(connections).toBeLessThan(3 * 15);
    });
  });

  it('is a machine that says nothing any more: silence counts', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 4);
      const crashedAt = world.now;
      group.members[1]!.host.crash();
      await world.sleep(6000);
      expect(deathsAt(except(group, 1))).toEqual([[2], [2], [2]]);
      for (const member of except(group, 1)) {
        expect(deaths(member)[0]!.at - crashedAt).toBeGreaterThan(3000);
        expect(deaths(member)[0]!.at - crashedAt).toBeLessThan(4500);
      }
    });
  });

  it('is a pause, in which connections are accepted and not served', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 4);
      group.members[1]!.host.pause(2000);
      await world.sleep(100);
      world.resetConnections('a', 'b');
      world.resetConnections('b', 'c');
      await world.sleep(8000);
      expect(deathsAt(group.members)).toEqual([[], [], [], []]);
    });
  });

  it('is a cut between two members', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 3);
      world.partition(['a'], ['b']);
      world.resetConnections('a', 'b');
      await world.sleep(8000);
      expect(deathsAt(group.members)).toEqual([[], [], []]);
    });
  });

  it('is a port that was refused from the start', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await smallGroup(world, 3, () => [boundedDetection(), connectionDetection()]);
      // It tells another port than the one at which it listens.
      group.loses = (from, _, message) => {
        if (from.id === 2 && message.kind === Kind.connection) message.body = Buffer.from([1, 0, 9, 0]);
        return false;
      };
      group.view(...group.members);
      await world.sleep(8000);
      expect(deathsAt(group.members)).toEqual([[], [], []]);
      // Nor is what others make of it.
      group.members[0]!.stack.down([]);
      expect(group.members[0]!.stack.drops.size).toBe(0);
    });
  });

  it('is the end of a member that has left', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 4);
      await group.members[1]!.stack.stop();
      await world.sleep(1000);
      expect(deathsAt(except(group, 1))).toEqual([[], [], []]);
    });
  });

  it('is a report of a death that is none', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 5);
      const { port } = portTold(group.members[3]!);
      const [first] = group.members;
      const obituary = Buffer.from([2, 0, 0, 0, 0, 0, 4, port >> 8, port & 0xff]);
      group.loses = (from, _, message) => {
        if (from === first && message.kind === Kind.heartbeat) {
          Object.assign(message, { kind: Kind.connection, body: obituary });
        }
        return false;
      };
      await world.sleep(2000);
      expect(deathsAt(group.members)).toEqual([[], [], [], [], []]);
    });
  });
});

describe('connections', () => {
  it('are four for each member, whatever the size of the group', async () => {
    const world = simulate();
    await world.run(async () => {
      const hellos = new Set<string>();
      world.onPacket(({ protocol, from, to }) => {
        if (protocol === 'tcp')
          hellos.add(
            [from, to]
              .map(({ host, port }) => `${host}:${port}`)
              .sort()
              .join(),
          );
      });
      const group = await connected(world, 9);
      expect(hellos.size).toBe(4 * 9);
      await group.stop();
    });
  });

  it('are made although packets that tell of ports are lost', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await smallGroup(world, 4, () => [boundedDetection(), connectionDetection()]);
      let packets = 0;
      group.loses = (_from, _to, { kind }) => kind === Kind.connection && packets++ < 20;
      group.view(...group.members);
      await world.sleep(4000);
      group.members[3]!.host.kill();
      await world.sleep(100);
      expect(deathsAt(except(group, 3))).toEqual([[4], [4], [4]]);
    });
  });

  it('are done without where a member cannot listen', async () => {
    const world = simulate();
    const denied = world.host('b').platform.streams as { listen: unknown };
    denied.listen = () => Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' }));
    await world.run(async () => {
      const group = await connected(world, 3);
      group.members[1]!.host.kill();
      await world.sleep(1000);
      expect(deathsAt(except(group, 1))).toEqual([[], []]);
      await world.sleep(5000);
      expect(deathsAt(except(group, 1))).toEqual([[2], [2]]);
    });
  });

  it('refuse nonsense, and more guests than there can be', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 2);
      const { port } = portTold(group.members[0]!);
      const stranger = world.host('stranger').platform.streams;
      const to = { host: world.host('a').address, port };
      const liar = await stranger.connect(to);
      let ended = 0;
      liar.onClose = () => ended++;
      liar.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
      await world.sleep(10);
      expect(ended).toBe(1);
      expect(group.members[0]!.stack.drops.get('malformed')).toBe(1);
      for (let each = 0; each < 100; each++) (await stranger.connect(to)).onClose = () => ended++;
      await world.sleep(10);
      expect(group.members[0]!.stack.drops.get('flood')).toBe(ended - 1);
      expect(ended).toBeGreaterThan(30);
      group.members[1]!.host.kill();
      await world.sleep(100);
      expect(deathsAt([group.members[0]!])).toEqual([[2]]);
    });
  });

  it('tell nothing of messages that are malformed or of strangers', async () => {
    const world = simulate();
    await world.run(async () => {
      const group = await connected(world, 3);
      const bodies = [Buffer.alloc(0), Buffer.from([1, 0]), Buffer.from([3, 0, 0, 0]), Buffer.alloc(9, 2)];
      group.loses = (from, to, message) => {
        if (from.id !== 2 || to.id !== 1 || message.kind !== Kind.heartbeat) return false;
        const body = bodies.shift();
        if (body !== undefined) Object.assign(message, { kind: Kind.connection, body });
        return false;
      };
      await world.sleep(3000);
      expect(bodies).toEqual([]);
      expect(group.members[0]!.stack.drops.get('malformed')).toBe(3);
      expect(group.members[0]!.stack.drops.get('not-a-member')).toBe(1);
    });
  });
});

/** From what a member sent. */
function portTold({ sent }: SmallGroupMember): { port: number } {
  const { body } = sent.find(({ kind }) => kind === Kind.connection)!;
  return { port: body[1]! * 256 + body[2]! };
}
