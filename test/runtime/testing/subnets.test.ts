import { expect, it } from 'vitest';
import { simulate, type World } from '../../../runtime/src/testing/index.js';
import { send, udp } from './support.js';

const group = '239.1.2.3';
const port = 7400;

/** left — (west) — middle — (east) — right, two hosts on the left. */
function row(world: World) {
  const west = world.router('west', ['left', 'middle']);
  const east = world.router('east', ['middle', 'right']);
  const hosts = {
    a: world.host('a', { subnets: ['left'] }),
    a2: world.host('a2', { subnets: ['left'] }),
    b: world.host('b', { subnets: ['middle'] }),
    c: world.host('c', { subnets: ['right'] }),
  };
  return { west, east, ...hosts };
}

it('hosts on subnets that no router joins do not reach each other', async () => {
  const world = simulate();
  const { a, c, east } = row(world);
  await world.run(async () => {
    const receiver = await udp(c, { port });
    const { socket } = await udp(a);
    const attempt = async (text: string) => {
      send(socket, text, c.address, port);
      await world.sleep(10);
    };
    await attempt('through both');
    east.crash();
    expect(east.isUp).toBe(false);
    await attempt('into the dead router');
    const detour = world.router('detour', ['left', 'right']);
    await attempt('by the detour');
    detour.crash();
    await attempt('nowhere');
    east.restart();
    await attempt('through both again');
    expect(receiver.texts()).toEqual(['through both', 'by the detour', 'through both again']);
  });
});

it('multicast gets as far as its time to live, and only while routers live', async () => {
  const world = simulate();
  const { west, ...hosts } = row(world);
  const { a, a2, b, c } = hosts;
  await world.run(async () => {
    const members = await Promise.all(
      [a, a2, b, c].map(async host => {
        const member = await udp(host, { port });
        member.socket.joinGroup(group, host.address);
        return member;
      }),
    );
    const { socket } = await udp(a);
    const reach = async (text: string) => {
      send(socket, text, group, port);
      await world.sleep(10);
      return members.map(({ received }) => received.splice(0).length);
    };
    expect(await reach('by default')).toEqual([1, 1, 0, 0]);
    socket.setMulticastTtl(0);
    expect(await reach('this host')).toEqual([1, 0, 0, 0]);
    socket.setMulticastTtl(2);
    expect(await reach('one router')).toEqual([1, 1, 1, 0]);
    socket.setMulticastTtl(3);
    expect(await reach('two routers')).toEqual([1, 1, 1, 1]);
    socket.setMulticastLoopback(false);
    expect(await reach('not to myself')).toEqual([0, 1, 1, 1]);
    west.crash();
    expect(await reach('the router is dead')).toEqual([0, 1, 0, 0]);
    members[1]!.socket.leaveGroup(group, a2.address);
    expect(await reach('a member left')).toEqual([0, 0, 0, 0]);
  });
});

it('multicast is joined and sent by interface', async () => {
  const world = simulate();
  const gateway = world.host('gateway', { subnets: ['left', 'right'] });
  const [l, r] = [world.host('l', { subnets: ['left'] }), world.host('r', { subnets: ['right'] })];
  const [leftAddress, rightAddress] = gateway.addresses;
  await world.run(async () => {
    const both = await udp(gateway, { port, reuseAddress: true });
    both.socket.joinGroup(group, rightAddress!);
    const local = await udp(gateway, { port, host: group, reuseAddress: true });
    local.socket.joinGroup(group, '127.0.0.1');
    const [atLeft, atRight] = [await udp(l, { port }), await udp(r, { port })];
    atLeft.socket.joinGroup(group, l.address);
    atRight.socket.joinGroup(group, r.address);

    send(atLeft.socket, 'from the left', group, port);
    send(atRight.socket, 'from the right', group, port);
    await world.sleep(10);
    expect(both.texts()).toEqual(['from the right']);

    const { socket } = await udp(gateway);
    for (const each of [leftAddress!, rightAddress!, '127.0.0.1']) {
      socket.setMulticastInterface(each);
      send(socket, `by ${each}`, group, port);
    }
    await world.sleep(10);
    expect(atLeft.texts().slice(1)).toEqual([`by ${leftAddress}`]);
    expect(atRight.received.slice(1)).toEqual([
      { text: `by ${rightAddress}`, from: { host: rightAddress, port: socket.address.port } },
    ]);
    expect(both.texts().slice(1)).toEqual([`by ${rightAddress}`]);
    expect(local.texts()).toEqual(['by 127.0.0.1']);

    expect(() => socket.joinGroup('10.0.0.1', leftAddress!)).toThrow('EINVAL');
    expect(() => socket.joinGroup(group, l.address)).toThrow('EADDRNOTAVAIL');
    expect(() => socket.leaveGroup(group, leftAddress!)).toThrow('EADDRNOTAVAIL');
    expect(() => socket.setMulticastInterface(l.address)).toThrow('EADDRNOTAVAIL');
  });
});
