import type { SocketAddress } from '../platform/platform.js';
import type { Machine } from './topology.js';

/** A translator of addresses: the hosts behind it appear outside under its own address. */
export interface Nat {
  /** The IP address that all of them have outside. */
  readonly address: string;
  /** Forgets all mappings: the hosts' next datagrams come from other ports, and old answers reach nobody. */
  rebind(): void;
}

/** How a translator gives out its ports. */
export interface NatOptions {
  /**
   * `shared`, the default: all have one port, as behind a relay; what comes back is handed to each socket that has
   * sent from there, and is its receivers' to tell apart. `own`: each socket has a port of its own outside.
   */
  readonly ports?: 'shared' | 'own';
}

/** A socket behind the translator. */
export interface Inside {
  readonly machine: Machine;
  readonly port: number;
}

export interface Translator extends Nat {
  readonly machines: ReadonlySet<Machine>;
  /** Under which address what a socket sends appears outside. */
  outward(inside: Inside): SocketAddress;
  /** Under which address a stream that is connected from inside appears: always one of its own. */
  outwardStream(): SocketAddress;
  /** Whom a datagram that comes to one of its ports is for. */
  inward(port: number): readonly Inside[];
}

const firstPort = 20_000;

export function createTranslator(
  address: string,
  machines: ReadonlySet<Machine>,
  { ports = 'shared' }: NatOptions = {},
): Translator {
  let nextPort = firstPort;
  let sharedPort = nextPort++;
  const insides = new Map<number, Inside[]>();

  const portOf = (inside: Inside): number => {
    for (const [port, known] of insides) {
      if (known.some(each => each.machine === inside.machine && each.port === inside.port)) return port;
    }
    const port = ports === 'shared' ? sharedPort : nextPort++;
    insides.set(port, [...(insides.get(port) ?? []), inside]);
    return port;
  };

  return {
    address,
    machines,
    outward: inside => ({ host: address, port: portOf(inside) }),
    outwardStream: () => ({ host: address, port: nextPort++ }),
    inward: port => insides.get(port) ?? [],
    rebind: () => {
      insides.clear();
      sharedPort = nextPort++;
    },
  };
}
