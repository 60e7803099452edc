/** A UDP relay that stands between clients and a server, and does to their packets what a bad network does. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Chance } from './random.js';

export const localhost = '127.0.0.1';

export type Direction = 'to server' | 'to client';

/** After how many milliseconds each copy of a packet goes on; none: the packet is lost. */
export type Copies = readonly number[];

/** Decides what becomes of a packet. */
export type Judge = (packet: Buffer, direction: Direction) => Copies;

export interface DatagramFaults {
  /** How many of all packets are lost, doubled, and held back until later ones have overtaken them: 0 to 1 each. */
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  /** Milliseconds that a packet is on its way. */
  readonly delay: readonly [least: number, most: number];
}

export interface DatagramTraffic {
  /** Packets that either side sent. */
  packets: number;
  lost: number;
  duplicated: number;
  /** Arrived after a packet that was sent later (RFC 4737, §3). */
  reordered: number;
}

export interface DatagramRelay {
  /** Clients send here. */
  readonly port: number;
  readonly traffic: DatagramTraffic;
  close(): void;
}

/** Faults at random. */
export function randomFaults(faults: DatagramFaults, chance: Chance): Judge {
  const [least, most] = faults.delay;
  const delay = () => chance.between(least, most) + (chance.happens(faults.reorder) ? 2 * most : 0);
  return () => {
    if (chance.happens(faults.loss)) return [];
    return chance.happens(faults.duplicate) ? [delay(), delay()] : [delay()];
  };
}

/** Relays between its own port, to which clients send, and the server's. Each client has a way of its own. */
export async function relayDatagrams(serverPort: number, judge: Judge): Promise<DatagramRelay> {
  const traffic: DatagramTraffic = { packets: 0, lost: 0, duplicated: 0, reordered: 0 };
  const front = createSocket('udp4');
  /** Each stands for a client before the server. */
  const backs: Socket[] = [];
  const timers = new Set<NodeJS.Timeout>();

  const after = (milliseconds: number, send: () => void): void => {
    if (milliseconds <= 0) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      send();
    }, milliseconds);
    timers.add(timer);
  };

  const createPath = (direction: Direction, socket: Socket, port: number) => {
    let sent = 0;
    let latest = 0;
    return (packet: Buffer): void => {
      const number = ++sent;
      const copies = judge(packet, direction);
      traffic.packets++;
      if (copies.length === 0) traffic.lost++;
      if (copies.length > 1) traffic.duplicated++;
      for (const [index, delay] of copies.entries()) {
        after(delay, () => {
          if (index === 0 && number < latest) traffic.reordered++;
          latest = Math.max(latest, number);
          socket.send(packet, port, localhost);
        });
      }
    };
  };

  const createBack = (client: RemoteInfo): ((packet: Buffer) => void) => {
    const back = createSocket('udp4');
    backs.push(back);
    // A server that is away is told by ICMP; for the wire that is one more lost packet.
    back.on('error', () => {});
    back.on('message', createPath('to client', front, client.port));
    return createPath('to server', back, serverPort);
  };

  /** The way to the server, by the client's port. */
  const paths = new Map<number, (packet: Buffer) => void>();
  front.on('error', () => {});
  front.on('message', (packet, client) => {
    const path = paths.get(client.port) ?? createBack(client);
    paths.set(client.port, path);
    path(packet);
  });
  front.bind(0, localhost);
  await once(front, 'listening');

  return {
    port: front.address().port,
    traffic,
    close() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of [front, ...backs]) socket.close();
    },
  };
}
