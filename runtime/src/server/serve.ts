/** Starts a server: listens, and serves the procedures of its services. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import type { KeyAndCertificate } from '../platform/tls.js';
import { CalleeEndpoint } from '../request-reply/callee.js';
import type { CalleeCounters } from '../request-reply/callee-counters.js';
import { createEventSource } from '../request-reply/event-source.js';
import { type ServerLimits, serverLimits } from '../request-reply/limits.js';
import type { DispatchEntry } from '../schema/description.js';
import type { EventListener, ServerEvent, ServerEvents } from '../schema/events.js';
import { isGroupDescription } from '../schema/group.js';
import type { Implementation } from '../schema/implement.js';
import { createProcedureTable } from '../schema/procedure-table.js';
import { parseAddress } from '../transport/address.js';
import { listen } from '../transport/open.js';
import { datagramBytes } from '../transport/packet.js';
import type { ServerTls } from '../transport/security.js';
import type { Listener } from '../transport/transport.js';
import { attachWebSockets, type WebOptions } from '../transport/ws.js';
import { inheriting } from './context-storage.js';
import { type Draining, type DrainOptions, drain } from './drain.js';
import { type ErrorListener, Execution, type ExecutionCounters } from './execution.js';
import { intercepted, type ServerInterceptor } from './interceptors.js';

/** Where a server listens, what it offers, and how much it takes. */
export interface ServeOptions {
  /** Addresses such as `udp://127.0.0.1:7000`; port 0 takes a free one. */
  readonly listen: string | readonly string[];
  /** As `implement` makes them, each of another interface. */
  readonly services: readonly Implementation[];
  /** What it takes at the most; the defaults stand for those that are left out. */
  readonly limits?: Partial<ServerLimits>;
  /** The longest UDP datagram that is sent, in bytes; 1,200 unless told otherwise. */
  readonly datagramBytes?: number;
  /** For addresses that are secured: who this server is, and whom it believes. */
  readonly tls?: ServerTls;
  /** How web pages reach the server over WebSockets. */
  readonly web?: WebOptions;
  /** Told of errors that procedures throw and do not declare. Default: they are printed on standard error. */
  readonly onError?: ErrorListener;
  /** Stand around every procedure, the first one outermost. */
  readonly interceptors?: readonly ServerInterceptor[];
  /**
   * Has calls that are made while a procedure runs inherit from it without being told its context, which
   * `currentContext()` gives. Costs each call a fraction of a microsecond.
   */
  readonly inheritContext?: boolean;
  /** Its clock, randomness and sockets; `nodePlatform` unless told otherwise. */
  readonly platform?: Platform;
}

/** What a server counted since its start, and what it holds now. */
export interface ServerStats extends CalleeCounters, ExecutionCounters {
  /** Clients that are known now. */
  readonly sessions: number;
  /** Replies and refusals that they have not acknowledged, and calls that will have one. */
  readonly historyEntries: number;
  /** Bytes of the replies and refusals that are kept. */
  readonly historyBytes: number;
  /** Bytes of requests of which a part is missing. */
  readonly halfOpenBytes: number;
  /** Calls with streams that have not ended. */
  readonly streams: number;
}

