/** A place from which messages are sent, and at which one process receives those of many senders. */
import { Reader } from '../marshalling/reader.js';
import { nodePlatform } from '../platform/node.js';
import { forEachFrame } from '../transport/frame-loop.js';
import { createTransportCounters, type Link, type LinkHandlers } from '../transport/transport.js';
import { Arrivals } from './arrivals.js';
import { checkedBounds, type EndpointOptions, longestInDatagram } from './bounds.js';
import { DuplicateFilter, longestTimeout } from './duplicate-filter.js';
import { closedError, EndpointError } from './errors.js';
import {
  idBytes,
  identityFrame,
  MessageFrame,
  messageFrame,
  noEndpoint,
  readId,
  rendezvousHeaderBytes,
} from './frames.js';
import { Inbox, type Message, type MessageListener } from './inbox.js';
import { handOver, resolveWhenLeft } from './path.js';
import { openPort } from './port.js';
import { Rendezvouses } from './rendezvous.js';
import { Routes } from './routes.js';

/** How one message is sent. */
export interface SendOptions {
  /** Waits until the receiver has taken the message. */
  readonly sync?: boolean;
  /** For how many milliseconds a synchronous send waits: up to 120,000, and 10,000 unless told otherwise. */
  readonly timeout?: number;
}

/** What an endpoint counted since it was opened, and what it holds now. */
export interface EndpointStats {
  /** Messages that were given to `send`. */
  readonly sent: number;
  /** Copies of synchronous messages that were sent after the first one. */
  readonly retransmitted: number;
  /** Messages that the receiver took. */
  readonly taken: number;
  /** Messages that wait to be received, and their bytes. */
  readonly queued: number;
  /** Bytes of the messages that wait. */
  readonly queuedBytes: number;
  /** Messages in datagrams that came while the queue was full. */
  readonly dropped: number;
  /** Copies of synchronous messages that were kept from the receiver. */
  readonly duplicates: number;
  /** Datagrams or connections, and frames, that broke the rules. */
  readonly damaged: number;
  /** Frames that the protocol does not allow. */
  readonly malformed: number;
}

/** An open place to send from and to receive at. */
export interface Endpoint extends AsyncDisposable {
  /** Where it receives, with the port that was taken. */
  readonly address: string;
  /** The longest message that can be sent, in bytes. */
  readonly longestMessage: number;
  /**
   * Sends a message to the endpoint at `address`, which is one of the same transport. The bytes may be changed as soon as
   * this returns.
   *
   * Asynchronous: resolves when the message was handed to the socket and the socket has room for more. Synchronous
   * (`{ sync: true }`): resolves when the receiver has taken the message out of its endpoint, so that it was delivered
   * exactly once.
   *
   * @throws EndpointError (rejects) when the message is too long, the receiver cannot be reached, or a synchronous send
   *   was not answered; its `taken` tells what may be concluded. TypeError when the address is none of this transport,
   *   RangeError when the timeout is out of bounds
   */
  send(address: string, data: Uint8Array, options?: SendOptions): Promise<void>;
  /**
   * The oldest message that waits, or the next one that comes.
   *
   * @throws EndpointError (rejects) when the endpoint is closed
   */
  receive(): Promise<Message>;
  /**
   * As `receive`, for `timeout` milliseconds at the most; then it resolves to undefined.
   *
   * @throws RangeError (rejects) when the timeout is negative or not a number
   */
  receive(options: { readonly timeout: number }): Promise<Message | undefined>;
  /** The oldest message that waits, if there is one. */
  tryReceive(): Message | undefined;
  /** Calls the listener with each message that no `receive` waits for. Several listeners get all the same ones. */
  on(event: 'message', listener: MessageListener): void;
  /** Calls the listener no more. */
  off(event: 'message', listener: MessageListener): void;
  /** What it did and holds, as of now. */
  stats(): EndpointStats;
  /** Sends what was handed over, rejects what waits, and lets the port go. */
  close(): Promise<void>;
}

const defaultTimeout = 10_000;

/**
 * Opens an endpoint at an address: `udp://127.0.0.1:7400`, `tcp://127.0.0.1:7400`, `unix:/run/jobs.sock` or `memory:jobs`.
 * Port 0 takes a free one.
 *
 * @throws (rejects) TypeError when the address is none, RangeError when a bound is; the system's error where the port has
 *   a receiver already (`EADDRINUSE`)
 */
