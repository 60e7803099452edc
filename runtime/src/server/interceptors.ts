/** Interceptors of a server: they stand between the dispatcher and the server stubs. */
import type { CallContext, DispatchEntry, ItemStream } from '../schema/description.js';
import { CallError } from '../schema/errors.js';
import { chain, fromReply, type InterceptedCall, type Interceptor, toReply } from '../schema/interception.js';

/** A call that has arrived. */
export interface ServerCall extends InterceptedCall {
  /** What the caller streams; `undefined` where the procedure takes no stream. It can be gone through once. */
  readonly items: ItemStream<unknown> | undefined;
  /** What the procedure will be told of the call. */
  readonly context: CallContext;
}

/** Stands around the procedures of a server: `interceptors` of `ServeOptions`. */
export type ServerInterceptor = Interceptor<ServerCall>;

/** What was thrown before the procedure was started: it was not executed. */
export class Rejection {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * The entry with interceptors around it, the first one outermost. It throws a `Rejection` where none of them has let the
 * call through to the procedure.
 */
export function intercepted(entry: DispatchEntry, interceptors: readonly ServerInterceptor[]): DispatchEntry {
  const { procedure } = entry;
  const invoke: DispatchEntry['invoke'] = async (values, context, items) => {
    let state: 'before' | 'started' | 'rejected' = 'before';
    const pass = chain<ServerCall>(interceptors, async call => {
      if (state === 'rejected')
        throw new Error(`a call of ${procedure.name} was let through after its rejection`);
      if (context.remaining === 0) throw passed();
      state = 'started';
      return toReply(procedure, await entry.invoke(call.values, call.context, call.items));
    });
    try {
      return fromReply(procedure, await pass({ procedure, values, items, context }));
    } catch (error) {
      if (state !== 'before') throw error;
      state = 'rejected';
      throw new Rejection(error);
    }
  };
  return { procedure, invoke };
}

function passed(): CallError {
  return new CallError('deadline-exceeded', 'the deadline passed before the procedure was started', {
    outcome: 'not-executed',
  });
}
