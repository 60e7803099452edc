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

/** How many bytes may wait at an end before the other one counts as full. */
const fullAt = 64 * 1024;

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
  private paused = false;
  private arriving: Buffer[] = [];
  private waiting = 0;
  /** The other end was told to wait. */
  private holdsUp = false;
  private scheduled = false;
  /** The other end was closed; what it wrote before is still to be read. */
  private ended = false;

  constructor(name: string, clock: Clock) {
    this.local = addressOf(name);
    this.remote = addressOf(name);
    this.clock = clock;
  }

  join(other: MemorySocket): void {
    this.other = other;
  }

  write(chunk: Uint8Array): boolean {
    if (!this.open || this.other === undefined) return false;
    return this.other.arrive(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (this.arriving.length > 0 || this.ended) this.schedule();
  }

  end(): void {
    this.close();
  }

  destroy(): void {
    this.close();
  }

  private arrive(chunk: Buffer): boolean {
    this.arriving.push(chunk);
    this.waiting += chunk.length;
    this.holdsUp ||= this.waiting >= fullAt;
    this.schedule();
    return !this.holdsUp;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.setTimer(0, () => this.deliver());
  }

  private deliver(): void {
    this.scheduled = false;
    if (!this.open || this.paused) return;
    const chunks = this.arriving;
    this.arriving = [];
    this.waiting = 0;
    for (const chunk of chunks) if (this.open) this.onData(chunk);
    const { other } = this;
    if (this.holdsUp && this.waiting < fullAt) {
      this.holdsUp = false;
      other?.clock.setTimer(0, () => other.open && other.onDrain());
    }
    if (!this.ended || !this.open || this.arriving.length > 0 || this.paused) return;
    this.open = false;
    this.onClose(null);
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    if (this.other === undefined) return;
    this.other.ended = true;
    this.other.schedule();
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
