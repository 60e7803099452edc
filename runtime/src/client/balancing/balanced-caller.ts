/** What client stubs stand on where a channel has several servers: chooses one for each call, and moves calls that may move. */
import type { Clock } from '../../platform/platform.js';
import type { RetryBudget } from '../../request-reply/retry-budget.js';
import type {
  AnyCallOptions,
  AnyProcedure,
  Caller,
  CallOptions,
  Hedge,
  ItemStream,
  Procedure,
} from '../../schema/description.js';
import { CallError, type CallErrorCode } from '../../schema/errors.js';
import { deadlineOf } from '../channel.js';
import type { Backend } from './backend.js';
import { callHedged, checkHedged } from './hedge.js';
import { mayMove, Trail } from './moving.js';
import type { Pool } from './pool.js';

/** Milliseconds before a call goes round all servers once more, doubled each time. */
const firstPause = 50;
const longestPause = 1000;

export interface BalancedCallerOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Of all at-least-once calls that say nothing else. */
  readonly hedge: Hedge | undefined;
  readonly retryBudget: RetryBudget | undefined;
}

export function createBalancedCaller({ pool, clock, hedge, retryBudget }: BalancedCallerOptions): Caller {
  /** A server for a further copy, if there is one and the budget has room for it. */
  const pickOther = (tried: ReadonlySet<Backend>): Backend | undefined =>
    (retryBudget?.withdraw(clock.now()) ?? true) ? pool.pickOther(tried) : undefined;

  /** Makes the call at one server, and notes how that went. */
  const attempt = <Arguments extends readonly unknown[], Result>(
    backend: Backend,
    ...call: UnaryCall<Arguments, Result>
  ): Promise<Result> =>
    backend.caller.unary(...call).then(
      value => {
        pool.succeeded(backend);
        return value;
      },
      (error: unknown) => {
        pool.failed(backend, error);
        throw error;
      },
    );

  /** Makes the call at one server after the other until it has an answer, or may go no further. */
  const callInTurn = async <Arguments extends readonly unknown[], Result>(
    first: Backend,
    deadlineAt: number,
    ...[procedure, values, options]: UnaryCall<Arguments, Result>
  ): Promise<Result> => {
    const trail = new Trail<Backend>();
    const mostAttempts = options?.attempts ?? Number.POSITIVE_INFINITY;
    let backend: Backend | undefined = first;
    let current = options;
    let rounds = 0;
    for (;;) {
      trail.tried.add(backend);
      try {
        return await attempt(backend, procedure, values, current);
      } catch (error) {
        if (!mayMove(procedure.semantics, error)) throw trail.told(error);
        const deadline = deadlineAt - clock.now();
        const attempts = mostAttempts - trail.attempts - error.attempts;
        backend = deadline > 0 && attempts > 0 ? pickOther(trail.tried) : undefined;
        const pause = Math.min(longestPause, firstPause * 2 ** rounds);
        const hasTime = deadline > pause && deadline !== Number.POSITIVE_INFINITY;
        if (backend === undefined && trail.isSent(error) && attempts > 0 && hasTime) {
          // All were silent, and each may be there again: what began and may execute twice has until its deadline.
          await new Promise<void>(resolve => void clock.setTimer(pause, resolve));
          rounds++;
          trail.tried.clear();
          backend = pickOther(trail.tried);
        }
        if (backend === undefined) throw trail.told(error);
        trail.add(error);
        current = { ...options, deadline: deadlineAt - clock.now(), attempts };
      }
    }
  };

  const callNow = <Arguments extends readonly unknown[], Result>(
    ...[procedure, values, options]: UnaryCall<Arguments, Result>
  ): Promise<Result> => {
    if (options?.hedge !== undefined) checkHedged(procedure, options.hedge);
    const first = pool.pick();
    if (pool.size === 1) return first.caller.unary(procedure, values, options);
    const deadlineAt = deadlineOf(procedure, options, clock.now());
    const hedging = options?.hedge ?? (procedure.semantics === 'at-least-once' ? hedge : undefined);
    return withOneReply(options, current => {
      if (hedging === undefined) return callInTurn(first, deadlineAt, procedure, values, current);
      return callHedged({
        hedge: hedging,
        clock,
        signal: options?.signal,
        first,
        pick: pickOther,
        attempt: (backend, signal) =>
          attempt(backend, procedure, values, { ...current, signal, deadline: deadlineAt - clock.now() }),
      });
    });
  };

  /** Calls when the names of the servers are resolved, which may take its time, but no longer than the call may. */
  const callLater = async <Arguments extends readonly unknown[], Result>(
    ...[procedure, values, options]: UnaryCall<Arguments, Result>
  ): Promise<Result> => {
    const deadlineAt = deadlineOf(procedure, options, clock.now());
    await whileResolving(pool.resolver.resolve(), procedure, clock, deadlineAt, options?.signal);
    const deadline = deadlineAt - clock.now();
    if (!(deadline > 0)) throw tooLate(procedure);
    return callNow(procedure, values, { ...options, deadline });
  };

  /** A stream goes to one server, which is chosen when it begins, and stays there. */
  const stream = <Item>(open: (caller: Caller) => ItemStream<Item>): ItemStream<Item> => {
    let opened: ItemStream<Item> | undefined;
    const openNow = (): ItemStream<Item> => {
      opened ??= open(pool.pick().caller);
      return opened;
    };
    const isReady = () => pool.resolver.ready || pool.closed;
    const openLater = async (): Promise<ItemStream<Item>> => {
      if (!isReady()) await pool.resolver.resolve();
      return openNow();
    };
    return {
      [Symbol.asyncIterator]: () => (isReady() ? openNow()[Symbol.asyncIterator]() : delegate(openLater)),
      batches: () => (isReady() ? openNow().batches() : delegate(async () => (await openLater()).batches())),
    };
  };

  return {
    unary(...call) {
      if (!pool.resolver.ready && !pool.closed) return callLater(...call);
      try {
        return callNow(...call);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    serverStream: (...call) => stream(caller => caller.serverStream(...call)),
    bidiStream: (...call) => stream(caller => caller.bidiStream(...call)),
    async clientStream(...call) {
      if (!pool.resolver.ready && !pool.closed) await pool.resolver.resolve();
      return pool.pick().caller.clientStream(...call);
    },
  };
}

type UnaryCall<Arguments extends readonly unknown[], Result> = [
  procedure: Procedure<Arguments, Result>,
  values: Arguments,
  options: AnyCallOptions | undefined,
];

function whileResolving(
  names: Promise<void>,
  procedure: AnyProcedure,
  clock: Clock,
  deadlineAt: number,
  signal: CallOptions['signal'],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () =>
      end(() => reject(notExecuted(procedure, 'cancelled', 'the call was cancelled', signal?.reason)));
    const timer = clock.setTimer(Math.max(0, deadlineAt - clock.now()), () =>
      end(() => reject(tooLate(procedure))),
    );
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    names.then(
      () => end(resolve),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

function tooLate(procedure: AnyProcedure): CallError {
  return notExecuted(procedure, 'deadline-exceeded', 'no server was found before the deadline');
}

function notExecuted(
  procedure: AnyProcedure,
  code: CallErrorCode,
  message: string,
  cause?: unknown,
): CallError {
  return new CallError(code, `${procedure.interface}.${procedure.name}: ${message}`, {
    outcome: 'not-executed',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Tells the caller of one reply's metadata, though several servers may have answered: that of the last of them. */
function withOneReply<Result>(
  options: AnyCallOptions | undefined,
  call: (options: AnyCallOptions | undefined) => Promise<Result>,
): Promise<Result> {
  const onReply = options?.onReply;
  if (onReply === undefined) return call(options);
  let last: Parameters<typeof onReply> | undefined;
  const keep: typeof onReply = (...reply) => {
    last = reply;
  };
  return call({ ...options, onReply: keep }).finally(() => {
    if (last !== undefined) onReply(...last);
  });
}

/** Iterates over what is there later. */
async function* delegate<Item>(open: () => Promise<AsyncIterable<Item>>): AsyncGenerator<Item> {
  yield* await open();
}
