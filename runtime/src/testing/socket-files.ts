import { posix } from 'node:path';
import { systemError } from './errors.js';
import { getOrAdd } from './get-or-add.js';
import type { Machine } from './topology.js';

/** The socket files on each machine. A file outlives the program that listened at it, as on a real machine. */
export interface SocketFiles<Socket extends { isOpen: boolean }> {
  /** Creates a file, or replaces one at which nobody listens. @throws a system error with `code` EADDRINUSE */
  bind(machine: Machine, path: string, socket: Socket): void;
  /** @throws a system error with `code`: ENOENT, ECONNREFUSED */
  find(machine: Machine, path: string): Socket;
  remove(machine: Machine, path: string): void;
  /** Closes what the program listens at, and leaves the files. */
  clear(machine: Machine): void;
}

export function createSocketFiles<Socket extends { isOpen: boolean }>(): SocketFiles<Socket> {
  const files = new Map<Machine, Map<string, Socket>>();
  const of = (machine: Machine): Map<string, Socket> => getOrAdd(files, machine, () => new Map());
  /** Each machine's programs work in its root. */
  const absolute = (path: string): string => posix.resolve('/', path);

  return {
    bind: (machine, path, socket) => {
      const known = of(machine).get(absolute(path));
      if (known?.isOpen) throw systemError('listen', 'EADDRINUSE', `address already in use ${path}`);
      of(machine).set(absolute(path), socket);
    },
    find: (machine, path) => {
      const known = of(machine).get(absolute(path));
      if (!known?.isOpen) throw systemError('connect', known ? 'ECONNREFUSED' : 'ENOENT', path);
      return known;
    },
    remove: (machine, path) => void of(machine).delete(absolute(path)),
    clear: machine => {
      for (const socket of of(machine).values()) socket.isOpen = false;
    },
  };
}
