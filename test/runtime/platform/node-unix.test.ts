import { Buffer } from 'node:buffer';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodePlatform } from '../../../runtime/src/platform/node.js';
import type { StreamSocket } from '../../../runtime/src/platform/platform.js';
import { temporaryFolder } from '../../compiler/temporary.js';

const { streams } = nodePlatform;
let path = '';
let opened: { close(): void }[] = [];

beforeEach(() => {
  path = join(temporaryFolder(), 'socket');
});

afterEach(() => {
  for (const each of opened) each.close();
  opened = [];
});

/** Listens, and answers with what comes. */
async function listen(at = path) {
  const accepted: StreamSocket[] = [];
  const listener = await streams.listen({
    path: at,
    onConnection: socket => {
      accepted.push(socket);
      socket.onData = chunk => void socket.write(chunk);
    },
  });
  opened.push(listener);
  return { listener, accepted };
}

/** Connects, sends, and waits for what comes back. */
async function exchange(text: string) {
  const socket = await streams.connect({ path });
  const answer = new Promise<string>(resolve => {
    socket.onData = chunk => resolve(chunk.toString());
  });
  socket.write(Buffer.from(text));
  try {
    return { socket, answer: await answer };
  } finally {
    socket.destroy();
  }
}

/** Leaves a socket file behind, as a process does that is killed. */
async function leaveFile(): Promise<void> {
  const elsewhere = `${path}-elsewhere`;
  const { listener } = await listen(elsewhere);
  renameSync(elsewhere, path);
  listener.close();
}

describe('a Unix domain socket', () => {
  it('carries bytes both ways, and has its path for an address at both ends', async () => {
    const { listener, accepted } = await listen();
    const { socket, answer } = await exchange('hello');
    expect(answer).toBe('hello');
    const address = { host: path, port: 0 };
    expect([listener, socket, accepted[0]]).toMatchObject([
      { address },
      { local: address, remote: address },
      { local: address, remote: address },
    ]);
  });

  it('may be named by a path from the working directory', async () => {
    await listen(relative(process.cwd(), path));
    expect((await exchange('hello')).answer).toBe('hello');
  });

  it('takes its file with it when it closes', async () => {
    const { listener } = await listen();
    expect(existsSync(path)).toBe(true);
    listener.close();
    expect(existsSync(path)).toBe(false);
    await expect(streams.connect({ path })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('replaces a file at which nobody listens any more', async () => {
    await leaveFile();
    await expect(streams.connect({ path })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await listen();
    expect((await exchange('hello')).answer).toBe('hello');
  });

  it('is not taken from a server that listens', async () => {
    await listen();
    await expect(listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect((await exchange('hello')).answer).toBe('hello');
  });

  it('does not replace a file of another kind', async () => {
    writeFileSync(path, 'precious');
    await expect(listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('rejects with the system’s code where there is no such folder', async () => {
    await expect(listen(join(path, 'below'))).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
  });
});
