/** A client's way to a server: makes client stubs, and carries their calls to the communication module. */
import { encodeMetadata } from '../marshalling/dynamic.js';
import { MarshalError } from '../marshalling/errors.js';
import type { Platform } from '../platform/platform.js';
import type { CallerEndpoint } from '../request-reply/caller.js';
import type { CallerCounters } from '../request-reply/caller-counters.js';
import { createCancellation } from '../request-reply/cancellation.js';
import type { Frame } from '../request-reply/frames.js';
import { createPendingCall, type PendingCall } from '../request-reply/pending-call.js';
import { writeRequest } from '../request-reply/request-frame.js';
import type { StreamReceiver } from '../request-reply/stream-receiver.js';
import type {
  AnyCallOptions,
  AnyProcedure,
  Caller,
  CallOptions,
  InterfaceDescription,
  ItemSource,
  ItemStream,
  Procedure,
} from '../schema/description.js';
import { CallError } from '../schema/errors.js';
import type { ClientEvent, EventListener } from '../schema/events.js';
import { type GroupDescription, isGroupDescription } from '../schema/group.js';
import { metadataOf } from '../schema/inherited-metadata.js';
import { consume } from '../streaming/consume.js';
import { produce } from '../streaming/produce.js';
import { formatAddress } from '../transport/address.js';
import type { ServerInfo } from './balancing/backend.js';
import { checkHedged } from './balancing/hedge.js';
import { withParent } from './inheritance.js';
import { type ClientInterceptor, intercept } from './interceptors.js';

/** What a channel counted since it was made, and what it holds now. */
export interface ChannelStats extends CallerCounters {
  /** Calls that have not ended. */
  readonly pending: number;
  /** Calls with streams among them. */
  readonly streams: number;
}

/** A way to one server, shared by all calls that are made over it. Safe to keep for as long as the program runs. */
export interface Channel extends AsyncDisposable {
  /**
   * The client stub of an interface, or of an open group where the channel leads to one: an object with a method for each
   * procedure.
   *
   * @throws TypeError when it is a group and the channel leads to servers, or the other way round
   */
  client<Client>(description: InterfaceDescription<Client, never> | GroupDescription<Client, never>): Client;
  /** What the protocol did since the channel was made, and what waits now. */
  stats(): ChannelStats;
  /**
   * Has the listener told what the protocol does, from now on. While nobody listens, no event is made.
   *
   * @returns how it stops to be told
   */
  subscribe(listener: EventListener<ClientEvent>): () => void;
  /** The servers that it calls, and how they are. */
  servers(): readonly ServerInfo[];
  /** Fails the calls that are pending, tells the server what is finished, and lets the sockets go. */
  close(): Promise<void>;
}

/** What a channel is made of: one endpoint, or those of several servers. */
export interface ChannelParts extends Pick<Channel, 'stats' | 'subscribe' | 'servers'> {
  readonly caller: Caller;
  readonly interceptors: readonly ClientInterceptor[] | undefined;
  close(): void;
}

export interface ChannelOptions {
  readonly interceptors?: readonly ClientInterceptor[] | undefined;
  /** How long the metadata of a request may be. */
  readonly metadataBytes?: number | undefined;
}

/** A channel to one server. */
export function createChannel(
  endpoint: CallerEndpoint,
  platform: Platform,
  { interceptors, metadataBytes }: ChannelOptions = {},
): Channel {
  const address = formatAddress(endpoint.address);
  return assembleChannel({
    caller: createCaller(endpoint, platform, metadataBytes),
    interceptors,
    stats: () => ({ ...endpoint.counters, pending: endpoint.inFlight, streams: endpoint.openStreamCalls }),
    subscribe: endpoint.events.subscribe,
    servers: () => [{ address, state: endpoint.state, inFlight: endpoint.inFlight }],
    close: () => endpoint.close(),
  });
}

