/** Frames over a stream of bytes: the half that TCP, Unix domain sockets and memory have in common. */
import type { Clock, StreamSocket } from '../platform/platform.js';
import type { Principal } from '../schema/description.js';
import { createFrameCutter } from './frame-cutter.js';
import { protocolVersion } from './packet.js';
import type { Link, LinkHandlers, TransportCounters } from './transport.js';

/** Each side's first bytes: `CVK` and the protocol's version. */
const greeting = Buffer.from([0x43, 0x56, 0x4b, protocolVersion]);

/** Milliseconds for which a link that was closed still sends what waits: its peer may not read it. */
const lingering = 5000;

/** Bytes that are handed to the socket before the turn ends, so that the peer can start while this side goes on. */
const earlyWriteBytes = 8192;

export interface StreamLinkOptions {
  readonly clock: Clock;
  readonly handlers: LinkHandlers;
  readonly counters: TransportCounters;
  readonly maxFrame: number;
  readonly peer: string;
  readonly principal?: Principal | undefined;
  /** Reads nothing while the link is full: a peer that does not read its answers gets to ask no more. */
  readonly holdsBack?: boolean;
  /** The link is of no use any more, whoever ended it. */
  readonly onEnd?: (link: Link) => void;
}

/** Puts frames on a connected socket. */
export function createStreamLink(socket: StreamSocket, options: StreamLinkOptions): Link {
  const link = new StreamLink(socket, options);
  link.start();
  return link;
}

class StreamLink implements Link {
  readonly reliable = true;
  readonly validated = true;
  readonly maxFrame: number;
  readonly peer: string;
  readonly principal: Principal | undefined;
  full = false;
  received = 0;
  sent = 0;
  addressee: Buffer | undefined = undefined;
  private readonly socket: StreamSocket;
  private readonly options: StreamLinkOptions;
  /** Frames that stand one after another in memory leave as one range, without a copy. */
  private bytes: Buffer | undefined;
  private begin = 0;
  private end = 0;
  private scheduled = false;
  private open = true;
  private paused = false;
  private waiting: (() => void)[] = [];
  private readonly flushTurn = () => this.flush();

  constructor(socket: StreamSocket, options: StreamLinkOptions) {
    this.socket = socket;
    this.options = options;
    this.maxFrame = options.maxFrame;
    this.peer = options.peer;
    this.principal = options.principal;
  }

  start(): void {
    const { handlers } = this.options;
    const cut = createFrameCutter(this.maxFrame, (bytes, start, end) => {
      if (this.open) handlers.onFrames(this, bytes, start, end);
    });
    let greeted = 0;
    this.socket.onData = chunk => {
      this.received += chunk.length;
      let rest = chunk;
      while (greeted < greeting.length && rest.length > 0) {
        if (rest[0] !== greeting[greeted]) {
          this.damaged(new Error(`${this.peer} does not speak this protocol's version ${protocolVersion}`));
          return;
        }
        greeted++;
        rest = rest.subarray(1);
      }
      if (rest.length === 0) return;
      try {
        cut(rest);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.damaged(error);
      }
    };
    this.socket.onClose = error => this.gone(error);
    this.socket.onDrain = () => this.drained();
    this.socket.write(greeting);
  }

  send(bytes: Buffer, start: number, end: number): void {
    if (!this.open) return;
    if (
      this.bytes?.buffer === bytes.buffer &&
      this.bytes.byteOffset === bytes.byteOffset &&
      this.end === start
    ) {
      this.end = end;
    } else {
      this.emit();
      this.bytes = bytes;
      this.begin = start;
      this.end = end;
    }
    if (this.end - this.begin >= earlyWriteBytes) this.emit();
    if (!this.scheduled) {
      this.scheduled = true;
      this.options.clock.defer(this.flushTurn);
    }
  }

  whenFlushed(callback: () => void): void {
    if (this.scheduled) this.waiting.push(callback);
    else callback();
  }

  pause(): void {
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    this.paused = false;
    if (!this.full || !this.options.holdsBack) this.socket.resume();
  }

  close(): void {
    if (!this.open) return;
    this.flush();
    this.open = false;
    const lingers = this.options.clock.setTimer(lingering, () => this.socket.destroy());
    lingers.unref();
    this.socket.onClose = () => lingers.cancel();
    this.socket.onData = () => {};
    this.socket.onDrain = () => {};
    this.socket.end();
    this.options.onEnd?.(this);
  }

  private emit(): void {
    if (this.bytes === undefined) return;
    const hasRoom = this.socket.write(this.bytes.subarray(this.begin, this.end));
    this.bytes = undefined;
    if (hasRoom || this.full) return;
    this.full = true;
    if (this.options.holdsBack) this.socket.pause();
  }

  private drained(): void {
    if (!this.open || !this.full) return;
    this.full = false;
    if (this.options.holdsBack && !this.paused) this.socket.resume();
    this.options.handlers.onDrain?.(this);
  }

  flush(): void {
    if (!this.open) return;
    this.options.handlers.onFlush?.(this);
    this.scheduled = false;
    this.emit();
    if (this.waiting.length > 0) {
      const waiting = this.waiting;
      this.waiting = [];
      for (const callback of waiting) callback();
    }
  }

  /** Drops the connection because of what the peer sent. */
  private damaged(error: Error): void {
    const { counters, handlers } = this.options;
    counters.damaged++;
    handlers.onDamaged?.(this.peer, 'damaged');
    this.socket.destroy();
    this.gone(error);
  }

  private gone(error: Error | null): void {
    if (!this.open) return;
    this.open = false;
    this.options.onEnd?.(this);
    this.options.handlers.onDown?.(this, error);
  }
}
