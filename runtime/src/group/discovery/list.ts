/** Finds members at places that are known beforehand. */
import type { Platform, SocketAddress } from '../../platform/platform.js';
import { parsePlace } from '../address.js';
import type { LayerSpec } from '../layer.js';
import { type AddressSource, discovery } from './discovery.js';

/**
 * Asks at each of these places.
 *
 * @param places `HOST:PORT`, or as an address of a group has them; names are looked up anew for each search
 * @throws TypeError when one is none
 */
export function listDiscovery(places: readonly (string | SocketAddress)[]): LayerSpec {
  const parsed = places.map(place => (typeof place === 'string' ? parsePlace(place) : place));
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

/** What the system says of a name that nobody knows, or that has no address. */
export const unknownName: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * All IP addresses of hosts that may be named. Names that are not known are left out, as long as another is: those of
 * members that were never there yet, for instance.
 */
export async function resolvePlaces(
  { names }: Pick<Platform, 'names'>,
  places: readonly SocketAddress[],
): Promise<SocketAddress[]> {
  let unknown: unknown;
  const found = await Promise.all(
    places.map(async ({ host, port }) => {
      try {
        return (await names.lookup(host)).map(each => ({ host: each, port }));
      } catch (error) {
        if (!unknownName.has((error as { code?: string }).code ?? '')) throw error;
        unknown = error;
        return [];
      }
    }),
  );
  const all = found.flat();
  if (all.length === 0 && unknown !== undefined) throw unknown;
  return all;
}
