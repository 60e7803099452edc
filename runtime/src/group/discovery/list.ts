/** Finds members at places that are known beforehand. */
import type { Platform, SocketAddress } from '../../platform/platform.js';
import { parsePlace } from '../address.js';
import type { LayerSpec } from '../layer.js';
import { type AddressSource, discovery } from './discovery.js';

/**
 * Asks at each of these places.
 *
 * @param places `HOST:PORT`; names are looked up anew for each search
 * @throws TypeError when one is none
 */
export function listDiscovery(places: readonly string[]): LayerSpec {
  const parsed = places.map(parsePlace);
  return discovery('list-discovery', platform => resolvePlaces(platform, parsed));
}

/**
 * Asks at places that are read anew for each search, one a line; empty lines and those that begin with `#` say nothing.
 *
 * @param read gives the text, of a file for instance
 */
export function textDiscovery(read: () => Promise<string>): LayerSpec {
  const source: AddressSource = async platform => {
    const lines = (await read()).split('\n').map(line => line.trim());
    const places = lines.filter(line => line !== '' && !line.startsWith('#'));
    return resolvePlaces(platform, places.map(parsePlace));
  };
  return discovery('text-discovery', source);
}

/** All IP addresses of hosts that may be named. Rejects when a name is not known. */
export async function resolvePlaces(
  { names }: Pick<Platform, 'names'>,
  places: readonly SocketAddress[],
): Promise<SocketAddress[]> {
  const found = await Promise.all(
    places.map(async ({ host, port }) => (await names.lookup(host)).map(each => ({ host: each, port }))),
  );
  return found.flat();
}
