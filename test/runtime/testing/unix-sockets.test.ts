import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { Ending, type Job, Ledger } from '../../../generated/testing/ledger/index.js';
import { implement } from '../../../runtime/src/index.js';
import { type Host, simulate } from '../../../runtime/src/testing/index.js';
import { codeOf, watch } from './support.js';

const path = '/run/bank.sock';

const listen = (host: Host, at = path) =>
  host.platform.streams.listen({
    path: at,
    onConnection: socket => {
      socket.onData = chunk => void socket.write(chunk);
    },
  });

const dial = async (host: Host, at = path) =>
  host.platform.streams.connect({ path: at }).then(() => 'connected', codeOf);

describe('a Unix domain socket of a host', () => {
  it('carries bytes both ways, whatever befalls the network', async () => {
    const world = simulate({ loss: 1 });
    const host = world.host('a');
    await world.run(async () => {
      const { address } = await listen(host);
      const socket = await host.platform.streams.connect({ path });
      const { text, log } = watch(socket);
      socket.write(Buffer.from('hello'));
      await world.sleep(10);
      expect(text()).toBe('hello');
      expect([address, socket.local, socket.remote]).toEqual(Array(3).fill({ host: path, port: 0 }));
      expect(world.trace).toContain(`unix ${path}:0 > ${path}:0 5 `);
      world.resetConnections('a', 'a');
      await world.sleep(10);
      expect(log).toEqual(['ECONNRESET']);
    });
  });

  it('is one of that host only', async () => {
    const world = simulate();
    const [a, b] = [world.host('a'), world.host('b')];
    await world.run(async () => {
      await listen(a);
      expect(await dial(a)).toBe('connected');
      expect(await dial(a, 'run/../run/bank.sock')).toBe('connected');
      expect(await dial(b)).toBe('ENOENT');
      await listen(b);
      expect(await dial(b)).toBe('connected');
    });
  });

  it('is taken until it closes, and takes its file with it', async () => {
    const world = simulate();
    const host = world.host('a');
    await world.run(async () => {
      const listener = await listen(host);
      expect(await listen(host).catch(codeOf)).toBe('EADDRINUSE');
      listener.close();
      expect(await dial(host)).toBe('ENOENT');
      await listen(host);
      listener.close();
      expect(await dial(host)).toBe('connected');
    });
  });

  it.each(['crash', 'kill'] as const)('leaves its file behind after a %s, which is replaced', async end => {
    const world = simulate();
    const host = world.host('a');
    await world.run(async () => {
      await listen(host);
      host[end]();
      host.restart();
      expect(await dial(host)).toBe('ECONNREFUSED');
      await listen(host);
      expect(await dial(host)).toBe('connected');
    });
  });
});

describe('a service over a Unix domain socket', () => {
  /** Calls while the connection is reset again and again; returns how often each call was executed. */
  async function play(seed: number) {
    const world = simulate({ seed });
    const host = world.host('machine');
    const executions = new Map<string, number>();
    const execute = async ({ key, work }: Job) => {
      const execution = (executions.get(key) ?? 0) + 1;
      executions.set(key, execution);
      await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
      return { key, execution, padding: Buffer.alloc(1000) };
    };
    const note = async (job: Job) => void (await execute(job));
    const services = [implement(Ledger, { once: execute, atLeastOnce: execute, perhaps: execute, note })];
    await world.run(async () => {
      const server = await host.serve({ listen: `unix:${path}`, services });
      expect(server.addresses).toEqual([`unix:${path}`]);
      const channel = await host.connect(`unix:${path}`);
      const ledger = channel.client(Ledger);
      const calls = Array.from({ length: 20 }, (_, i) =>
        ledger.once({ key: `${i}`, work: i, padding: 0, ending: Ending.receipt }),
      );
      for (let resets = 0; resets < 3; resets++) {
        await world.sleep(10 * host.platform.random.next());
        world.resetConnections('machine', 'machine');
      }
      expect((await Promise.all(calls)).map(({ key }) => key)).toEqual(calls.map((_, i) => `${i}`));
      expect(server.stats().sessions).toBe(1);
      expect(world.now).toBeLessThan(1000);
      await channel.close();
      await server.close();
    });
    return [...executions.values()];
  }

  it.each([1, 2, 3])('executes at-most-once calls once although it breaks, with seed %d', async seed => {
    expect(await play(seed)).toEqual(Array(20).fill(1));
  });

  it('tells why it cannot be reached', async () => {
    const world = simulate();
    await world.run(async () => {
      const channel = await world.host('machine').connect('unix:/nowhere');
      const call = channel.client(Ledger).once({ key: 'a', work: 0, padding: 0, ending: Ending.receipt });
      await expect(call).rejects.toMatchObject({
        outcome: 'not-executed',
        message: expect.stringContaining('unix:/nowhere'),
      });
      await channel.close();
    });
  });
});
