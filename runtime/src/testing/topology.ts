import type { WallClock } from './clock.js';
import type { Faults } from './faults.js';
import { getOrAdd } from './get-or-add.js';
import type { Incarnation } from './incarnation.js';

/** A network on which each machine hears each other. */
export interface Subnet {
  /** As hosts and routers name it. */
  readonly name: string;
}

/** Joins subnets while it is up. */
export interface Router {
  /** As it was given to `world.router`. */
  readonly name: string;
  /** Whether packets pass through it. */
  readonly isUp: boolean;
  /** No packet passes through it any more, until it is restarted. */
  crash(): void;
  /** Lets packets pass again. */
  restart(): void;
}

/** Where a machine is attached to a subnet; loopback is attached to none. */
export interface Interface {
  readonly machine: Machine;
  readonly subnet: Subnet | undefined;
  /** Changes when the machine moves. */
  address: string;
}

/** A host's hardware and operating system: what outlives its program. */
export interface Machine {
  readonly name: string;
  readonly loopback: Interface;
  readonly interfaces: readonly Interface[];
  readonly wallClock: WallClock;
  isPowered: boolean;
  /** Of all packets to and from it. */
  faults: Partial<Faults>;
  program: Incarnation;
}

/** How a packet gets from one interface to another. */
export interface Route {
  readonly from: Interface;
  readonly to: Interface;
}

export interface Topology {
  subnet(name: string): Subnet;
  router(name: string, subnets: readonly Subnet[]): Router;
  /** A free address of a subnet. */
  allocate(subnet: Subnet): string;
  interfaceAt(address: string): Interface | undefined;
  attach(attached: Interface): void;
  changeAddress(attached: Interface): void;
  /** From which of the machine's interfaces a packet leaves; undefined when no way is open. */
  route(from: Machine, to: Interface): Route | undefined;
  /** Whether a unicast packet gets from one interface to another. */
  isReachable(from: Interface, to: Interface): boolean;
  /** The interfaces on the subnets that a datagram with this time to live gets to. */
  within(from: Interface, ttl: number): readonly Interface[];
}

interface Segment extends Subnet {
  readonly number: number;
  hosts: number;
  readonly interfaces: Interface[];
}

interface Crossing extends Router {
  isUp: boolean;
  readonly segments: ReadonlySet<Subnet>;
}

/** The time to live of a unicast packet: RFC 1700's default. */
const unicastTtl = 64;

export function createTopology(): Topology {
  const segments = new Map<string, Segment>();
  const routers: Crossing[] = [];
  const interfaces = new Map<string, Interface>();
  const distances = new Map<Subnet, ReadonlyMap<Subnet, number>>();

  const subnet = (name: string): Segment =>
    getOrAdd(segments, name, () => ({ name, number: segments.size, hosts: 0, interfaces: [] }));

  /** How many routers lie between a subnet and each that can be reached from it, by breadth-first search. */
  const distancesFrom = (start: Subnet): ReadonlyMap<Subnet, number> =>
    getOrAdd(distances, start, () => {
      const found = new Map<Subnet, number>([[start, 0]]);
      for (const [reached, distance] of found) {
        for (const router of routers) {
          if (!router.isUp || !router.segments.has(reached)) continue;
          for (const next of router.segments) if (!found.has(next)) found.set(next, distance + 1);
        }
      }
      return found;
    });

  const distanceBetween = (from: Interface, to: Interface): number =>
    from.subnet && to.subnet
      ? (distancesFrom(from.subnet).get(to.subnet) ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY;

  const allocate = ({ name }: Subnet): string => {
    const segment = subnet(name);
    const host = ++segment.hosts;
    return `10.${segment.number}.${host >> 8}.${host & 255}`;
  };

  return {
    subnet,
    router: (name, joined) => {
      const set = (isUp: boolean): void => {
        router.isUp = isUp;
        distances.clear();
      };
      const router: Crossing = {
        name,
        isUp: true,
        segments: new Set(joined),
        crash: () => set(false),
        restart: () => set(true),
      };
      routers.push(router);
      distances.clear();
      return router;
    },
    allocate,
    interfaceAt: address => interfaces.get(address),
    attach: attached => {
      interfaces.set(attached.address, attached);
      if (attached.subnet) subnet(attached.subnet.name).interfaces.push(attached);
    },
    changeAddress: attached => {
      if (!attached.subnet) return;
      interfaces.delete(attached.address);
      attached.address = allocate(attached.subnet);
      interfaces.set(attached.address, attached);
    },
    route: (machine, to) => {
      if (to.machine === machine) return { from: to, to };
      const [nearest] = machine.interfaces
        .map(from => ({ from, to, distance: distanceBetween(from, to) }))
        .sort((a, b) => a.distance - b.distance);
      return nearest && nearest.distance < unicastTtl ? nearest : undefined;
    },
    isReachable: (from, to) => from.machine === to.machine || distanceBetween(from, to) < unicastTtl,
    within: (from, ttl) => {
      if (!from.subnet || ttl < 1) return [];
      const found: Interface[] = [];
      // Each router on the way takes one from the time to live, and drops what has none left.
      for (const [reached, distance] of distancesFrom(from.subnet)) {
        if (distance < ttl) found.push(...subnet(reached.name).interfaces);
      }
      return found;
    },
  };
}
