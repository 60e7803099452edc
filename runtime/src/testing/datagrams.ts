import type {
  DatagramOptions,
  DatagramSocket,
  DatagramSockets,
  SocketAddress,
} from '../platform/platform.js';
import { systemError } from './errors.js';
import { ask, type Incarnation } from './incarnation.js';
import { type Internet, placesOf, resolveName, seenAs } from './internet.js';
import { createPacket, type Packet } from './packet.js';
import {
  addressOf,
  anyAddress,
  type Binding,
  createPortTable,
  isMulticast,
  isValidPort,
  ownInterface,
} from './ports.js';
import type { Interface, Machine } from './topology.js';

/** The largest datagram that IPv4 carries. */
const mostBytes = 65_507;
/** How many bytes may wait in a socket whose program does not run. */
const receiveBuffer = 1024 * 1024;

interface Bound {
  readonly binding: Binding;
  readonly program: Incarnation;
  readonly receive: DatagramOptions['onMessage'];
  readonly memberships: Membership[];
  /** Bytes that have arrived and were not handed over. */
  waiting: number;
  isOpen: boolean;
}

interface Membership {
  readonly group: string;
  readonly on: Interface;
}

/** A way that a datagram takes: out by one interface, in by another. */
interface Path {
  readonly from: Interface;
  readonly to: Interface;
  readonly port: number;
}

/** How a socket sends multicast datagrams. */
interface MulticastSettings {
  ttl: number;
  leavesBy: Interface;
  isLoopedBack: boolean;
}

/** A datagram that no host sends: a captured one, or a forged one. */
export interface Injection {
  /** Whom the receiver takes for its sender. */
  readonly from: SocketAddress;
  /** The socket at which it is to arrive. */
  readonly to: SocketAddress;
  /** The payload. */
  readonly data: Uint8Array;
}

export interface DatagramLayer {
  socketsOf(machine: Machine): DatagramSockets;
  /** Lets a datagram arrive that no host of the world has sent, or that was sent before. */
  inject(datagram: Injection, delay: number): void;
  /** Drops the sockets of a program that has ended. */
  clear(machine: Machine): void;
}