export async function openEndpoint(address: string, options: EndpointOptions = {}): Promise<Endpoint> {
  const platform = options.platform ?? nodePlatform;
  const bounds = checkedBounds(options);
  const self = Buffer.from(platform.random.bytes(idBytes));
  const counters = { sent: 0, malformed: 0, ...createTransportCounters() };
  const reader = new Reader();
  let closed = false;

  const inbox = new Inbox(platform.clock, bounds, () => arrivals.resume());
  const arrivals = new Arrivals(self, inbox, new DuplicateFilter(platform.clock));
  const rendezvouses = new Rendezvouses(platform);

  const receivers: Readonly<Record<number, (link: Link) => void>> = {
    [MessageFrame.message]: link => arrivals.message(link, reader),
    [MessageFrame.rendezvous]: link => arrivals.rendezvous(link, reader),
    [MessageFrame.sender]: link => arrivals.introduce(link, reader),
    [MessageFrame.taken]: link => rendezvouses.taken(link, readId(reader), reader.rawU64()),
    [MessageFrame.inquiry](link) {
      const frame = identityFrame(noEndpoint, self);
      link.send(frame, 0, frame.length);
    },
    [MessageFrame.identity](link) {
      const path = routes.of(link);
      if (path !== undefined) rendezvouses.identified(path, readId(reader), readId(reader));
    },
  };

  const handlers: LinkHandlers = {
    onFrames(link, bytes, start, end) {
      const sound = forEachFrame(reader, bytes, start, end, type => {
        receivers[type]?.(link);
        return !closed;
      });
      if (sound) return;
      counters.malformed++;
      if (link.reliable) link.close();
    },
    onDown(link, cause) {
      arrivals.forget(link);
      const path = routes.of(link);
      if (path === undefined) return;
      const text = `the connection to ${link.peer} broke: send again, if the message may be taken twice`;
      routes.forget(
        path,
        new EndpointError(text, { code: 'ECONNRESET', taken: 'unknown', cause: cause ?? undefined }),
      );
      rendezvouses.failAll('ECONNRESET', text, path);
    },
    onDrain(link) {
      const path = routes.of(link);
      if (path !== undefined) resolveWhenLeft(path);
    },
  };

  const port = await openPort(address, {
    platform,
    handlers,
    counters,
    maxFrame: bounds.messageBytes + rendezvousHeaderBytes,
    datagramBytes: bounds.datagramBytes,
  });
  const routes = new Routes(port, platform.random);
  const longestMessage = port.scheme === 'udp' ? longestInDatagram(bounds) : bounds.messageBytes;

  const check = (data: Uint8Array): void => {
    if (closed) throw closedError('no');
    if (data.length <= longestMessage) return;
    const remedy =
      port.scheme === 'udp'
        ? 'send it over TCP, or raise datagramBytes where the network carries longer datagrams'
        : 'raise messageBytes at both ends';
    throw new EndpointError(
      `a message over ${port.scheme} has at most ${longestMessage} bytes, not ${data.length}: ${remedy}`,
      { code: 'EMSGSIZE', taken: 'no' },
    );
  };

  const sendSync = (to: string, data: Uint8Array, timeout: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const rendezvous = rendezvouses.begin(to, data, timeout, { resolve, reject });
      routes.to(to).then(
        path => rendezvouses.start(rendezvous, path),
        error => rendezvouses.reject(rendezvous, error),
      );
    });

  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    inbox.close();
    const { code, message } = closedError('unknown');
    rendezvouses.failAll(code, message);
    routes.close();
    port.close();
  };

  return {
    address: port.address,
    longestMessage,
    async send(to, data, { sync = false, timeout = defaultTimeout } = {}) {
      check(data);
      checkTimeout(timeout, longestTimeout);
      counters.sent++;
      if (sync) return sendSync(to, data, timeout);
      // Before this waits for anything: the caller may change the bytes then.
      const frame = messageFrame(data);
      return handOver(await routes.to(to), frame);
    },
    receive: (async ({ timeout }: { timeout?: number } = {}) => {
      if (timeout !== undefined) checkTimeout(timeout);
      return inbox.receive(timeout);
    }) as Endpoint['receive'],
    tryReceive: () => inbox.poll(),
    on: (_event, listener) => inbox.listen(listener),
    off: (_event, listener) => inbox.unlisten(listener),
    stats: () => ({
      sent: counters.sent,
      damaged: counters.damaged,
      malformed: counters.malformed,
      ...arrivals.counters,
      retransmitted: rendezvouses.retransmitted,
      taken: inbox.taken,
      queued: inbox.queued,
      queuedBytes: inbox.queuedBytes,
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkTimeout(timeout: number, most = Number.MAX_SAFE_INTEGER): void {
  if (timeout >= 0 && timeout <= most) return;
  throw new RangeError(`a timeout must be from 0 to ${most} milliseconds, not ${timeout}`);
}
