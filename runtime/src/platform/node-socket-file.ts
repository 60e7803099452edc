/** The files of Unix domain sockets, which outlive a process that is killed. */
import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';

/**
 * Removes a socket file at which nobody listens any more. Returns whether the path is free now: a live socket and a
 * file of another kind are left alone.
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  try {
    // A connection to a file of another kind is refused too.
    if (!(await lstat(path)).isSocket()) return false;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
  if (!(await isRefused(path))) return false;
  await rm(path, { force: true });
  return true;
}

function isRefused(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', error => resolve(codeOf(error) === 'ECONNREFUSED'));
  });
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
