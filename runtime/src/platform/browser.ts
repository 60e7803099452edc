import { browserClock } from './browser-clock.js';
import { browserWebSockets } from './browser-websockets.js';
import type { Platform, Random } from './platform.js';

const random: Random = {
  bytes: length => crypto.getRandomValues(new Uint8Array(length)),
  next: Math.random,
};

const unavailable = (): Promise<never> =>
  Promise.reject(new Error('a page reaches a server by ws: and wss: addresses alone'));

/** A web page: its clock, its cryptographic randomness, and WebSockets as the only way out. */
export const browserPlatform: Platform = {
  clock: browserClock,
  random,
  datagrams: { open: unavailable, resolve: unavailable },
  streams: { listen: unavailable, connect: unavailable },
  names: { lookup: unavailable, services: unavailable },
  webSockets: browserWebSockets,
};
