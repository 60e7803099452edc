/** Hedging: a call that is not answered soon is made at another server too, and the first answer counts. */
import type { Clock, Timer } from '../../platform/platform.js';
import type { AnyProcedure, Hedge } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';
import { Trail } from './moving.js';

/** @throws RangeError */
export function checkedHedge(hedge: Hedge): Hedge {
  const { after, copies } = hedge;
  if (!(after >= 0)) throw new RangeError(`'after' of a hedge must be 0 or more milliseconds, not ${after}`);
  if (!Number.isInteger(copies) || copies < 2)
    throw new RangeError(`'copies' of a hedge must be a whole number of at least 2, not ${copies}`);
  return hedge;
}

/** @throws CallError when a call is to be hedged that must not be executed twice */
export function checkHedged(procedure: AnyProcedure, hedge: Hedge): void {
  const name = `${procedure.interface}.${procedure.name}`;
  const refuse = (message: string): never => {
    throw new CallError('invalid-argument', `${name}: ${message}`, { outcome: 'not-executed' });
  };
  if (procedure.semantics !== 'at-least-once')
    refuse(`a hedged call may execute twice, but the procedure is ${procedure.semantics}`);
  try {
    checkedHedge(hedge);
  } catch (error) {
    refuse((error as RangeError).message);
  }
}

export interface HedgedCall<Server, Result> {
  readonly hedge: Hedge;
  readonly clock: Clock;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
  /** Where the first copy goes. */
  readonly first: Server;
  /** A server that is not among those; undefined when there is none. */
  pick(tried: ReadonlySet<Server>): Server | undefined;
  /** Makes the call at that server; aborting the signal cancels it. */
  attempt(server: Server, signal: AbortSignal): Promise<Result>;
}

/** Rejects when all copies failed, or with the first error that is an answer. */
export function callHedged<Server, Result>(call: HedgedCall<Server, Result>): Promise<Result> {
  const { hedge, clock, signal } = call;
  const trail = new Trail<Server>();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  let running = 0;
  let timer: Timer | undefined;
  let ended = false;

  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      settle();
      controller.abort();
    };

    const onFailure = (error: unknown): void => {
      running--;
      const isAnswer = !(error instanceof CallError) || error.outcome === 'executed';
      if (isAnswer || ended) end(() => reject(error));
      else if (!launchNext() && running === 0) end(() => reject(trail.told(error)));
      else trail.add(error);
    };

    const launch = (server: Server): void => {
      trail.tried.add(server);
      running++;
      call.attempt(server, controller.signal).then(value => end(() => resolve(value)), onFailure);
      if (trail.tried.size < hedge.copies) timer = clock.setTimer(hedge.after, launchNext);
    };

    /** Makes another copy, if there may be one and there is a server for it. */
    const launchNext = (): boolean => {
      timer?.cancel();
      const isOver = ended || controller.signal.aborted || trail.tried.size >= hedge.copies;
      const server = isOver ? undefined : call.pick(trail.tried);
      if (server !== undefined) launch(server);
      return server !== undefined;
    };

    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    launch(call.first);
  });
}