export function assembleChannel({
  stats,
  subscribe,
  servers,
  interceptors = [],
  ...parts
}: ChannelParts): Channel {
  const caller = interceptors.length === 0 ? parts.caller : intercept(parts.caller, interceptors);
  const close = async () => parts.close();
  return {
    client: description => {
      if (!isGroupDescription(description)) return description.createClient(caller);
      throw new TypeError(
        `${description.group} is a group: call it as a member, or from outside by connect('group://…')`,
      );
    },
    stats,
    subscribe,
    servers,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What client stubs stand on where there is one server. */
export function createCaller(
  endpoint: CallerEndpoint,
  platform: Platform,
  metadataBytes: number | undefined,
): Caller {
  const cancellation = createCancellation((number, reason) => endpoint.cancel(number, reason));

  /** Ends the call when a signal of its options is aborted. @throws CallError when one is already */
  const watchSignals = (call: PendingCall, { signal, parent }: AnyCallOptions): void => {
    const signals = [signal, parent?.signal].filter(each => each !== undefined);
    const aborted = signals.find(each => each.aborted);
    if (aborted !== undefined) throw notExecuted('cancelled', 'the call was cancelled', aborted.reason);
    const forget = signals.map(each => cancellation.watch(each, call.number));
    call.unlisten = () => {
      for (const each of forget) each();
    };
  };

  /** Makes a call and hands it over. @throws CallError when it cannot begin */
  const begin = (
    procedure: AnyProcedure,
    values: readonly unknown[],
    given: AnyCallOptions | undefined,
    resolve: PendingCall['resolve'],
    reject: PendingCall['reject'],
  ): PendingCall => {
    const options = withParent(given);
    if (endpoint.closed) throw notExecuted('unavailable', 'the channel is closed');
    if (options?.hedge !== undefined) checkHedged(procedure, options.hedge);
    const number = endpoint.takeNumber();
    const call = createPendingCall({
      number,
      procedure,
      deadlineAt: deadlineOf(procedure, options, platform.clock.now()),
      frame: marshal(procedure, number, values, options, metadataBytes),
      resolve,
      reject,
    });
    if (options !== undefined) {
      takeOptions(call, options);
      watchSignals(call, options);
    }
    endpoint.submit(call);
    return call;
  };

  /** Sends the items of a call; when that fails, so does the call. */
  const send = (call: PendingCall, items: ItemSource<unknown>): void => {
    const { procedure, number, streams } = call;
    if (streams?.outgoing === undefined || procedure.items === undefined) return;
    produce(items, streams.outgoing, procedure.items.write).catch((error: unknown) => {
      if (error instanceof MarshalError) {
        endpoint.abort(number, 'invalid-argument', misfitText(procedure, error), error);
      } else
        endpoint.abort(
          number,
          'cancelled',
          `the items for ${nameOf(procedure)} could not be produced`,
          error,
        );
    });
  };

  const receive = (
    procedure: AnyProcedure,
    values: readonly unknown[],
    items: ItemSource<unknown> | undefined,
    options: CallOptions | undefined,
  ): ItemStream<unknown> => {
    let call: PendingCall | undefined;
    const leave = () => {
      if (call !== undefined) endpoint.cancel(call.number, undefined);
    };
    return consume({
      open() {
        let receiver: StreamReceiver | undefined;
        let failure: unknown;
        const end = (error?: unknown): void => {
          failure = error;
          receiver?.finish(error);
        };
        call = begin(procedure, values, options, () => end(), end);
        receiver = call.streams?.incoming;
        if (receiver === undefined) throw failure;
        if (failure !== undefined) receiver.finish(failure);
        if (items !== undefined) send(call, items);
        return receiver;
      },
      read: reader => procedure.readResult(reader),
      leave,
      misfit: error =>
        new CallError(
          'internal',
          `an item of ${nameOf(procedure)} does not fit its declaration: ${error.message}`,
          {
            outcome: 'executed',
            attempts: call?.copies ?? 0,
            cause: error,
          },
        ),
    });
  };

  return {
    unary<Arguments extends readonly unknown[], Result>(
      procedure: Procedure<Arguments, Result>,
      values: Arguments,
      options: AnyCallOptions | undefined,
    ): Promise<Result> {
      // What is thrown in here rejects the promise.
      return new Promise((resolve, reject) => {
        begin(procedure, values, options, resolve as PendingCall['resolve'], reject);
      });
    },
    clientStream<Arguments extends readonly unknown[], Result, Item>(
      procedure: Procedure<Arguments, Result, Item>,
      values: Arguments,
      items: ItemSource<Item>,
      options: CallOptions | undefined,
    ): Promise<Result> {
      return new Promise((resolve, reject) => {
        send(begin(procedure, values, options, resolve as PendingCall['resolve'], reject), items);
      });
    },
    serverStream: <Result>(
      procedure: AnyProcedure,
      values: readonly unknown[],
      options: CallOptions | undefined,
    ) => receive(procedure, values, undefined, options) as ItemStream<Result>,
    bidiStream: <Result>(
      procedure: AnyProcedure,
      values: readonly unknown[],
      items: ItemSource<unknown>,
      options: CallOptions | undefined,
    ) => receive(procedure, values, items, options) as ItemStream<Result>,
  };
}

/** A `maybe` call is sent once: what has not come by then, in milliseconds, was lost. */
const longestMaybe = 60_000;

/** When the call ends at the latest: at its own deadline, or at that of the call that it serves. */
export function deadlineOf(
  procedure: AnyProcedure,
  options: AnyCallOptions | undefined,
  now: number,
): number {
  const longest = procedure.semantics === 'maybe' ? longestMaybe : Number.POSITIVE_INFINITY;
  const deadline = Math.min(options?.deadline ?? procedure.deadline, longest);
  if (!(deadline > 0))
    throw misfit(procedure, new RangeError(`the deadline must be above 0 ms, not ${deadline}`));
  return Math.min(now + deadline, options?.parent?.deadline ?? Number.POSITIVE_INFINITY);
}

/** Notes in the call what its options say beside deadline and signals. @throws CallError when that cannot be */
function takeOptions(
  call: PendingCall,
  { onReply, attempts = Number.POSITIVE_INFINITY }: AnyCallOptions,
): void {
  if (!(attempts >= 1)) {
    throw misfit(call.procedure, new RangeError(`attempts must be 1 or more, not ${attempts}`));
  }
  call.onReply = onReply;
  call.attempts = attempts;
}

function marshal(
  procedure: AnyProcedure,
  number: number,
  values: readonly unknown[],
  options: AnyCallOptions | undefined,
  metadataBytes: number | undefined,
): Frame {
  try {
    const metadata = options === undefined ? undefined : metadataOf(options);
    const encoded = metadata === undefined ? undefined : encodeMetadata(metadata, metadataBytes);
    return writeRequest(procedure, number, values, encoded);
  } catch (error) {
    throw misfit(procedure, error);
  }
}

/** An argument or an option is not what it should be. */
function misfit(procedure: AnyProcedure, error: unknown): CallError {
  return notExecuted('invalid-argument', misfitText(procedure, error), error);
}

function misfitText(procedure: AnyProcedure, error: unknown): string {
  return `${nameOf(procedure)}: ${error instanceof Error ? error.message : String(error)}`;
}

const nameOf = (procedure: AnyProcedure): string => `${procedure.interface}.${procedure.name}`;

function notExecuted(code: CallError['code'], message: string, cause?: unknown): CallError {
  return new CallError(code, message, { outcome: 'not-executed', ...(cause === undefined ? {} : { cause }) });
}
