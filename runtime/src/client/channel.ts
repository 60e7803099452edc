/** A client's way to a server: makes client stubs, and carries their calls to the communication module. */
import { encodeMetadata } from '../marshalling/dynamic.js';
import { MarshalError } from '../marshalling/errors.js';
import type { Platform } from '../platform/platform.js';
import type { CallerCounters, CallerEndpoint } from '../request-reply/caller.js';
import { createPendingCall, type PendingCall } from '../request-reply/pending-call.js';
import { writeRequest } from '../request-reply/request-frame.js';
import type {
  AnyProcedure,
  Caller,
  CallOptions,
  InterfaceDescription,
  Procedure,
} from '../schema/description.js';
import { CallError } from '../schema/errors.js';
import { createCancellation } from './cancellation.js';

export interface Channel extends AsyncDisposable {
  /** The client stub of an interface: an object with a method for each procedure. */
  client<Client>(description: InterfaceDescription<Client, never>): Client;
  /** What the protocol did since the channel was made. */
  stats(): CallerCounters;
  /** Fails the calls that are pending, tells the server what is finished, and lets the sockets go. */
  close(): Promise<void>;
}

export function createChannel(endpoint: CallerEndpoint, platform: Platform): Channel {
  const caller = createCaller(endpoint, platform);
  const close = async () => endpoint.close();
  return {
    client: description => description.createClient(caller),
    stats: () => ({ ...endpoint.counters }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What client stubs stand on. */
function createCaller(endpoint: CallerEndpoint, platform: Platform): Caller {
  const cancellation = createCancellation((number, reason) => endpoint.cancel(number, reason));
  return {
    unary<Arguments extends readonly unknown[], Result>(
      procedure: Procedure<Arguments, Result>,
      values: Arguments,
      options: CallOptions | undefined,
    ): Promise<Result> {
      return new Promise((resolve, reject) => {
        const signals = signalsOf(options);
        const aborted = signals.find(signal => signal.aborted);
        if (endpoint.closed) reject(notExecuted('unavailable', 'the channel is closed'));
        else if (aborted !== undefined)
          reject(notExecuted('cancelled', 'the call was cancelled', aborted.reason));
        else {
          const call = marshal(
            endpoint,
            platform,
            procedure,
            values,
            options,
            resolve as PendingCall['resolve'],
            reject,
          );
          if (call === undefined) return;
          const forget = signals.map(signal => cancellation.watch(signal, call.number));
          if (forget.length > 0)
            call.unlisten = () => {
              for (const each of forget) each();
            };
          endpoint.submit(call);
        }
      });
    },
  };
}

/** A call that is ready to be sent; none when its arguments do not fit, and then it was rejected. */
function marshal(
  endpoint: CallerEndpoint,
  platform: Platform,
  procedure: AnyProcedure,
  values: readonly unknown[],
  options: CallOptions | undefined,
  resolve: PendingCall['resolve'],
  reject: (error: Error) => void,
): PendingCall | undefined {
  const now = platform.clock.now();
  const deadline = options?.deadline ?? procedure.deadline;
  const number = endpoint.takeNumber();
  try {
    if (!(deadline > 0)) throw new MarshalError(`the deadline must be above 0 ms, not ${deadline}`);
    const metadata = options?.metadata === undefined ? undefined : encodeMetadata(options.metadata);
    const frame = writeRequest(procedure, number, values, metadata);
    const deadlineAt = Math.min(now + deadline, options?.parent?.deadline ?? Number.POSITIVE_INFINITY);
    return createPendingCall({ number, procedure, frame, deadlineAt, resolve, reject });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    reject(notExecuted('invalid-argument', `${procedure.interface}.${procedure.name}: ${why}`, error));
    return undefined;
  }
}

function signalsOf(options: CallOptions | undefined): readonly AbortSignal[] {
  if (options === undefined) return [];
  const { signal, parent } = options;
  if (signal !== undefined) return parent === undefined ? [signal] : [signal, parent.signal];
  return parent === undefined ? [] : [parent.signal];
}

function notExecuted(code: CallError['code'], message: string, cause?: unknown): CallError {
  return new CallError(code, message, { outcome: 'not-executed', ...(cause === undefined ? {} : { cause }) });
}
