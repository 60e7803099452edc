import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LedgerClient, LedgerService } from '../../../generated/testing/ledger/index.js';
import type { CallContext } from '../../../runtime/src/index.js';
import { failure, job, play } from '../ledger.js';

afterEach(() => vi.unstubAllGlobals());

/** A service that works until its signal is aborted, and notes why that was. */
function createWaiting() {
  const aborted: unknown[] = [];
  const contexts: CallContext[] = [];
  const wait: LedgerService['once'] = async ({ key }, ctx) => {
    contexts.push(ctx);
    const { signal } = ctx;
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
    aborted.push(signal.reason);
    return { key, execution: 1, padding: new Uint8Array() };
  };
  return { aborted, contexts, service: { once: wait, atLeastOnce: wait } };
}

const cancelled = expect.objectContaining({ code: 'cancelled' });
const deadlinePassed = expect.objectContaining({ code: 'deadline-exceeded' });

describe("a procedure's signal", () => {
  const ways = (['udp', 'tcp'] as const).flatMap(scheme =>
    (['once', 'atLeastOnce'] as const).map(procedure => ({ scheme, procedure })),
  );

  it.each(ways)('is aborted when the caller cancels: $procedure over $scheme', ({ scheme, procedure }) => {
    const { aborted, service } = createWaiting();
    return play(
      service,
      async ({ client, world }) => {
        const controller = new AbortController();
        const call = failure(client[procedure](job('a'), { signal: controller.signal }));
        await world.sleep(100);
        controller.abort(new Error('no time'));
        expect(await call).toMatchObject({
          code: 'cancelled',
          outcome: 'unknown',
          cause: controller.signal.reason,
        });
        await world.sleep(50);
        expect(aborted).toEqual([cancelled]);
      },
      { scheme },
    );
  });

  it.each(ways)('is aborted when the channel closes: $procedure over $scheme', ({ scheme, procedure }) => {
    const { aborted, service } = createWaiting();
    return play(
      service,
      async ({ client, channel, world }) => {
        const call = failure(client[procedure](job('a')));
        await world.sleep(100);
        await channel.close();
        expect(await call).toMatchObject({ code: 'cancelled', outcome: 'unknown' });
        await world.sleep(50);
        expect(aborted).toEqual([cancelled]);
      },
      { scheme },
    );
  });

  it.each(ways)(
    'is aborted by the deadline, heard of or not: $procedure over $scheme',
    ({ scheme, procedure }) => {
      const { aborted, service } = createWaiting();
      return play(
        service,
        async ({ client, world }) => {
          const call = failure(client[procedure](job('a'), { deadline: 500 }));
          await world.sleep(100);
          world.cut('client', 'server');
          expect(await call).toMatchObject({ code: 'deadline-exceeded', outcome: 'unknown' });
          await world.sleep(50);
          expect(aborted).toEqual([deadlinePassed]);
        },
        { scheme },
      );
    },
  );

  it('is aborted already when it is asked for after the caller cancelled', () => {
    const seen: boolean[] = [];
    let work: (() => Promise<void>) | undefined;
    return play(
      {
        async once({ key }, ctx) {
          await work!();
          seen.push(ctx.signal.aborted);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, world }) => {
        work = () => world.sleep(200);
        const controller = new AbortController();
        const call = failure(client.once(job('a'), { signal: controller.signal }));
        await world.sleep(100);
        controller.abort();
        await call;
        await world.sleep(200);
        expect(seen).toEqual([true]);
      },
    );
  });

  it('is not aborted when the call was answered', () => {
    const { contexts, service } = createWaiting();
    return play(
      {
        ...service,
        once({ key }, ctx) {
          contexts.push(ctx);
          expect(ctx.signal.aborted).toBe(false);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, world }) => {
        await client.once(job('a'), { deadline: 500 });
        await world.sleep(2000);
        expect(contexts[0]!.signal.aborted).toBe(false);
      },
    );
  });

  it('costs nothing until it is asked for', () => {
    let made = 0;
    const { AbortController } = globalThis;
    vi.stubGlobal(
      'AbortController',
      class extends AbortController {
        constructor() {
          super();
          made++;
        }
      },
    );
    const asking: LedgerService['perhaps'] = ({ key }, { signal }) => ({
      key,
      execution: signal.aborted ? 0 : 1,
      padding: new Uint8Array(),
    });
    return play({ perhaps: asking }, async ({ client }) => {
      await client.once(job('a', { work: 20 }));
      await client.atLeastOnce(job('b'), { deadline: 500, metadata: { tenant: 'acme' } });
      expect(made).toBe(0);
      await client.perhaps(job('c'));
      expect(made).toBe(1);
    });
  });
});

describe('cancelling a call', () => {
  it('cancels the calls that it made, and theirs', () => {
    const { aborted, service } = createWaiting();
    let nested: LedgerClient | undefined;
    return play(
      {
        once: (each, parent) =>
          each.key === 'outer'
            ? nested!.once(job('middle'), { parent })
            : nested!.atLeastOnce(job('inner'), { parent }),
        atLeastOnce: service.atLeastOnce,
      },
      async ({ client, nested: connect, world, server }) => {
        nested = await connect();
        const controller = new AbortController();
        const call = failure(client.once(job('outer'), { signal: controller.signal }));
        await world.sleep(100);
        expect(server.stats().running).toBe(3);
        controller.abort();
        expect((await call).code).toBe('cancelled');
        await world.sleep(50);
        expect(aborted).toEqual([cancelled]);
        expect(server.stats().running).toBe(0);
      },
    );
  });
});
