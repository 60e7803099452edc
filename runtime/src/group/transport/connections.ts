/** The connections of one member: made on demand to where packets go, and again when they break. */
import type { SocketAddress, StreamSocket } from '../../platform/platform.js';
import type { LayerContext } from '../layer.js';
import type { MemberId } from '../member.js';
import { type Connection, type ConnectionHandlers, createConnection } from './connection.js';
import { writeHello } from './hello.js';

/** Milliseconds to the second attempt to connect; doubled with each that fails, up to the longest. */
const firstPause = 50;
const longestPause = 5000;

/** Packets that wait for a connection. Those of a second are enough: reliable layers send them again. */
const mostWaiting = 1024 * 1024;

/** Connections that others have made who are in no view. */
const mostStrangers = 256;

/** Milliseconds after which a connection to who is in no view ends when it was not used. */
const kept = 60_000;

/** Milliseconds for which a member that stops still sends what waits: a peer may not read it. */
const lingering = 2000;

export interface Connections {
  /** @param packet with its length before it */
  send(packet: Buffer, to: SocketAddress): void;
  /** Takes one that somebody else has made. */
  accept(socket: StreamSocket): void;
  /** Closes those that are not to members of the view, and not in use. */
  retain(view: readonly SocketAddress[]): void;
  close(): void;
}

/** Where packets go, and what it takes to get them there. */
interface Peer {
  readonly at: SocketAddress;
  usedAt: number;
  connection: Connection | undefined;
  connecting: boolean;
  /** When to connect again at the earliest. */
  notBefore: number;
  pause: number;
  waiting: Buffer[];
  waitingBytes: number;
}

/**
 * @param trusted whether packets prove who sent them; otherwise a member's connections must come from the address at which
 *   it listens
 * @param onPacket with the address of its sender, which is where that one listens, and who it is
 */
export function createConnections(
  context: LayerContext,
  groupKey: number,
  trusted: boolean,
  onPacket: (packet: Buffer, from: SocketAddress, by: MemberId) => void,
): Connections {
  const { platform, clock } = context;
  const peers = new Map<string, Peer>();
  /** All, also the second of two that both ends have made at one time. */
  const open = new Map<Connection, StreamSocket>();
  let view: ReadonlySet<string> = new Set();
  let closed = false;

  const keyOf = ({ host, port }: SocketAddress): string => `${host} ${port}`;

  const peerAt = (at: SocketAddress): Peer => {
    const key = keyOf(at);
    let peer = peers.get(key);
    if (peer === undefined) {
      peer = {
        at,
        usedAt: clock.now(),
        connection: undefined,
        connecting: false,
        notBefore: 0,
        pause: firstPause,
        waiting: [],
        waitingBytes: 0,
      };
      peers.set(key, peer);
    }
    return peer;
  };

  const handlers: ConnectionHandlers = {
    groupKey,
    onHello: (connection, { id, at }) => {
      if (id === context.self.id) return false;
      // What goes to an address is not handed to whoever says that it is his.
      if (at.host !== open.get(connection)!.remote.host) return true;
      const peer = peerAt(at);
      // Of two connections the first one is used; the other end may use the second.
      peer.connection ??= connection;
      send(peer);
      return true;
    },
    onPacket: (connection, packet) => {
      const { at, id } = connection.peer!;
      onPacket(packet, trusted ? at : { host: open.get(connection)!.remote.host, port: at.port }, id);
    },
    onOverflow: () => context.count('overflow'),
    onMalformed: () => context.count('malformed'),
    onClose: connection => {
      open.delete(connection);
      for (const [key, peer] of peers) {
        if (peer.connection !== connection) continue;
        peer.connection = undefined;
        if (!peer.connecting) peers.delete(key);
      }
    },
  };

  const begin = (socket: StreamSocket): Connection => {
    const connection = createConnection(socket, writeHello(groupKey, context.self), handlers);
    open.set(connection, socket);
    return connection;
  };

  const drop = (peer: Peer): void => {
    for (const _ of peer.waiting) context.count('unreachable');
    peer.waiting = [];
    peer.waitingBytes = 0;
  };

  const send = (peer: Peer): void => {
    const { waiting, connection } = peer;
    if (connection === undefined) return;
    peer.waiting = [];
    peer.waitingBytes = 0;
    for (const packet of waiting) connection.send(packet);
  };

  const connect = (peer: Peer): void => {
    peer.connecting = true;
    platform.streams.connect(peer.at).then(
      socket => {
        peer.connecting = false;
        if (closed || peers.get(keyOf(peer.at)) !== peer) {
          socket.destroy();
          return;
        }
        peer.pause = firstPause;
        const connection = begin(socket);
        peer.connection ??= connection;
        send(peer);
      },
      () => {
        peer.connecting = false;
        peer.notBefore = clock.now() + peer.pause;
        peer.pause = Math.min(2 * peer.pause, longestPause);
        drop(peer);
      },
    );
  };

  return {
    send: (packet, to) => {
      const peer = peerAt(to);
      peer.usedAt = clock.now();
      if (peer.connection !== undefined) peer.connection.send(packet);
      else if (!peer.connecting && clock.now() < peer.notBefore) context.count('unreachable');
      else if (peer.waitingBytes + packet.length > mostWaiting) context.count('overflow');
      else {
        peer.waiting.push(packet);
        peer.waitingBytes += packet.length;
        if (!peer.connecting) connect(peer);
      }
    },
    accept: socket => {
      const isStranger = ({ peer }: Connection): boolean => peer === undefined || !view.has(keyOf(peer.at));
      if (closed || [...open.keys()].filter(isStranger).length >= mostStrangers) {
        context.count('flood');
        socket.destroy();
      } else begin(socket);
    },
    retain: members => {
      view = new Set(members.map(keyOf));
      const since = clock.now() - kept;
      for (const [key, peer] of peers) {
        if (view.has(key) || peer.connecting || peer.usedAt > since) continue;
        peers.delete(key);
        peer.connection?.close();
      }
    },
    close: () => {
      closed = true;
      peers.clear();
      for (const connection of open.keys()) connection.close();
      platform.clock
        .setTimer(lingering, () => {
          for (const connection of open.keys()) connection.destroy();
        })
        .unref();
    },
  };
}
