import { nodeClock } from './node-clock.js';
import { nodeDatagrams } from './node-datagrams.js';
import { nodeNames } from './node-names.js';
import { nodeRandom } from './node-random.js';
import { nodeStreams } from './node-streams.js';
import { nodeWebSockets } from './node-websockets.js';
import type { Platform } from './platform.js';

/** The real world: Node's clock, its cryptographic randomness, and the system's sockets. */
export const nodePlatform: Platform = {
  clock: nodeClock,
  random: nodeRandom,
  datagrams: nodeDatagrams,
  streams: nodeStreams,
  names: nodeNames,
  webSockets: nodeWebSockets,
};
