/** A headless Chromium with a profile of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--remote-debugging-pipe',
];

/** The browser that `CHROMIUM` names, or the first on the path; `undefined` when there is none. */
export function findChromium(): string | undefined {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap(folder => names.map(name => join(folder, name)));
  return [process.env.CHROMIUM, ...onPath].find(path => path !== undefined && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Shows a page until `work` is done.
 *
 * @throws Error with what the browser said, when it ends before
 */
export async function withPage<T>(chromium: string, url: string, work: Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'convoke-chromium-'));
  const browser = spawn(chromium, [...flags, `--user-data-dir=${profile}`, url], {
    // A group of its own, which is ended as a whole. The pipe ends the browser when this process ends.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  let said = '';
  browser.stderr?.on('data', chunk => {
    said += chunk;
  });
  const gone = once(browser, 'close');
  try {
    return await Promise.race([
      work,
      gone.then(([code]) => Promise.reject(new Error(`${chromium} ended with ${code}: ${said}`))),
    ]);
  } finally {
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
    await gone;
    rmSync(profile, { recursive: true, maxRetries: 5 });
  }
}
