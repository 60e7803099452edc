import type { ServiceRecord } from '../platform/platform.js';
import { isAddress } from './ports.js';

/** What the world was told of names. */
export interface NameTable {
  readonly hosts: Map<string, readonly string[]>;
  readonly services: Map<string, readonly ServiceRecord[]>;
}

/** The domain names of a world. A change holds for whoever asks from now on. */
export interface Names {
  /** The name's A records: IP addresses, or names of hosts, whose first addresses count. With none it is not known. */
  set(name: string, addresses: readonly string[]): void;
  /** The name's SRV records; with none it is not known. */
  setServices(name: string, records: readonly ServiceRecord[]): void;
}

export function createNameTable(): NameTable {
  return { hosts: new Map(), services: new Map() };
}

/** @param addressOf the first address of the host of that name */
export function createNames(table: NameTable, addressOf: (host: string) => string | undefined): Names {
  const addressAt = (place: string): string => {
    const address = isAddress(place) ? place : addressOf(place);
    if (address === undefined)
      throw new RangeError(`'${place}' is neither an IP address nor a host of this world`);
    return address;
  };
  return {
    set: (name, addresses) => void table.hosts.set(name, addresses.map(addressAt)),
    setServices: (name, records) => void table.services.set(name, records),
  };
}
