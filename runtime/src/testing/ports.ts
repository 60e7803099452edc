import type { SocketAddress } from '../platform/platform.js';
import { systemError } from './errors.js';
import { getOrAdd } from './get-or-add.js';
import type { Interface, Machine } from './topology.js';

/** Where a socket is bound: to one interface, to a multicast group, or to all. */
export interface Binding {
  readonly interface?: Interface;
  readonly group?: string;
  readonly port: number;
  readonly isShared?: boolean;
}

const firstEphemeralPort = 49_152;
const ephemeralPorts = 65_536 - firstEphemeralPort;

export const anyAddress = '0.0.0.0';

const addressPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

export const isAddress = (host: string): boolean =>
  addressPattern
    .exec(host)
    ?.slice(1)
    .every(part => Number(part) <= 255) ?? false;

export const isLoopback = (host: string): boolean => host.startsWith('127.') && isAddress(host);

export const isMulticast = (host: string): boolean => {
  const [, first] = addressPattern.exec(host) ?? [];
  return first !== undefined && Number(first) >= 224 && Number(first) <= 239;
};

export const isValidPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;

/** The machine's interface with this address. @throws a system error with `code` when there is none */
export function ownInterface(machine: Machine, address: string, call: string): Interface {
  const found = isLoopback(address)
    ? machine.loopback
    : machine.interfaces.find(each => each.address === address);
  if (!found) throw systemError(call, 'EADDRNOTAVAIL', `${address}: not an address of host ${machine.name}`);
  return found;
}

export function addressOf({ interface: bound, group, port }: Binding): SocketAddress {
  return { host: bound?.address ?? group ?? anyAddress, port };
}

const isAmbiguous = (one: Binding, other: Binding): boolean => {
  if (one.port !== other.port || (one.isShared && other.isShared)) return false;
  if (one.group !== undefined && other.group !== undefined) return one.group === other.group;
  if (one.interface && other.interface) return one.interface === other.interface;
  return true;
};

/** The ports of one protocol on each machine: who is bound to what. */
export interface PortTable<Socket extends { readonly binding: Binding }> {
  /** @throws a system error with `code`: EADDRINUSE, EADDRNOTAVAIL */
  bind(machine: Machine, host: string, port: number, isShared: boolean): Binding;
  /** A port that nothing is bound to. */
  freePort(machine: Machine): number;
  add(machine: Machine, socket: Socket): void;
  remove(machine: Machine, socket: Socket): void;
  /** In the order of their binding. */
  of(machine: Machine): readonly Socket[];
  clear(machine: Machine): void;
}

export function createPortTable<Socket extends { readonly binding: Binding }>(): PortTable<Socket> {
  const bound = new Map<Machine, Socket[]>();
  const used = new Map<Machine, number>();

  const of = (machine: Machine): Socket[] => getOrAdd(bound, machine, () => []);

  const freePort = (machine: Machine): number => {
    const taken = new Set(of(machine).map(({ binding }) => binding.port));
    for (let tries = 0; tries < ephemeralPorts; tries++) {
      const turn = used.get(machine) ?? 0;
      used.set(machine, (turn + 1) % ephemeralPorts);
      if (!taken.has(firstEphemeralPort + turn)) return firstEphemeralPort + turn;
    }
    throw systemError('bind', 'EADDRINUSE', `host ${machine.name} has no free port left`);
  };

  return {
    bind: (machine, host, wanted, isShared) => {
      const port = wanted === 0 ? freePort(machine) : wanted;
      let binding: Binding = { port, isShared };
      if (isMulticast(host)) binding = { ...binding, group: host };
      else if (host !== anyAddress) binding = { ...binding, interface: ownInterface(machine, host, 'bind') };
      if (of(machine).some(other => isAmbiguous(binding, other.binding))) {
        throw systemError('bind', 'EADDRINUSE', `address already in use ${host}:${port}`);
      }
      return binding;
    },
    freePort,
    add: (machine, socket) => void of(machine).push(socket),
    remove: (machine, socket) =>
      void bound.set(
        machine,
        of(machine).filter(each => each !== socket),
      ),
    of,
    clear: machine => void bound.delete(machine),
  };
}
