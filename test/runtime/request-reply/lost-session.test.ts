import { describe, expect, it } from 'vitest';
import { Ending, Ledger } from '../../../generated/testing/ledger/index.js';
import { implement } from '../../../runtime/src/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

describe('a session that the server gave up while the connection lived', () => {
  it('leaves a call unknown whose only copy went over it and may have been executed', async () => {
    const world = simulate({ seed: 1, latency: 5 });
    await world.run(async () => {
      const host = world.host('server');
      let executed = 0;
      const execute = async ({ key, work }: { key: string; work: number }) => {
        executed++;
        await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
        return { key, execution: 1, padding: new Uint8Array() };
      };
      await host.serve({
        listen: 'tcp://server:7000',
        services: [implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note() {} })],
        limits: { lease: 20_000 },
      });
      const client = (await world.host('client').connect('tcp://server:7000')).client(Ledger);
      const job = { key: 'call', work: 100_000, padding: 0, ending: Ending.receipt };
      const call = client.once(job, { deadline: 600_000 }).catch((error: unknown) => error);
      await world.sleep(100);
      expect(executed).toBe(1);
      world.host('client').pause(50_000);
      expect(await call).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
      expect(executed).toBe(1);
    });
  });
});
