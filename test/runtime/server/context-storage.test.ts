import { describe, expect, it } from 'vitest';
import { feedProcedures, type LedgerClient } from '../../../generated/testing/ledger/index.js';
import { type CallContext, currentContext, type Metadata } from '../../../runtime/src/index.js';
import type { ItemSource } from '../../../runtime/src/schema/description.js';
import { inheriting } from '../../../runtime/src/server/context-storage.js';
import { failure, job, play } from '../ledger.js';

const serve = { inheritContext: true };
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' };

describe('a server that keeps contexts', () => {
  it('gives each procedure its own, also behind an await and beside others', () => {
    const seen: boolean[] = [];
    let work: ((key: string) => Promise<void>) | undefined;
    return play(
      {
        async once({ key }, ctx) {
          seen.push(currentContext() === ctx);
          await work!(key);
          seen.push(currentContext() === ctx);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, world }) => {
        work = key => world.sleep(key === 'slow' ? 200 : 50);
        await Promise.all(['slow', 'fast', 'other'].map(key => client.once(job(key))));
        expect(seen).toEqual(Array.from({ length: 6 }, () => true));
        expect(currentContext()).toBeUndefined();
      },
      { serve },
    );
  });

  it('has nested calls inherit deadline, cancellation and trace', () => {
    const contexts: CallContext[] = [];
    let nested: LedgerClient | undefined;
    let innerAborted = false;
    return play(
      {
        async once({ key }, ctx) {
          contexts.push(ctx);
          return nested!.atLeastOnce(job(key));
        },
        async atLeastOnce({ key }, ctx) {
          contexts.push(ctx);
          await new Promise<void>(resolve => {
            ctx.signal.addEventListener('abort', () => {
              innerAborted = true;
              resolve();
            });
          });
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, nested: connect, world }) => {
        nested = await connect();
        const controller = new AbortController();
        const outer = failure(
          client.once(job('a'), {
            deadline: 5000,
            signal: controller.signal,
            metadata: { ...trace, tenant: 'acme' },
          }),
        );
        await world.sleep(100);
        const [first, second] = contexts as [CallContext, CallContext];
        // Rounded up on the way.
        expect(Math.abs(second.deadline - first.deadline)).toBeLessThanOrEqual(2);
        expect(second.metadata).toEqual(trace);
        controller.abort();
        expect((await outer).code).toBe('cancelled');
        await world.sleep(100);
        expect(innerAborted).toBe(true);
      },
      { serve },
    );
  });

  it('leaves a nested call alone that names no parent on purpose', () => {
    let nested: LedgerClient | undefined;
    const inner: Metadata[] = [];
    return play(
      {
        once: ({ key }) => nested!.atLeastOnce(job(key), { parent: null }),
        atLeastOnce({ key }, { metadata }) {
          inner.push(metadata);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, nested: connect }) => {
        nested = await connect();
        await client.once(job('a'), { metadata: trace });
        expect(inner).toEqual([{}]);
      },
      { serve },
    );
  });

  it('has the context around a generator, whoever asks for its items', async () => {
    const context = { callId: 'a' } as CallContext;
    const seen: unknown[] = [];
    const entry = inheriting({
      procedure: feedProcedures.watch,
      async *invoke() {
        try {
          for (;;) {
            seen.push(currentContext());
            await Promise.resolve();
            seen.push(currentContext());
            yield 1;
          }
        } finally {
          seen.push(currentContext());
        }
      },
    });
    const items = (await entry.invoke([], context)) as ItemSource<unknown>;
    for await (const _ of items) if (seen.length >= 4) break;
    expect(seen).toEqual([context, context, context, context, context]);
  });

  it('takes a list for a stream', async () => {
    const entry = inheriting({ procedure: feedProcedures.watch, invoke: () => [1, 2] });
    const items: unknown[] = [];
    for await (const item of (await entry.invoke([], {} as CallContext)) as ItemSource<unknown>)
      items.push(item);
    expect(items).toEqual([1, 2]);
  });
});

describe('a server that was not told to', () => {
  it('keeps none', () => {
    const seen: unknown[] = [];
    return play(
      {
        once({ key }) {
          seen.push(currentContext());
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        await client.once(job('a'));
        expect(seen).toEqual([undefined]);
      },
    );
  });
});

describe('a nested call with a parent', () => {
  it('hands on the trace, and no other metadata', () => {
    let nested: LedgerClient | undefined;
    const inner: Metadata[] = [];
    return play(
      {
        async once({ key }, parent) {
          await nested!.atLeastOnce(job(key), { parent });
          await nested!.atLeastOnce(job(key), { parent, metadata: { own: true } });
          return nested!.atLeastOnce(job(key), { parent, metadata: { traceparent: 'of its own' } });
        },
        atLeastOnce({ key }, { metadata }) {
          inner.push(metadata);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client, nested: connect }) => {
        nested = await connect();
        await client.once(job('a'), { metadata: { ...trace, tenant: 'acme' } });
        expect(inner).toEqual([trace, { ...trace, own: true }, { traceparent: 'of its own' }]);
        inner.length = 0;
        await client.once(job('b'), { metadata: { tracestate: 'alone', tenant: 'acme' } });
        expect(inner).toEqual([{}, { own: true }, { traceparent: 'of its own' }]);
      },
    );
  });
});
