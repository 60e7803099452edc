/** Where an example is played: on this machine, or by its test in a simulated network. */
import { type GroupMember, type JoinOptions, join } from '@convoke/runtime/group';

export type Join = (address: string, options: Omit<JoinOptions, 'platform'>) => Promise<GroupMember>;

export interface Scene {
  /** How the process of this name joins a group. */
  joinAs(name: string): Join;
  /** Shows the reader what happens. */
  show(line: string): void;
}

/**
 * All members are in this process, which a group does not mind; the multicasts stay on this machine. Where the same example
 * is played twice at a time, these are two groups.
 */
export const thisMachine: Scene = {
  joinAs: () => (address, options) => join(address, { ...options, name: `${options.name} ${process.pid}` }),
  show: line => console.log(line),
};

/** Resolves when something has happened: `await heard(3)`, where each happening calls `heard.count()`. */
export function createCounter(): ((times: number) => Promise<void>) & { count(): void } {
  let counted = 0;
  const waiting = new Set<() => void>();
  const reached = (times: number): Promise<void> =>
    new Promise(resolve => {
      const check = (): void => {
        if (counted < times) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return Object.assign(reached, {
    count: () => {
      counted++;
      for (const check of [...waiting]) check();
    },
  });
}
