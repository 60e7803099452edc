/** Child processes that do as they are told: a program offers duties, and its parent asks for them over IPC. */
import { type ChildProcess, fork } from 'node:child_process';

/** What a program can be asked for. Arguments and results are structured-cloned. */
// biome-ignore lint/suspicious/noExplicitAny: each program's duties have arguments of their own
export type Duties = Readonly<Record<string, (argument: any) => unknown>>;

export interface Program<D extends Duties> {
  readonly pid: number;
  /** Rejects with what the duty threw, or when the process ends before it answers. */
  ask<Name extends keyof D & string>(
    duty: Name,
    ...argument: Parameters<D[Name]>
  ): Promise<Awaited<ReturnType<D[Name]>>>;
  /** Settled when the process is gone, for whatever reason. */
  readonly gone: Promise<void>;
  /** Ends the process and waits until it is gone. `SIGKILL` gives it no chance to say a word. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Question {
  readonly id: number;
  readonly duty: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** What a program says unasked. */
interface News {
  readonly news: unknown;
}

/**
 * Starts a program that calls `offer`.
 *
 * @param hear called with what the program tells
 */
export function startProgram<D extends Duties>(
  path: URL,
  hear: (news: never) => void = () => {},
): Program<D> {
  const child = fork(path, { serialization: 'advanced' });
  const waiting = new Map<number, (answer: Answer) => void>();
  const gone = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      const error = `the process ended before it answered (${signal ?? `exit code ${code}`})`;
      for (const [id, settle] of waiting) settle({ id, error });
      resolve();
    });
  });
  child.on('message', (message: Answer | News) => {
    if ('news' in message) hear(message.news as never);
    else waiting.get(message.id)?.(message);
  });
  let asked = 0;

  return {
    pid: child.pid ?? 0,
    gone,
    ask: (duty, argument?: unknown) =>
      new Promise((resolve, reject) => {
        const id = ++asked;
        waiting.set(id, ({ value, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(value as never);
          else reject(new Error(`${path.pathname.split('/').at(-1)}, ${duty}: ${error}`));
        });
        if (hasEnded(child)) waiting.get(id)?.({ id, error: 'the process has ended' });
        else child.send({ id, duty, argument } satisfies Question);
      }),
    async stop(signal = 'SIGTERM') {
      if (!hasEnded(child)) child.kill(signal);
      await gone;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Offers duties to the process that started this one, and ends with it. */
export function offer(duties: Duties): void {
  process.on('message', async ({ id, duty, argument }: Question) => {
    let answer: Answer;
    try {
      answer = { id, value: await duties[duty]?.(argument) };
    } catch (error) {
      answer = { id, error: error instanceof Error ? error.message : String(error) };
    }
    process.send?.(answer);
  });
  process.once('disconnect', () => process.exit());
}

/** Tells the process that started this one something that it did not ask for. */
export function tell(news: unknown): void {
  process.send?.({ news } satisfies News);
}
