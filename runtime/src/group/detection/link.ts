/** The connection by which this member watches another. It is opened again whenever it is lost. */
import type { SocketAddress, StreamSocket, StreamSockets } from '../../platform/platform.js';
import type { MemberId } from '../member.js';
import { greeting, listenTo } from './greeting.js';

/** Whom a link leads to, and who is told. */
export interface LinkOptions {
  readonly streams: StreamSockets;
  readonly now: () => number;
  readonly self: MemberId;
  readonly to: SocketAddress;
  /** Who listens there, or did. */
  readonly id: MemberId;
  /** It is the member, and it lives. */
  readonly met: () => void;
  /** Nobody listens there any more, or another member does. */
  readonly refused: () => void;
  /** `wakeAt` was changed. */
  readonly changed: () => void;
}

/** How a link that was lost is opened again: at first nearly at once, since the system may take a moment to end a process. */
const firstDelay = 5;
/** Also how often it is tried where nothing answers. */
const longestDelay = 1000;

/** Gives up to connect after so many milliseconds. */
const connectTimeout = 2000;

/** A link that lasted for longer was a good one. */
const lasting = 1000;

/** A state machine, but for the sockets that call it back. */
export class Link {
  wakeAt = Number.POSITIVE_INFINITY;
  /** Since when the member at the other end is known to live, by a connection that is open. */
  metAt: number | undefined;
  private readonly options: LinkOptions;
  private socket: StreamSocket | undefined;
  private connecting: AbortController | undefined;
  /** How often it was tried in vain. */
  private attempts = 0;
  private closed = false;

  constructor(options: LinkOptions) {
    this.options = options;
    this.open();
  }

  tick(now: number): void {
    if (now < this.wakeAt) return;
    this.wakeAt = Number.POSITIVE_INFINITY;
    if (this.connecting !== undefined) this.connecting.abort(new Error('no answer'));
    else this.open();
  }

  /** Nobody is told of anything after this. */
  close(): void {
    this.closed = true;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.connecting?.abort(new Error('closed'));
    this.socket?.destroy();
    this.socket = undefined;
  }

  private open(): void {
    const connecting = new AbortController();
    this.connecting = connecting;
    this.wakeAt = this.options.now() + connectTimeout;
    this.options.streams.connect(this.options.to, { signal: connecting.signal }).then(
      socket => {
        if (this.closed || this.connecting !== connecting) socket.destroy();
        else this.opened(socket);
      },
      (error: unknown) => {
        if (!this.closed && this.connecting === connecting) this.failed(error);
      },
    );
  }

  private opened(socket: StreamSocket): void {
    this.connecting = undefined;
    this.socket = socket;
    // A process that is stopped accepts, and greets when it goes on: there is nothing to wait for.
    this.wakeAt = Number.POSITIVE_INFINITY;
    const { hear } = listenTo(
      id => this.greeted(id),
      () => this.drop(),
    );
    socket.onData = chunk => {
      if (!hear(chunk)) this.lost();
    };
    socket.onClose = () => this.lost();
    socket.write(greeting(this.options.self));
    this.options.changed();
  }

  private greeted(id: MemberId): void {
    if (id === this.options.id) {
      this.metAt = this.options.now();
      this.options.met();
    } else {
      this.drop();
      this.retryAfter(longestDelay);
      this.options.refused();
    }
  }

  /** The connection has ended, and nobody said goodbye. */
  private lost(): void {
    const lasted = this.metAt !== undefined && this.options.now() - this.metAt > lasting;
    this.drop();
    if (lasted) {
      this.attempts = 0;
      this.open();
      this.options.changed();
    } else this.retryAfter(Math.min(firstDelay * 2 ** this.attempts++, longestDelay));
  }

  private failed(error: unknown): void {
    this.connecting = undefined;
    this.retryAfter(longestDelay);
    if ((error as { code?: unknown }).code === 'ECONNREFUSED') this.options.refused();
  }

  private drop(): void {
    this.metAt = undefined;
    this.socket?.destroy();
    this.socket = undefined;
  }

  private retryAfter(delay: number): void {
    this.wakeAt = this.options.now() + delay;
    this.options.changed();
  }
}
