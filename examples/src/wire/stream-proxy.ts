/** A TCP proxy that stands between clients and a server, and cuts their connections. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Direction, localhost } from './datagram-relay.js';
import type { Chance } from './random.js';

export interface StreamFaults {
  /** A connection is cut once so many bytes have passed, both directions together. */
  readonly life: readonly [least: number, most: number];
}

/** How many of the bytes may still pass before the connection is cut; `undefined`: it lives on. */
export type Cutter = (chunk: Buffer, direction: Direction) => number | undefined;

export interface StreamTraffic {
  connections: number;
  cut: number;
  bytes: number;
}

export interface StreamProxy {
  /** Clients connect here. */
  readonly port: number;
  readonly traffic: StreamTraffic;
  close(): void;
}

/** Cuts after a random number of bytes, wherever in a message that may be. Made anew for each connection. */
export function randomCuts({ life }: StreamFaults, chance: Chance): () => Cutter {
  return () => {
    let left = Math.round(chance.between(...life));
    return chunk => {
      left -= chunk.length;
      return left > 0 ? undefined : chunk.length + left;
    };
  };
}

/** Relays between its own port, to which clients connect, and the server's. */
export async function proxyStreams(serverPort: number, createCutter: () => Cutter): Promise<StreamProxy> {
  const traffic: StreamTraffic = { connections: 0, cut: 0, bytes: 0 };
  const open = new Set<Socket>();
  const options = { noDelay: true };

  const front = createServer(options, client => {
    const server = connect({ port: serverPort, host: localhost, ...options });
    const cutter = createCutter();
    traffic.connections++;
    const both = [client, server];
    let alive = true;

    const relay = (from: Socket, to: Socket, direction: Direction): void => {
      open.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        open.delete(from);
        alive = false;
        to.end();
      });
      from.on('data', chunk => {
        if (!alive) return;
        const allowed = cutter(chunk, direction);
        const passing = allowed === undefined ? chunk : chunk.subarray(0, allowed);
        traffic.bytes += passing.length;
        if (allowed === undefined) {
          to.write(passing);
          return;
        }
        traffic.cut++;
        alive = false;
        // What the cutter lets pass is sent; then both ends are reset, as by a router that lost its state.
        to.write(passing, () => {
          for (const socket of both) socket.resetAndDestroy();
        });
      });
    };
    relay(client, server, 'to server');
    relay(server, client, 'to client');
  });
  front.listen(0, localhost);
  await once(front, 'listening');

  return {
    port: (front.address() as AddressInfo).port,
    traffic,
    close() {
      front.close();
      for (const socket of open) socket.destroy();
    },
  };
}
