/** A server at a Unix domain socket: killed, it leaves its file behind, and the next one takes its place. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Ledger } from '../../generated/testing/ledger/index.js';
import { temporaryFolder } from '../compiler/temporary.js';
import { createStage } from './stage.js';

test('a server that was killed starts again at the same socket file', async () => {
  const stage = await createStage();
  const path = join(temporaryFolder(), 'ledger.sock');
  const first = await stage.serve({ unix: path });
  const client = (await stage.connectTo(`unix:${path}`)).client(Ledger);
  await stage.succeed(client, 'once', { padding: 100_000 });

  const endless = 600_000;
  const once = stage.fail(client, 'once', { key: 'once', work: endless });
  const repeated = stage.succeed(client, 'atLeastOnce', { key: 'again', work: endless });
  await stage.executed('once', 'again');
  await first.stop('SIGKILL');
  expect(existsSync(path)).toBe(true);

  const second = await stage.serve({ unix: path, quick: true });
  expect(await once).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
  await repeated;
  await stage.succeed(client, 'once');
  await expect(stage.serve({ unix: path })).rejects.toThrow('EADDRINUSE');
  await second.ask('close');
  expect(existsSync(path)).toBe(false);
  await stage.judge();
});