export function createDatagramLayer(internet: Internet): DatagramLayer {
  const { scheduler, network, topology } = internet;
  const ports = createPortTable<Bound>();

  const isFor = (
    { binding, memberships }: Bound,
    { to: at, port }: Path,
    group: string | undefined,
  ): boolean => {
    if (binding.port !== port || (binding.interface && binding.interface !== at)) return false;
    if (group === undefined) return binding.group === undefined;
    return (
      (binding.group ?? group) === group && memberships.some(each => each.group === group && each.on === at)
    );
  };

  const receivers = (path: Path, group: string | undefined): readonly Bound[] => {
    const found = ports.of(path.to.machine).filter(socket => isFor(socket, path, group));
    // A unicast datagram is one socket's: the most narrowly bound one's, of several the last one's.
    return group === undefined ? found.sort(byNarrowness).slice(-1) : found;
  };

  const arrive = (packet: Packet, data: Buffer, path: Path, group: string | undefined): void => {
    if (!path.to.machine.isPowered) {
      network.record(packet, 'down');
      return;
    }
    const sockets = receivers(path, group);
    if (sockets.length === 0) network.record(packet, 'unbound');
    for (const socket of sockets) {
      if (socket.waiting + data.length > receiveBuffer) {
        network.record(packet, 'overflow');
        continue;
      }
      network.record(packet, 'delivered');
      socket.waiting += data.length;
      const copy = Buffer.from(data);
      socket.program.enter('packet', () => {
        socket.waiting -= copy.length;
        if (socket.isOpen) socket.receive(copy, packet.from);
      });
    }
  };

  const transmit = (
    data: Buffer,
    source: SocketAddress,
    path: Path,
    to: SocketAddress,
    group?: string,
  ): void => {
    const { from, to: at } = path;
    const packet = createPacket({
      protocol: 'udp',
      time: scheduler.now,
      from: source,
      to,
      sender: from.machine.name,
      receiver: at.machine.name,
      data,
    });
    for (const { delay, data: arriving } of network.judge(packet, network.link(from.machine, at.machine))) {
      scheduler.after(delay, () => arrive(packet, arriving, path, group));
    }
  };

  const unicastPaths = (machine: Machine, { interface: bound }: Binding, to: SocketAddress): Path[] =>
    placesOf(internet, to, machine).flatMap(({ at, port }) => {
      const route = topology.route(machine, at);
      const isStuck = bound === machine.loopback && at.machine !== machine;
      return route && !isStuck ? [{ ...route, port }] : [];
    });

  /** One way to each machine on the subnets within reach that has a member. */
  const multicastPaths = (settings: MulticastSettings, to: SocketAddress): Path[] => {
    const { leavesBy: from, ttl, isLoopedBack } = settings;
    const others = topology.within(from, ttl).filter(({ machine }) => machine !== from.machine);
    return [...(isLoopedBack ? [from] : []), ...others]
      .map(at => ({ from, to: at, port: to.port }))
      .filter(path => receivers(path, to.host).length > 0);
  };

  const send = (
    machine: Machine,
    { binding }: Bound,
    settings: MulticastSettings,
    message: Uint8Array,
    to: SocketAddress,
  ): Error | null => {
    if (!isValidPort(to.port)) return systemError('send', 'ERR_SOCKET_BAD_PORT', `port ${to.port}`);
    if (message.length > mostBytes) return systemError('send', 'EMSGSIZE', `${message.length} bytes`);
    const group = isMulticast(to.host) ? to.host : undefined;
    const paths = group === undefined ? unicastPaths(machine, binding, to) : multicastPaths(settings, to);
    const data = Buffer.from(message);
    for (const path of paths) {
      const source = seenAs(internet, binding.interface ?? path.from, binding.port, path.to.machine);
      transmit(data, source, path, to, group);
    }
    if (paths.length === 0) {
      const from = { host: binding.interface?.address ?? machine.interfaces[0]!.address, port: binding.port };
      const packet = createPacket({
        protocol: 'udp',
        time: scheduler.now,
        from,
        to,
        sender: machine.name,
        receiver: '',
        data,
      });
      network.record(packet, 'unreachable');
    }
    return null;
  };

  const open = (machine: Machine, program: Incarnation, options: DatagramOptions): DatagramSocket => {
    const { host = anyAddress, port = 0, reuseAddress = false, onMessage } = options;
    const socket: Bound = {
      binding: ports.bind(machine, host, port, reuseAddress),
      program,
      receive: onMessage,
      memberships: [],
      waiting: 0,
      isOpen: true,
    };
    ports.add(machine, socket);
    const settings: MulticastSettings = {
      ttl: 1,
      leavesBy: socket.binding.interface ?? machine.interfaces[0]!,
      isLoopedBack: true,
    };
    const membership = (group: string, address: string): Membership => {
      if (!isMulticast(group)) throw systemError('setsockopt', 'EINVAL', `${group}: not a multicast address`);
      return { group, on: ownInterface(machine, address, 'setsockopt') };
    };
    const placeOf = ({ group, on }: Membership): number =>
      socket.memberships.findIndex(each => each.group === group && each.on === on);

    return {
      address: addressOf(socket.binding),
      send: (message, to, sent) =>
        program.act(() => {
          if (!socket.isOpen) return;
          const error = send(machine, socket, settings, message, to);
          if (!sent) return;
          program.defer(() => socket.isOpen && sent(error));
        }),
      // The simulated system takes every datagram at once.
      unsent: 0,
      joinGroup: (group, address) => {
        const joined = membership(group, address);
        if (placeOf(joined) >= 0) throw systemError('setsockopt', 'EADDRINUSE', `${group} is joined already`);
        socket.memberships.push(joined);
      },
      leaveGroup: (group, address) => {
        const place = placeOf(membership(group, address));
        if (place < 0) throw systemError('setsockopt', 'EADDRNOTAVAIL', `${group} is not joined`);
        socket.memberships.splice(place, 1);
      },
      setMulticastTtl: ttl => {
        settings.ttl = ttl;
      },
      setMulticastInterface: address => {
        settings.leavesBy = ownInterface(machine, address, 'setsockopt');
      },
      setMulticastLoopback: on => {
        settings.isLoopedBack = on;
      },
      close: () => {
        socket.isOpen = false;
        ports.remove(machine, socket);
      },
    };
  };

  return {
    socketsOf: machine => {
      const { program } = machine;
      return {
        open: options => ask(program, () => open(machine, program, options)),
        resolve: host => ask(program, () => resolveName(internet, host)),
      };
    },
    inject: ({ from, to, data: bytes }, delay) => {
      const data = Buffer.from(bytes);
      const packet = createPacket({
        protocol: 'udp',
        time: scheduler.now,
        from,
        to,
        sender: '',
        receiver: '',
        data,
      });
      network.record(packet, 'injected');
      scheduler.after(delay, () => {
        const places = placesOf(internet, to);
        if (places.length === 0) network.record(packet, 'unreachable');
        for (const { at, port } of places) arrive(packet, data, { from: at, to: at, port }, undefined);
      });
    },
    clear: ports.clear,
  };
}

const byNarrowness = (a: Bound, b: Bound): number =>
  Number(a.binding.interface !== undefined) - Number(b.binding.interface !== undefined);
