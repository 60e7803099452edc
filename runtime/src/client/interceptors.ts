/** Interceptors of a channel: they stand between the client stubs and the communication module. */
import type {
  AnyProcedure,
  Caller,
  CallOptions,
  CallShape,
  ItemSource,
  ItemStream,
} from '../schema/description.js';
import { chain, fromReply, type InterceptedCall, type Interceptor, toReply } from '../schema/interception.js';
import { hasBatches } from '../streaming/produce.js';

/** A call on its way out. */
export interface ClientCall extends InterceptedCall {
  /** What the caller streams; `undefined` where the procedure takes no stream. It can be gone through once. */
  readonly items: ItemSource<unknown> | undefined;
  /** As the caller gave them; empty where it gave none. */
  readonly options: CallOptions;
}

/** Stands around the calls of a channel: `interceptors` of `ConnectOptions`. */
export type ClientInterceptor = Interceptor<ClientCall>;

/** A caller whose calls pass the interceptors, the first one first. */
export function intercept(caller: Caller, interceptors: readonly ClientInterceptor[]): Caller {
  const pass = chain<ClientCall>(interceptors, async call =>
    toReply(call.procedure, await lastSteps[call.procedure.shape](caller, call)),
  );
  const call = async (
    procedure: AnyProcedure,
    values: readonly unknown[],
    items: ItemSource<unknown> | undefined,
    options: CallOptions = {},
  ): Promise<unknown> => fromReply(procedure, await pass({ procedure, values, items, options }));

  return {
    unary: <Result>(procedure: AnyProcedure, values: readonly unknown[], options: CallOptions | undefined) =>
      call(procedure, values, undefined, options) as Promise<Result>,
    clientStream: <Result>(
      procedure: AnyProcedure,
      values: readonly unknown[],
      items: ItemSource<unknown>,
      options: CallOptions | undefined,
    ) => call(procedure, values, items, options) as Promise<Result>,
    serverStream: (procedure, values, options) =>
      openLater(() => call(procedure, values, undefined, options)),
    bidiStream: (procedure, values, items, options) =>
      openLater(() => call(procedure, values, items, options)),
  };
}

const noItems: ItemSource<never> = [];

/** How a call of each shape goes on behind the last interceptor. */
const lastSteps: Readonly<Record<CallShape, (caller: Caller, call: ClientCall) => unknown>> = {
  unary: (caller, { procedure, values, options }) =>
    caller.unary<readonly unknown[], unknown>(procedure, values, options),
  'server-stream': (caller, { procedure, values, options }) =>
    caller.serverStream<readonly unknown[], unknown>(procedure, values, options),
  'client-stream': (caller, { procedure, values, items = noItems, options }) =>
    caller.clientStream<readonly unknown[], unknown, unknown>(procedure, values, items, options),
  'bidi-stream': (caller, { procedure, values, items = noItems, options }) =>
    caller.bidiStream<readonly unknown[], unknown, unknown>(procedure, values, items, options),
};

/** A stream that is opened when its first item is asked for, as every stream is. */
function openLater<Item>(open: () => Promise<unknown>): ItemStream<Item> {
  const source = open as () => Promise<ItemSource<Item>>;
  return {
    async *[Symbol.asyncIterator]() {
      yield* await source();
    },
    async *batches() {
      const items = await source();
      if (hasBatches(items)) yield* items.batches();
      else for await (const item of items) yield [item];
    },
  };
}
