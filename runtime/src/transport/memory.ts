/** Frames within one process: the whole stack runs, but for the system's sockets. */
import type {
  Clock,
  SocketAddress,
  StreamListener,
  StreamListenOptions,
  StreamSocket,
} from '../platform/platform.js';
import { dialStream, listenStream, type StreamOptions } from './stream.js';
import type { Link, Listener } from './transport.js';

/** Rejects with code `ECONNREFUSED` when nobody listens by that name. */
export function dialMemory(name: string, options: StreamOptions): Promise<Link> {
  const connect = async () => connectInMemory(name, options.clock);
  return dialStream(connect, `memory:${name}`, options);
}

/** Rejects with code `EADDRINUSE` when the name is taken. */
export function listenMemory(name: string, options: StreamOptions): Promise<Listener> {
  const listen = async (onConnection: StreamListenOptions['onConnection']) =>
    listenInMemory(name, options.clock, { onConnection });
  return listenStream(listen, () => `memory:${name}`, options);
}

/** The process's listeners, by name. */
const listeners = new Map<string, StreamListenOptions & { readonly clock: Clock }>();

const addressOf = (name: string): SocketAddress => ({ host: name, port: 0 });

function listenInMemory(name: string, clock: Clock, options: StreamListenOptions): StreamListener {
  if (listeners.has(name)) throw systemError('EADDRINUSE', `memory:${name} is taken by another server`);
  listeners.set(name, { ...options, clock });
  return { address: addressOf(name), close: () => listeners.delete(name) };
}

function connectInMemory(name: string, clock: Clock): StreamSocket {
  const listener = listeners.get(name);
  if (listener === undefined) throw systemError('ECONNREFUSED', `no server listens at memory:${name}`);
  const near = new MemorySocket(name, clock);
  const far = new MemorySocket(name, listener.clock);
  near.join(far);
  far.join(near);
  listener.onConnection(far);
  return near;
}

/** One end of a pair. What is written arrives at the other end in a later turn, as it would from a socket. */
class MemorySocket implements StreamSocket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  onData: (chunk: Buffer) => void = () => {};
  onClose: (error: Error | null) => void = () => {};
  onDrain: () => void = () => {};
  private readonly clock: Clock;
  private other: MemorySocket | undefined;
  private open = true;
  private readonly arriving: Buffer[] = [];

  constructor(name: string, clock: Clock) {
    this.local = addressOf(name);
    this.remote = addressOf(name);
    this.clock = clock;
  }

  join(other: MemorySocket): void {
    this.other = other;
  }

  write(chunk: Uint8Array): boolean {
    if (this.open) this.other?.arrive(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    return true;
  }

  end(): void {
    this.close();
  }

  destroy(): void {
    this.close();
  }

  private arrive(chunk: Buffer): void {
    this.arriving.push(chunk);
    if (this.arriving.length > 1) return;
    this.clock.setTimer(0, () => {
      const chunks = this.arriving.splice(0);
      for (const each of chunks) if (this.open) this.onData(each);
    });
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    const { other } = this;
    other?.clock.setTimer(0, () => {
      if (!other.open) return;
      other.open = false;
      other.onClose(null);
    });
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
