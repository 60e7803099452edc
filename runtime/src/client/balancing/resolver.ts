/** Keeps up with the name system: which servers there are now. */
import type { Clock, NameService } from '../../platform/platform.js';
import { CallError } from '../../schema/errors.js';
import { resolveTarget, type ServerAddress, type Target } from './target.js';

/** Milliseconds that lie between two questions at the least, however bad things look. */
const leastInterval = 5000;

/** A name system that does not answer for so many milliseconds is taken for out of reach. */
const patience = 10_000;

export interface ResolverOptions {
  readonly targets: readonly Target[];
  readonly names: NameService;
  readonly clock: Clock;
  /** How old an answer may become before the next call asks again, in milliseconds. */
  readonly interval: number;
  /** Told of all servers that there are, each time; in the order of the targets. */
  onServers(servers: readonly ServerAddress[]): void;
}

export interface Resolver {
  /** Whether any servers are known. */
  readonly ready: boolean;
  /** From when on `refresh` asks again, on the clock's scale. */
  readonly nextAt: number;
  /** Asks for the servers, and waits for the answer. @throws CallError when there is none */
  resolve(): Promise<void>;
  /** Asks if it is time to. The answer comes later; where there is none, what was known stays. */
  refresh(now: number): void;
  /** A server is out of reach: perhaps there are others by now. */
  hurry(): void;
}

/** There is no timer in here: who makes no calls asks for no names. */
export function createResolver(options: ResolverOptions): Resolver {
  const { targets, names, clock, interval, onServers } = options;
  const found: (readonly ServerAddress[] | undefined)[] = targets.map(() => undefined);
  const isFixed = targets.every(({ kind }) => kind === 'address');
  let nextAt = Number.POSITIVE_INFINITY;
  let askedAt = 0;
  let ready = false;
  let running: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    askedAt = clock.now();
    nextAt = askedAt + interval;
    const answers = await Promise.allSettled(
      targets.map((target, index) =>
        found[index] !== undefined && target.kind === 'address' ? found[index] : resolveTarget(target, names),
      ),
    );
    let failure: unknown;
    answers.forEach((answer, index) => {
      if (answer.status === 'fulfilled') found[index] = answer.value;
      else failure = answer.reason;
    });
    const servers = found.flatMap(each => each ?? []);
    if (servers.length === 0) throw noServers(failure);
    ready = true;
    if (isFixed) nextAt = Number.POSITIVE_INFINITY;
    onServers(servers);
  };

  const resolve = (): Promise<void> => {
    running ??= withPatience(ask(), clock).finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    get ready() {
      return ready;
    },
    get nextAt() {
      return nextAt;
    },
    resolve,
    refresh(now) {
      if (now >= nextAt) resolve().catch(() => {});
    },
    hurry() {
      if (!isFixed) nextAt = Math.min(nextAt, askedAt + Math.min(interval, leastInterval));
    },
  };
}

function withPatience(work: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(patience, () =>
      reject(noServers(new Error(`the name system has not answered for ${patience} ms`))),
    );
    work.finally(() => timer.cancel()).then(resolve, reject);
  });
}

function noServers(cause: unknown): CallError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CallError('unavailable', `no server was found: ${why}`, { outcome: 'not-executed', cause });
}
