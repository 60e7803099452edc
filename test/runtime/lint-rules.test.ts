import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files as they must not be, each with what the linter must say of it: nothing, or the lines that it refuses. */
const files: Record<string, readonly [line: string, complaint: string | null][]> = {
  'runtime/src/transport/clock.ts': [
    ["import { createSocket } from 'node:dgram';", 'Sockets and timers'],
    ["import type { Socket } from 'net';", 'Sockets and timers'],
    ["import type { WebSocket as Web } from 'ws';", 'Sockets and timers'],
    ["export const web = new globalThis.WebSocket('ws://host');", 'Time and randomness'],
    ["export { setTimeout as wait } from 'node:timers/promises';", 'Sockets and timers'],
    ["export const tls = await import('node:tls');", 'Sockets and timers'],
    ["import { createHmac, randomBytes } from 'node:crypto';", 'Time and randomness'],
    ['export const random = Math.random;', 'Time and randomness'],
    ['export const id = randomBytes(16);', 'Time and randomness'],
    ['export const now = Date.now();', 'Time and randomness'],
    ['export const today = new Date();', 'Time and randomness'],
    ['export const elapsed = performance.now();', 'Time and randomness'],
    ['setTimeout(() => {}, 1);', 'Time and randomness'],
    ['globalThis.setInterval(() => {}, 1);', 'Time and randomness'],
    ['process.nextTick(() => {});', 'Time and randomness'],
    ['queueMicrotask(() => {});', 'Time and randomness'],
    ['export const time = new Date(5).getTime();', null],
    ["export const seal = createHmac('sha256', 'key');", null],
    ['export type Sockets = [typeof createSocket, Socket];', null],
  ],
  'runtime/src/platform/node-clock.ts': [
    ['export const now = (): number => performance.now() + Date.now() + Math.random();', null],
    ["export * from 'node:dgram';", null],
  ],
  'runtime/src/platform/browser-clock.ts': [
    ['export const now = (): number => performance.now() + Date.now() + Math.random();', null],
  ],
  'runtime/src/testing/scheduler.ts': [['setImmediate(() => {});', null]],
  'runtime/src/testing/network.ts': [['export const loss = Math.random();', 'Time and randomness']],
  'runtime/src/transport/layers.ts': [
    ["export * from '../platform/platform.js';", null],
    ["export * from './udp.js';", null],
    ["export * from '../request-reply/caller.js';", 'noRestrictedImports'],
    ["export * from '../messages/index.js';", 'noRestrictedImports'],
    ["export type * from '../client/connect.js';", 'noRestrictedImports'],
    ["export * from '../testing/index.js';", 'noRestrictedImports'],
    ["export * from '../index.js';", 'noRestrictedImports'],
    ["export * from 'msgpackr';", null],
    ["export * from 'chevrotain';", 'noUndeclaredDependencies'],
    ["export * from '@convoke/compiler';", 'noUndeclaredDependencies'],
  ],
  'runtime/src/messages/layers.ts': [
    ["export * from '../transport/udp.js';", null],
    ["export * from '../marshalling/reader.js';", null],
    ["export * from '../request-reply/caller.js';", 'noRestrictedImports'],
    ["export * from '../schema/errors.js';", 'noRestrictedImports'],
    ["export * from '../testing/index.js';", 'noRestrictedImports'],
  ],
  'runtime/src/streaming/layers.ts': [
    ["export * from '../request-reply/caller.js';", null],
    ["export * from '../server/serve.js';", 'noRestrictedImports'],
  ],
  'runtime/src/server/layers.ts': [
    ["export * from '../streaming/produce.js';", null],
    ["export * from '../opentelemetry/index.js';", 'noRestrictedImports'],
  ],
  'runtime/src/opentelemetry/layers.ts': [
    ["export * from '../client/channel.js';", null],
    ["export * from '@opentelemetry/api';", null],
    ["export * from '../index.js';", 'noRestrictedImports'],
  ],
  'runtime/src/testing/world.ts': [["export * from '../client/connect.js';", null]],
  'compiler/src/model/deep/layers.ts': [
    ["export * from '../../source/span.js';", null],
    ["export * from '../../check/check.js';", 'noRestrictedImports'],
    ["export * from '../../engine/compile.js';", 'noRestrictedImports'],
  ],
  'compiler/src/emit/one.ts': [
    ["import type { Other } from './other.js';", 'noImportCycles'],
    ['export type One = Other | 1;', null],
  ],
  'compiler/src/emit/other.ts': [
    ["import type { One } from './one.js';", 'noImportCycles'],
    ['export type Other = One | 2;', null],
  ],
};

interface Diagnostic {
  readonly category: string;
  readonly message: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

function lint(folder: string): Promise<readonly Diagnostic[]> {
  const options = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', '.'];
  return new Promise((resolve, reject) => {
    execFile(join(root, 'node_modules/.bin/biome'), options, { cwd: folder }, (_, stdout, stderr) => {
      const output = /\{.*"diagnostics".*\}/s.exec(stdout)?.[0];
      if (output) resolve(JSON.parse(output).diagnostics);
      else reject(new Error(`biome printed no report: ${stdout}${stderr}`));
    });
  });
}

it('the linter keeps the direction of imports, and all but the Platform from clocks, randomness and sockets', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'convoke-lint-'));
  try {
    for (const part of [
      'biome.json',
      '.ci',
      'package.json',
      'runtime/package.json',
      'compiler/package.json',
    ]) {
      await cp(join(root, part), join(folder, part), { recursive: true });
    }
    for (const [path, lines] of Object.entries(files)) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), lines.map(([line]) => `${line}\n`).join(''));
    }
    const found = (await lint(folder)).map(({ category, message, location }) => ({
      at: `${location.path}:${location.start.line}`,
      complaint: `${category} ${message}`,
    }));
    const expected = Object.entries(files).flatMap(([path, lines]) =>
      lines.flatMap(([, complaint], index) =>
        complaint === null
          ? []
          : [{ at: `${path}:${index + 1}`, complaint: expect.stringContaining(complaint) }],
      ),
    );
    expect(found).toEqual(expect.arrayContaining(expected));
    const places = (list: readonly { at: string }[]) => [...new Set(list.map(({ at }) => at))].sort();
    expect(places(found)).toEqual(places(expected));
  } finally {
    await rm(folder, { recursive: true });
  }
});
