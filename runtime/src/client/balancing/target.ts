/** Where `connect` is to find servers: at an address, at all addresses of a name, or where SRV records say. */
import type { NameService } from '../../platform/platform.js';
import { type Address, parseAddress } from '../../transport/address.js';

/** The transports whose servers are found by names. Secured ones hold the name against the certificate, and need it whole. */
type NamedScheme = 'udp' | 'tcp';

export type Target =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'host'; readonly scheme: NamedScheme; readonly host: string; readonly port: number }
  | { readonly kind: 'service'; readonly scheme: NamedScheme; readonly name: string };

/** One server of a channel, as a target gave it. */
export interface ServerAddress {
  readonly address: Address;
  /** Servers of a higher number are called only while none of a lower number can be. */
  readonly priority: number;
  /** The share of a server among those of its priority. */
  readonly weight: number;
  /** Whether it is for the client to choose the order among servers of one priority, by their weights. */
  readonly anyOrder: boolean;
}

const serviceName = /^srv\+(udp|tcp):\/\/([^:/?#[\]]+)\/?$/;
const ipAddress = /^[\d.]+$|:/;

/** @throws TypeError when `text` is not an address */
export function parseTarget(text: string): Target {
  const service = serviceName.exec(text);
  if (service !== null) return { kind: 'service', scheme: service[1] as NamedScheme, name: service[2]! };
  const address = parseAddress(text);
  if (address.scheme !== 'udp' && address.scheme !== 'tcp') return { kind: 'address', address };
  const { scheme, host, port } = address;
  return ipAddress.test(host) ? { kind: 'address', address } : { kind: 'host', scheme, host, port };
}

/** Rejects with the system's error where a name is not known. */
export async function resolveTarget(target: Target, names: NameService): Promise<readonly ServerAddress[]> {
  if (target.kind === 'address')
    return [{ address: target.address, priority: 0, weight: 1, anyOrder: false }];
  const { scheme } = target;
  if (target.kind === 'host') {
    const hosts = await names.lookup(target.host);
    return hosts.map(host => ({
      address: { scheme, host, port: target.port },
      priority: 0,
      weight: 1,
      anyOrder: false,
    }));
  }
  const records = (await names.services(target.name)).filter(({ host }) => !isRoot(host));
  if (records.length === 0) throw new Error(`the domain of ${target.name} does not offer this service`);
  const found = await Promise.all(
    records.map(async ({ host, port, priority, weight }) => {
      const hosts = await names.lookup(host);
      return hosts.map(each => ({
        address: { scheme, host: each, port },
        priority,
        weight: weight / hosts.length,
        anyOrder: true,
      }));
    }),
  );
  return found.flat();
}

/** RFC 2782: a target of "." says that there is no such service. */
function isRoot(host: string): boolean {
  return host === '' || host === '.';
}
