/** Packets on one connection: each with its length before it, after the hello of either end. */
import type { StreamSocket } from '../../platform/platform.js';
import { createFrameCutter } from '../../transport/frame-cutter.js';
import { lengthBytes } from '../../transport/transport.js';
import { type Hello, readHello } from './hello.js';
import { longestPacket } from './layout.js';

/** Bytes that wait for a peer that does not read, beyond which packets are dropped; reliable layers send them again. */
const mostWaiting = 4 * 1024 * 1024;

export interface ConnectionHandlers {
  readonly groupKey: number;
  /** The peer said who it is. False: it is not wanted. */
  onHello(connection: Connection, hello: Hello): boolean;
  onPacket(connection: Connection, packet: Buffer): void;
  /** Dropped, as the peer does not read. */
  onOverflow(): void;
  /** What came is no packet or no hello. */
  onMalformed(): void;
  /** It is of no use any more. */
  onClose(connection: Connection): void;
}

export interface Connection {
  /** Undefined before its hello. */
  readonly peer: Hello | undefined;
  /** A packet with its length before it, that nobody changes any more. */
  send(framed: Buffer): void;
  /** Sends what waits, and ends. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
}

/** A packet as it goes onto connections, in memory of its own. */
export function framed(packet: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes + packet.length);
  bytes.writeUInt32BE(packet.length, 0);
  packet.copy(bytes, lengthBytes);
  return bytes;
}

/** @param hello what this end says first */
export function createConnection(
  socket: StreamSocket,
  hello: Buffer,
  { groupKey, onHello, onPacket, onOverflow, onMalformed, onClose }: ConnectionHandlers,
): Connection {
  let peer: Hello | undefined;
  let open = true;
  let isGone = false;
  let full = false;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;

  const gone = (): void => {
    if (isGone) return;
    isGone = true;
    open = false;
    waiting = [];
    onClose(connection);
  };
  const destroy = (): void => {
    socket.destroy();
    gone();
  };
  const refuse = (): void => {
    onMalformed();
    destroy();
  };

  const take = (packet: Buffer): void => {
    if (peer !== undefined) onPacket(connection, packet);
    else {
      peer = readHello(packet, groupKey);
      if (peer === undefined) refuse();
      else if (!onHello(connection, peer)) destroy();
    }
  };
  const cut = createFrameCutter(longestPacket + lengthBytes, (bytes, start, end) => {
    for (let at = start; at < end && open; ) {
      const from = at + lengthBytes;
      at = from + bytes.readUInt32BE(at);
      take(bytes.subarray(from, at));
    }
  });

  const send = (bytes: Buffer): void => {
    if (!open) return;
    if (!full) {
      full = !socket.write(bytes);
    } else if (waitingBytes + bytes.length > mostWaiting) {
      onOverflow();
    } else {
      waiting.push(bytes);
      waitingBytes += bytes.length;
    }
  };

  socket.onData = chunk => {
    try {
      cut(chunk);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refuse();
    }
  };
  socket.onDrain = () => {
    const first = waiting;
    full = false;
    waiting = [];
    waitingBytes = 0;
    first.forEach(send);
  };
  socket.onClose = gone;

  const connection: Connection = {
    get peer() {
      return peer;
    },
    send,
    close: () => {
      if (!open) return;
      for (const bytes of waiting) socket.write(bytes);
      open = false;
      waiting = [];
      socket.end();
    },
    destroy,
  };
  socket.write(framed(hello));
  return connection;
}
