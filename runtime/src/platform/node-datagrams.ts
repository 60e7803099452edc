import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { DatagramOptions, DatagramSocket, DatagramSockets, SocketAddress } from './platform.js';

/** What is asked for; Linux gives less in silence, other systems refuse, and then less is asked for. */
const wantedBufferSize = 4 * 1024 * 1024;
const leastBufferSize = 64 * 1024;

/** Addresses are resolved before they come here; Node's own `lookup` would be asked again for every datagram. */
const identity = (
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void => callback(null, host, 0);

function enlarge(set: (size: number) => void): void {
  for (let size = wantedBufferSize; size >= leastBufferSize; size /= 2) {
    try {
      set(size);
      return;
    } catch {
      // The system's limit is lower; its default is used when nothing is granted.
    }
  }
}

function bind(socket: Socket, options: DatagramOptions, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    socket.bind({ address: host, port: options.port ?? 0, exclusive: !options.reuseAddress }, () => {
      socket.off('error', fail);
      resolve();
    });
  });
}

async function open(options: DatagramOptions): Promise<DatagramSocket> {
  const host = options.host ?? '0.0.0.0';
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    reuseAddr: options.reuseAddress ?? false,
    lookup: identity,
  });
  await bind(socket, options, host);
  enlarge(size => socket.setRecvBufferSize(size));
  enlarge(size => socket.setSendBufferSize(size));
  socket.on('message', (message, from) =>
    options.onMessage(message, { host: from.address, port: from.port }),
  );
  socket.on('error', error => options.onError?.(error));
  return wrap(socket);
}

function wrap(socket: Socket): DatagramSocket {
  const bound = socket.address();
  let closed = false;

  const send = (message: Uint8Array, to: SocketAddress, sent?: (error: Error | null) => void): void => {
    if (closed) return;
    const done = (error: Error | null): void => {
      if (!closed) sent?.(error);
    };
    try {
      socket.send(message, to.port, to.host, done);
    } catch (error) {
      // Node throws on a port 0, which a forged source may have.
      process.nextTick(done, error);
    }
  };

  return {
    address: { host: bound.address, port: bound.port },
    send,
    get unsent() {
      return closed ? 0 : socket.getSendQueueSize();
    },
    joinGroup: (group, interfaceAddress) => socket.addMembership(group, interfaceAddress),
    leaveGroup: (group, interfaceAddress) => socket.dropMembership(group, interfaceAddress),
    setMulticastTtl: ttl => void socket.setMulticastTTL(ttl),
    setMulticastInterface: interfaceAddress => socket.setMulticastInterface(interfaceAddress),
    setMulticastLoopback: on => void socket.setMulticastLoopback(on),
    close: () => {
      if (closed) return;
      closed = true;
      socket.removeAllListeners('message');
      socket.close();
    },
  };
}

async function resolve(host: string): Promise<string> {
  if (isIP(host)) return host;
  return (await lookup(host, { order: 'ipv4first' })).address;
}

/** The BSDs, macOS among them, send 9216 bytes (`net.inet.udp.maxdgram`) where nobody has told them otherwise. */
const longest = ['linux', 'win32', 'android', 'sunos'].includes(process.platform) ? 65_507 : 9216;

export const nodeDatagrams: DatagramSockets = { open, resolve, longest };
