/** Convoke, as the benchmark here runs it and as others can: `contestant.mjs?transport=udp`. */
import { implement, connect as openChannel, serve } from '@convoke/runtime';
import { Bench } from './dist/bench/index.js';

const echoService = { echo: sample => sample, bytes: data => data };

/** Convoke over a transport: `tcp`, which is the default, or `udp`. All other settings are the runtime's own. */
export function configure({ transport = 'tcp' } = {}) {
  if (transport !== 'tcp' && transport !== 'udp') {
    throw new TypeError(`transport '${transport}' is not known; take tcp or udp`);
  }
  return {
    meta: {
      name: `convoke-${transport}`,
      note: `Convoke over ${transport.toUpperCase()}, at-most-once, reply history and duplicate filter on`,
      workloads: ['w1', 'w2', 'w3', 'w4', 'w6'],
    },
    toNative,
    toPlain,
    async startServer() {
      const server = await serve({
        listen: `${transport}://127.0.0.1:0`,
        services: [implement(Bench, echoService)],
      });
      return { address: server.addresses[0], close: () => server.close(), stats: () => server.stats() };
    },
    async connect(address) {
      const channel = await openChannel(address);
      const { echo, bytes } = channel.client(Bench);
      return { echo, bytes, close: () => channel.close(), stats: () => channel.stats() };
    },
  };
}

/** The struct as the generated code has it: 64-bit integers are bigints. */
export function toNative(plain) {
  return { ...plain, id: BigInt(plain.id) };
}

export function toPlain(native) {
  return { ...native, id: Number(native.id) };
}

export const { meta, startServer, connect } = configure();
