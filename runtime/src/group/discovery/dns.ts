/** Finds members by the domain name system. */
import type { Platform, SocketAddress } from '../../platform/platform.js';
import type { LayerSpec } from '../layer.js';
import { type AddressSource, discovery } from './discovery.js';
import { resolvePlaces, unknownName } from './list.js';

/**
 * Asks at all addresses that a name has: of its SRV records, which name the ports too, or where `port` is given of its A
 * and AAAA records. Looked up anew for each search.
 */
export function dnsDiscovery(name: string, port?: number): LayerSpec {
  const source: AddressSource = async platform => {
    try {
      return port === undefined
        ? await byService(platform, name)
        : await resolvePlaces(platform, [{ host: name, port }]);
    } catch (error) {
      // Before the first member is there, nothing is wrong with that.
      if (unknownName.has((error as { code?: string }).code ?? '')) return [];
      throw error;
    }
  };
  return discovery('dns-discovery', source);
}

async function byService(platform: Platform, name: string): Promise<SocketAddress[]> {
  const records = await platform.names.services(name);
  return resolvePlaces(platform, records);
}
