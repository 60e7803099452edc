/** Finds members by asking everyone whom the transport reaches. */
import type { LayerSpec } from '../layer.js';
import { discovery } from './discovery.js';

/** The default: by multicast, or where members are at known places, at all of these. */
export function multicastDiscovery(): LayerSpec {
  return discovery('discovery');
}
