import type { SocketAddress } from '../platform/platform.js';
import { systemError } from './errors.js';
import type { NameTable } from './names.js';
import type { Translator } from './nat.js';
import type { Network } from './network.js';
import { isAddress, isLoopback } from './ports.js';
import type { Scheduler } from './scheduler.js';
import type { Interface, Machine, Topology } from './topology.js';

/** What datagrams and streams stand on. */
export interface Internet {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly topology: Topology;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly translators: readonly Translator[];
  readonly names: NameTable;
}

/** The IP address of a name, as a machine sees it. @throws a system error with `code` ENOTFOUND */
export function resolveName(internet: Internet, host: string): string {
  return lookUpName(internet, host)[0]!;
}

/** The IP addresses of a name: those that the world was told, or the first of the host of that name. */
export function lookUpName({ names, machines }: Internet, host: string): readonly string[] {
  if (host === 'localhost') return ['127.0.0.1'];
  if (isAddress(host)) return [host];
  const own = machines.get(host)?.interfaces.slice(0, 1) ?? [];
  const addresses = names.hosts.get(host) ?? own.map(({ address }) => address);
  if (addresses.length > 0) return addresses;
  throw systemError('getaddrinfo', 'ENOTFOUND', `${host}: the world has no host of this name`);
}

/** A port at one of a machine's interfaces. */
export interface Place {
  readonly at: Interface;
  readonly port: number;
}

/** The translator that stands between two machines, as the first is behind it and the other is not. */
export function translatorBetween(
  internet: Internet,
  inside: Machine,
  outside: Machine | undefined,
): Translator | undefined {
  return internet.translators.find(
    ({ machines }) => machines.has(inside) && !(outside && machines.has(outside)),
  );
}

/** What is found behind an address: nothing, a port, or several where a translator hands on to all behind it. */
export function placesOf(
  internet: Internet,
  { host, port }: SocketAddress,
  from?: Machine,
): readonly Place[] {
  const translator = internet.translators.find(({ address }) => address === host);
  if (translator) {
    return translator.inward(port).map(inside => ({ at: inside.machine.interfaces[0]!, port: inside.port }));
  }
  const at = from && isLoopback(host) ? from.loopback : internet.topology.interfaceAt(host);
  // The addresses behind a translator mean nothing outside.
  return at && !translatorBetween(internet, at.machine, from) ? [{ at, port }] : [];
}

/** Under which address the other machine sees what a machine sends from a port. */
export function seenAs(internet: Internet, from: Interface, port: number, to: Machine): SocketAddress {
  const translator = translatorBetween(internet, from.machine, to);
  return translator ? translator.outward({ machine: from.machine, port }) : { host: from.address, port };
}
