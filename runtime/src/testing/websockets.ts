import type { StreamSockets, WebSockets } from '../platform/platform.js';

/**
 * WebSockets of a simulated host: TCP connections without the HTTP in front of them. What can go wrong on the way is the
 * same; paths and origins do not exist here.
 */
export function createWebSockets(streams: StreamSockets): WebSockets {
  return {
    connect: ({ host, port, tls }) => streams.connect({ host, port }, tls && { tls }),
    listen: (address, { tls, onConnection }) =>
      streams.listen({ ...address, ...(tls && { tls }), onConnection }),
    attach: async () => {
      throw new TypeError('a simulated host has no HTTP server; let it listen at a ws: address instead');
    },
  };
}
