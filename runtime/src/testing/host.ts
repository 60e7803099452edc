import type { Channel } from '../client/channel.js';
import { type ConnectOptions, connect } from '../client/connect.js';
import type { GroupMember } from '../group/group-member.js';
import { type JoinOptions, joinAt } from '../group/join.js';
import { type Endpoint, type EndpointOptions, openEndpoint } from '../messages/index.js';
import type { Platform } from '../platform/platform.js';
import { type ServeOptions, type Server, serve } from '../server/serve.js';
import { createClock } from './clock.js';
import type { DatagramLayer } from './datagrams.js';
import { checkFaults, type Faults } from './faults.js';
import { createIncarnation } from './incarnation.js';
import type { Internet } from './internet.js';
import { createNameService } from './name-service.js';
import { createPrng } from './prng.js';
import type { StreamLayer } from './streams.js';
import type { Interface, Machine } from './topology.js';
import { createWebSockets } from './websockets.js';

/** Where a host is attached, and what befalls all that it sends and receives. */
export interface HostOptions extends Partial<Faults> {
  /** The subnets to which it is attached, one interface each. Default: one that all such hosts share. */
  readonly subnets?: readonly string[];
}

/** A machine of the world, and the program that runs on it. */
export interface Host {
  /** What it was created by; other hosts resolve it. */
  readonly name: string;
  /** Its IP address; the first, if it has several. Its name resolves to it, and `localhost` to itself. */
  readonly address: string;
  /** One for each subnet to which it is attached. */
  readonly addresses: readonly string[];
  /** The world as its program sees it: that of the current incarnation. */
  readonly platform: Platform;
  /** Whether its program runs, or is paused. */
  readonly isUp: boolean;
  /** `serve` on this host's platform. */
  serve(options: Omit<ServeOptions, 'platform'>): Promise<Server>;
  /** `connect` on this host's platform. */
  connect(address: string | readonly string[], options?: Omit<ConnectOptions, 'platform'>): Promise<Channel>;
  /**
   * `join` on this host's platform. Where a multicast address does not say it, the interface is this host's first and
   * multicasts stay on its subnets.
   */
  join(address: string, options: Omit<JoinOptions, 'platform'>): Promise<GroupMember>;
  /** `openEndpoint` on this host's platform. */
  openEndpoint(address: string, options?: Omit<EndpointOptions, 'platform'>): Promise<Endpoint>;
  /**
   * The machine fails. Nothing of the program is called back any more, and what it still does has no effect; nobody
   * is told. Promises that it waits for never settle.
   */
  crash(): void;
  /** Only the program ends: its system resets its connections, and refuses new ones. */
  kill(): void;
  /** Starts a new incarnation, which knows nothing of the last: `platform` is another one. */
  restart(): void;
  /**
   * Nothing of the program runs for so many milliseconds: its event loop stalls, or the process is stopped. Timers
   * are late; packets wait in socket buffers, as far as these are large enough; what it does leaves afterwards.
   */
  pause(duration: number): void;
  /** Moves the wall clock; monotonic time goes on evenly. */
  jumpWallClock(by: number): void;
  /**
   * The host gets new addresses, as a telephone does that changes networks: its sockets live on and send from the
   * new ones, but what is sent to an old one is lost, and TCP connections break, which the other ends do not learn.
   */
  changeAddress(): void;
  /** Changes the faults of all that it sends and receives. They stand before the world's. */
  faults(faults: Partial<Faults>): void;
}

/** What hosts are built on. */
export interface HostServices extends Internet {
  readonly seed: number | string;
  readonly datagrams: DatagramLayer;
  readonly streams: StreamLayer;
}

const defaultSubnets = ['lan'];

export function createMachine(services: HostServices, name: string, options: HostOptions): Machine {
  const { subnets = defaultSubnets, ...faults } = options;
  const { topology, scheduler } = services;
  const interfaces: Interface[] = [];
  const machine: Machine = {
    name,
    interfaces,
    get loopback() {
      return loopback;
    },
    wallClock: { offset: 0 },
    isPowered: true,
    faults: checkFaults(faults),
    program: createIncarnation(scheduler, createPrng(`${services.seed}/${name}/0`)),
  };
  const loopback: Interface = { machine, subnet: undefined, address: '127.0.0.1' };
  for (const each of subnets) {
    const subnet = topology.subnet(each);
    const attached: Interface = { machine, subnet, address: topology.allocate(subnet) };
    interfaces.push(attached);
    topology.attach(attached);
  }
  return machine;
}

export function createHost(services: HostServices, machine: Machine): Host {
  const { seed, scheduler, network, topology, datagrams, streams } = services;
  const { name, interfaces } = machine;
  let incarnations = 0;

  const streamsOf = (of: Machine): Pick<Platform, 'streams' | 'webSockets'> => {
    const sockets = streams.socketsOf(of);
    return { streams: sockets, webSockets: createWebSockets(sockets) };
  };

  const createPlatform = (): Platform => ({
    clock: createClock(scheduler, machine.program, machine.wallClock),
    random: machine.program.random,
    datagrams: datagrams.socketsOf(machine),
    ...streamsOf(machine),
    names: createNameService(services, machine.program),
  });
  let platform = createPlatform();

  const end = (): void => {
    machine.program.end();
    datagrams.clear(machine);
    streams.clear(machine);
  };

  return {
    name,
    get address() {
      return interfaces[0]!.address;
    },
    get addresses() {
      return interfaces.map(({ address }) => address);
    },
    get platform() {
      return platform;
    },
    get isUp() {
      return machine.program.isAlive;
    },
    serve: options => serve({ ...options, platform }),
    connect: (address, options) => connect(address, { ...options, platform }),
    join: (address, options) =>
      joinAt(address, { ...options, platform }, { interface: interfaces[0]!.address, ttl: 1 }),
    openEndpoint: (address, options) => openEndpoint(address, { ...options, platform }),
    crash: () => {
      end();
      machine.isPowered = false;
    },
    kill: () => {
      streams.hangUp(machine);
      end();
    },
    restart: () => {
      end();
      machine.isPowered = true;
      machine.program = createIncarnation(scheduler, createPrng(`${seed}/${name}/${++incarnations}`));
      platform = createPlatform();
    },
    pause: duration => machine.program.pause(duration),
    jumpWallClock: by => {
      machine.wallClock.offset += by;
    },
    changeAddress: () => {
      for (const each of interfaces) {
        topology.changeAddress(each);
        streams.move(each);
      }
    },
    faults: changed => network.setFaults(changed, machine),
  };
}
