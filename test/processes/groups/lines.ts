/** A program that is talked to in lines: of its standard output, and of its standard input. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export interface Talking {
  readonly pid: number;
  /** What it has said so far. */
  readonly lines: readonly string[];
  say(line: string): void;
  /** Waits until it is so of what it has said; the test's time limit ends the wait. */
  until(isSo: (lines: readonly string[]) => boolean): Promise<void>;
  /** Calls back for each line, those that came before included. */
  onLine(listener: (line: string) => void): void;
  signal(signal: NodeJS.Signals): void;
  /** Settled when the process is gone. */
  readonly gone: Promise<void>;
}

/** Talks to a program until the test is over, which ends it. */
export function talkTo(child: ChildProcess): Talking {
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const gone = once(child, 'exit').then(() => {});
  createInterface({ input: child.stdout! }).on('line', line => {
    lines.push(line);
    for (const listener of [...listeners]) listener(line);
  });
  // It may be gone when something is said to it.
  child.stdin!.on('error', () => {});
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await gone;
  });
  return {
    pid: child.pid!,
    lines,
    say: line => void child.stdin!.write(`${line}\n`),
    until: isSo =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!isSo(lines)) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        gone.then(() => reject(new Error(`the process has ended; it said:\n${lines.join('\n')}`)));
        check();
      }),
    onLine: listener => {
      lines.forEach(listener);
      listeners.add(listener);
    },
    signal: signal => void child.kill(signal),
    gone,
  };
}