/** A server that listens. */
export interface Server extends AsyncDisposable {
  /** Where it listens, with the ports that were taken. */
  readonly addresses: readonly string[];
  /** What it did and holds, as of now. */
  stats(): ServerStats;
  /**
   * Has the listener told what the protocol does, from now on. While nobody listens, no event is made.
   *
   * @returns how it stops to be told
   */
  subscribe(listener: EventListener<ServerEvent>): () => void;
  /**
   * Refuses new calls from now on (`unavailable`, `not-executed`) and lets those finish that run or wait. Resolves when
   * they have, and every reply and refusal of at-most-once calls until then was acknowledged or its lease is over; or
   * when the timeout has passed, or the server is closed. It goes on to listen and to send replies again: `close` it then.
   *
   * @throws RangeError when the timeout is negative or not a number
   */
  drain(options?: DrainOptions): Promise<void>;
  /**
   * Shows clients another key and certificate from now on, at all addresses that are secured; whom the server trusts stays
   * as it was. Connections and keys of sealed UDP that are there live on.
   *
   * @throws TypeError when they cannot be used, or no address is secured
   */
  renewCertificate(renewed: KeyAndCertificate): void;
  /** Stops to listen, fails what waits and what runs, and lets the ports go. */
  close(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @throws TypeError when an address or a service is wrong, RangeError when a limit is; the system's error when a port is
 *   taken
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const platform = options.platform ?? nodePlatform;
  const limits = serverLimits(options.limits);
  refuseGroups(options.services);
  const table = createProcedureTable(options.services, entry => surrounded(entry, options));
  for (const service of options.services) service.attach?.(options.services);
  const longestDatagram = datagramBytes(options.datagramBytes);
  const wanted = [options.listen].flat().map(parseAddress);
  const onError = options.onError ?? printError;
  const events = createEventSource<ServerEvents>(platform.clock);
  const execution = new Execution(platform, limits, () => callee.answering, onError, events);
  let tcpPort = 0;
  const callee: CalleeEndpoint = new CalleeEndpoint({
    platform,
    limits,
    events,
    datagramBytes: longestDatagram,
    tcpPort: () => tcpPort,
    find: table.find,
    dispatch: (call, target, hasMetadata, reader) => execution.dispatch(call, target, hasMetadata, reader),
  });

  const transport = {
    platform,
    handlers: callee.handlers,
    counters: callee.counters,
    maxFrame: limits.messageBytes + 1024,
    datagramBytes: longestDatagram,
    datagramKeys: limits.datagramKeys,
    tls: options.tls,
  };
  const { web = {} } = options;
  const listeners: Listener[] = [];
  let attached: Pick<Listener, 'close'> | undefined;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    execution.close();
    callee.close();
    for (const listener of listeners) listener.close();
    attached?.close();
  };

  try {
    for (const address of wanted) {
      const listener = await listen(address, { ...transport, web });
      listeners.push(listener);
      const taken = parseAddress(listener.address);
      if (taken.scheme === 'tcp' && tcpPort === 0) tcpPort = taken.port;
    }
    if (web.server !== undefined) attached = await attachWebSockets(web.server, { ...transport, web });
  } catch (error) {
    await close();
    throw error;
  }

  const { counters } = execution;
  const draining: Draining = {
    refuseNewCalls() {
      for (const service of options.services) service.drain?.();
      callee.refuseNewCalls();
    },
    isBusy: () => counters.running + counters.queued > 0,
    watchReplies: () => callee.sessions.watchHistory(),
    isClosed: () => closed,
  };

  return {
    addresses: listeners.map(listener => listener.address),
    stats: () => ({
      ...callee.counters,
      ...execution.counters,
      sessions: callee.sessions.size,
      ...callee.sessions.usage,
      streams: callee.streams.size,
    }),
    subscribe: events.subscribe,
    drain: drainOptions => drain(platform.clock, draining, drainOptions),
    renewCertificate: renewed => {
      const secured = listeners.filter(({ renew }) => renew !== undefined);
      if (secured.length === 0) throw new TypeError('the server listens at no address that TLS secures');
      for (const listener of secured) listener.renew?.(renewed);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function refuseGroups(services: readonly Implementation[]): void {
  for (const { description } of services) {
    if (!isGroupDescription(description)) continue;
    throw new TypeError(
      `${description.group} is a group, whose members are made by \`join\` of '@convoke/runtime/group': ` +
        `to serve it from here alone, implement ${description.name}`,
    );
  }
}

/** The entry with all around it that was asked for. */
function surrounded(
  entry: DispatchEntry,
  { interceptors = [], inheritContext = false }: ServeOptions,
): DispatchEntry {
  const inner = interceptors.length === 0 ? entry : intercepted(entry, interceptors);
  return inheritContext ? inheriting(inner) : inner;
}

function printError(error: unknown, procedure: string): void {
  console.error(`${procedure} threw what it does not declare:`, error);
}
