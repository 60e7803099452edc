/** Messages between real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openEndpoint } from '@convoke/runtime/transport';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../compiler/temporary.js';

const program = fileURLToPath(new URL('./programs/message-echo.mjs', import.meta.url));

const addresses = {
  udp: () => 'udp://127.0.0.1:0',
  tcp: () => 'tcp://127.0.0.1:0',
  unix: () => `unix:${join(temporaryFolder(), 'endpoint.sock')}`,
};

test.each(Object.entries(addresses))(
  'over %s two processes talk, and a port has one receiver',
  async (_, address) => {
    const echo = spawn(process.execPath, [program, address()], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(echo, 'exit');
    try {
      const [to] = (await once(createInterface(echo.stdout), 'line')) as [string];
      await expect(openEndpoint(to)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const endpoint = await openEndpoint(address());
      for (const text of ['one', 'two', 'three']) {
        await endpoint.send(to, Buffer.from(text), { sync: true });
        const { data, from } = await endpoint.receive();
        expect([Buffer.from(data).toString(), from]).toEqual([text.toUpperCase(), to]);
      }
      await endpoint.send(to, Buffer.from('end'), { sync: true });
      // It closed its endpoint and nothing is left to keep it: it ends by itself.
      expect(await ended).toEqual([0, null]);
      await endpoint.close();
    } finally {
      echo.kill();
    }
  },
);
