/** Drains a server: new calls are refused, and what came before is finished, answered and acknowledged. */
import type { Clock } from '../platform/platform.js';

/** How long a server may take to finish what it has begun. */
export interface DrainOptions {
  /** Milliseconds after which the wait ends, whatever is left. Default: none. */
  readonly timeout?: number;
}

/** What a drain needs of a server. */
export interface Draining {
  refuseNewCalls(): void;
  /** Whether procedures run, or calls wait for their turn. */
  isBusy(): boolean;
  /** Makes a test of whether every reply and refusal that is kept at this moment has gone since. */
  watchReplies(): () => boolean;
  isClosed(): boolean;
}

/** Milliseconds. Looking now and then costs the calls nothing, as being told of each end and acknowledgement would. */
const interval = 10;

/** @throws RangeError when the timeout is not a number of milliseconds */
export async function drain(clock: Clock, server: Draining, options: DrainOptions = {}): Promise<void> {
  const { timeout = Number.POSITIVE_INFINITY } = options;
  if (typeof timeout !== 'number' || !(timeout >= 0))
    throw new RangeError(`the timeout of a drain must be 0 or more milliseconds, not ${timeout}`);
  server.refuseNewCalls();
  const until = clock.now() + timeout;
  const waitWhile = async (isLeft: () => boolean): Promise<void> => {
    while (!server.isClosed() && isLeft()) {
      const rest = until - clock.now();
      if (rest <= 0) return;
      await new Promise<void>(resolve => void clock.setTimer(Math.min(interval, rest), resolve));
    }
  };
  await waitWhile(() => server.isBusy());
  // Who calls on and on is refused on and on: refusals from here on are not waited for, or there might be no end.
  const areGone = server.watchReplies();
  await waitWhile(() => !areGone());
}
