import { describe, expect, it } from 'vitest';
import { Ending, type Job, Ledger, type LedgerService } from '../../../generated/testing/ledger/index.js';
import { CallError, DeclaredError, implement, type ServeOptions } from '../../../runtime/src/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

const job = (key: string, more: Partial<Job> = {}): Job => ({
  key,
  work: 0,
  padding: 0,
  ending: Ending.receipt,
  ...more,
});

/** A server and a client, 1 ms apart, whose service is the test's. */
async function play(
  service: Partial<LedgerService>,
  body: (parts: Awaited<ReturnType<typeof open>>) => Promise<void>,
  options: Partial<ServeOptions> = {},
): Promise<void> {
  const world = simulate({ seed: 1 });
  await world.run(async () => body(await open(world, service, options)));
}

async function open(
  world: ReturnType<typeof simulate>,
  service: Partial<LedgerService>,
  options: Partial<ServeOptions>,
) {
  const host = world.host('server');
  const executed: string[] = [];
  const receipt = (key: string) => ({ key, execution: 1, padding: new Uint8Array() });
  const work = async ({ key, work }: Job) => {
    executed.push(key);
    await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
    return receipt(key);
  };
  const server = await host.serve({
    listen: 'udp://server:7000',
    services: [implement(Ledger, { once: work, atLeastOnce: work, perhaps: work, note() {}, ...service })],
    onError: () => {},
    ...options,
  });
  const channel = await world.host('client').connect('udp://server:7000');
  return { world, server, channel, client: channel.client(Ledger), executed };
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );

describe('calls beyond those that may run', () => {
  const limits = { runningCalls: 2, queuedCalls: 2 };

  it('wait, and run in the order in which they came', () =>
    play(
      {},
      async ({ client, executed, server }) => {
        const calls = ['a', 'b', 'c', 'd'].map(key => client.once(job(key, { work: 100 })));
        await Promise.all(calls);
        expect(executed).toEqual(['a', 'b', 'c', 'd']);
        expect(server.stats()).toMatchObject({ executed: 4, running: 0, queued: 0 });
      },
      { limits },
    ));

  it('are refused where the queue is full', () =>
    play(
      {},
      async ({ client, executed }) => {
        const calls = ['a', 'b', 'c', 'd'].map(key => client.once(job(key, { work: 100 })));
        expect(await failure(client.once(job('e')))).toMatchObject({
          code: 'resource-exhausted',
          outcome: 'not-executed',
        });
        await Promise.all(calls);
        expect(executed).not.toContain('e');
      },
      { limits },
    ));

  it('are not executed when their deadline passed in the queue', () =>
    play(
      {},
      async ({ world, client, server, executed }) => {
        const running = ['a', 'b'].map(key => client.once(job(key, { work: 500 })));
        await failure(client.once(job('late'), { deadline: 100 }));
        await Promise.all(running);
        await world.sleep(1000);
        expect(executed).toEqual(['a', 'b']);
        expect(server.stats()).toMatchObject({ queued: 0, running: 0 });
      },
      { limits },
    ));

  it('leave the queue when they are cancelled', () =>
    play(
      {},
      async ({ world, client, server, executed }) => {
        const running = ['a', 'b'].map(key => client.once(job(key, { work: 500 })));
        const controller = new AbortController();
        const cancelled = failure(client.once(job('c'), { signal: controller.signal }));
        await world.sleep(100);
        expect(server.stats().queued).toBe(1);
        controller.abort();
        await cancelled;
        await world.sleep(100);
        expect(server.stats().queued).toBe(0);
        await Promise.all(running);
        expect(executed).toEqual(['a', 'b']);
      },
      { limits },
    ));

  it('are refused when the server closes', () =>
    play(
      {},
      async ({ world, client, server }) => {
        const calls = ['a', 'b', 'c'].map(key => failure(client.once(job(key, { work: 500 }))));
        await world.sleep(100);
        await server.close();
        const [, , queued] = await Promise.all(calls);
        expect(queued).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
      },
      { limits },
    ));
});

class Undeclared extends DeclaredError<object> {
  constructor() {
    super('test.v1.Undeclared', {});
  }
}

describe('what a procedure throws', () => {
  it.each([
    { what: 'an error of its own', thrown: () => new TypeError('the password is 123') },
    { what: 'no error at all', thrown: () => 'the password is 123' },
    { what: 'an error that another procedure declares', thrown: () => new Undeclared() },
  ])('and is $what is told to the server alone', async ({ thrown }) => {
    const error = thrown();
    const noted: unknown[] = [];
    await play(
      {
        once: () => {
          throw error;
        },
      },
      async ({ client }) => {
        const told = await failure(client.once(job('a')));
        expect(told).toMatchObject({ code: 'internal', outcome: 'executed' });
        expect(String(told)).not.toContain('password');
      },
      { onError: (...values) => noted.push(values.slice(0, 2)) },
    );
    expect(noted).toEqual([[error, 'convoke.testing.Ledger.once']]);
  });

  it('and is a CallError keeps its code and its words; the outcome is that it was executed', () =>
    play(
      {
        once: () => {
          throw new CallError('not-found', 'there is no such job', { outcome: 'not-executed' });
        },
      },
      async ({ client }) => {
        const told = await failure(client.once(job('a')));
        expect(told).toMatchObject({
          code: 'not-found',
          message: 'there is no such job',
          outcome: 'executed',
        });
      },
    ));

  it('or returns and does not fit its declaration is an internal error', () => {
    const noted: unknown[] = [];
    return play(
      { once: () => ({ key: 7 }) as never },
      async ({ client }) => {
        expect(await failure(client.once(job('a')))).toMatchObject({ code: 'internal', outcome: 'executed' });
        expect(String(noted[0])).toContain('MarshalError');
      },
      { onError: error => noted.push(error) },
    );
  });
});

describe('a context', () => {
  it('tells who called what, which copy, and by when an answer is wanted', () =>
    play(
      {
        once: (_job, ctx) => {
          expect(ctx.attempt).toBe(1);
          expect(ctx.callId).toMatch(/^[0-9a-f]{32}\/1$/);
          expect(ctx.peer.clientId).toBe(ctx.callId.split('/')[0]);
          expect(ctx.peer.address).toMatch(/^udp:/);
          expect(ctx.metadata).toEqual({ tenant: 'acme', retries: 3 });
          // Rounded up on the way, so that the server never gives up before the client.
          expect(ctx.deadline - ctx.clock.now()).toBeGreaterThan(4990);
          expect(ctx.deadline - ctx.clock.now()).toBeLessThanOrEqual(5001);
          return { key: 'a', execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        await client.once(job('a'), { deadline: 5000, metadata: { tenant: 'acme', retries: 3 } });
      },
    ));

  it("aborts its signal when the caller cancels, and when the caller's deadline passes", () => {
    const reasons: unknown[] = [];
    const once: LedgerService['once'] = async ({ key }, ctx) => {
      await new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
      reasons.push((ctx.signal.reason as CallError).code);
      return { key, execution: 1, padding: new Uint8Array() };
    };
    return play({ once }, async ({ world, client }) => {
      const controller = new AbortController();
      const cancelled = failure(client.once(job('a'), { signal: controller.signal }));
      await world.sleep(100);
      controller.abort();
      await cancelled;
      await failure(client.once(job('b'), { deadline: 200 }));
      await world.sleep(100);
      expect(reasons).toEqual(['cancelled', 'deadline-exceeded']);
    });
  });
});
