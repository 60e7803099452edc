import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { Ending, Feed, type Item, Ledger, Refused } from '../../../generated/testing/ledger/index.js';
import { CallError, implement, type Metadata } from '../../../runtime/src/index.js';
import { tracing } from '../../../runtime/src/opentelemetry/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';
import { bears } from '../../simulation/wire.js';
import { failure, job, play, type Settings } from '../ledger.js';
import { idOf, parentOf, recordSpans } from './recorded-spans.js';

const once = 'convoke.testing.Ledger/once';

describe('a call', () => {
  const { span, spans, traced, tracer } = recordSpans({ managesContext: true });

  it('has a span on each side, the one the parent of the other, named as the conventions say', () =>
    play(
      {},
      async ({ client }) => {
        await tracer.startActiveSpan('page', async page => {
          await client.once(job('a'));
          page.end();
        });
        const [atServer, atClient, page] = spans();
        expect(spans()).toHaveLength(3);
        expect(parentOf(atServer!)).toBe(idOf(atClient!));
        expect(parentOf(atClient!)).toBe(idOf(page!));
        expect(atClient).toMatchObject({
          name: once,
          kind: SpanKind.CLIENT,
          status: { code: SpanStatusCode.UNSET },
          attributes: {
            'rpc.system.name': 'convoke',
            'rpc.method': once,
            'rpc.response.status_code': 'ok',
            'server.address': '10.0.0.1',
            'server.port': 7000,
            'convoke.semantics': 'at-most-once',
            'convoke.outcome': 'executed',
            'convoke.attempts': 1,
          },
        });
        expect(atServer).toMatchObject({
          name: once,
          kind: SpanKind.SERVER,
          status: { code: SpanStatusCode.UNSET },
          attributes: {
            'rpc.system.name': 'convoke',
            'rpc.method': once,
            'rpc.response.status_code': 'ok',
            'client.address': '10.0.0.2',
            'convoke.semantics': 'at-most-once',
            'convoke.attempt': 1,
          },
        });
        expect(atClient!.attributes).not.toHaveProperty('error.type');
      },
      traced,
    ));

  it('carries its trace beside metadata of the caller, who is told of the reply as before', () => {
    const seen: Metadata[] = [];
    return play(
      {
        once({ key }, ctx) {
          seen.push(ctx.metadata);
          ctx.replyMetadata = { node: 'b' };
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        const told: unknown[] = [];
        await client.once(job('a'), {
          metadata: { tenant: 't' },
          onReply: (metadata, reply) => told.push(metadata, reply),
        });
        const { traceId, spanId } = span(SpanKind.CLIENT, once).spanContext();
        expect(seen).toEqual([{ tenant: 't', traceparent: `00-${traceId}-${spanId}-01` }]);
        expect(told).toEqual([{ node: 'b' }, { attempts: 1, peer: 'udp://10.0.0.1:7000' }]);
      },
      traced,
    );
  });

  it('that is sent again is one call with one execution', () =>
    play(
      {},
      async ({ client, world }) => {
        let lost = 0;
        world.intercept(packet => (bears(packet, 'request') && lost++ < 2 ? 'drop' : undefined));
        await client.once(job('a'));
        expect(spans()).toHaveLength(2);
        expect(span(SpanKind.CLIENT, once).attributes['convoke.attempts']).toBe(3);
        expect(span(SpanKind.SERVER, once).attributes['convoke.attempt']).toBe(3);
      },
      traced,
    ));

  it('that throws a declared error failed for the client, and not for the server', () =>
    play(
      {
        once({ key }) {
          throw new Refused({ key, execution: 1 });
        },
      },
      async ({ client }) => {
        await expect(client.once(job('a', { ending: Ending.refused }))).rejects.toThrow();
        const code = 'convoke.testing.Refused';
        expect(span(SpanKind.CLIENT, once)).toMatchObject({
          status: { code: SpanStatusCode.ERROR },
          attributes: {
            'rpc.response.status_code': code,
            'error.type': code,
            'convoke.outcome': 'executed',
            'convoke.attempts': 1,
          },
        });
        expect(span(SpanKind.SERVER, once)).toMatchObject({
          status: { code: SpanStatusCode.UNSET },
          attributes: { 'rpc.response.status_code': code },
        });
      },
      traced,
    ));

  it('that fails in a way that nobody declared is recorded with its exception at the server', () =>
    play(
      {
        once() {
          throw new Error('the disk is full');
        },
      },
      async ({ client }) => {
        await failure(client.once(job('a')));
        const failed = {
          status: { code: SpanStatusCode.ERROR },
          attributes: { 'rpc.response.status_code': 'internal', 'error.type': 'internal' },
        };
        expect(span(SpanKind.CLIENT, once)).toMatchObject(failed);
        expect(span(SpanKind.CLIENT, once).events).toEqual([]);
        expect(span(SpanKind.SERVER, once)).toMatchObject(failed);
        expect(span(SpanKind.SERVER, once).events).toMatchObject([
          { name: 'exception', attributes: { 'exception.message': 'the disk is full' } },
        ]);
      },
      traced,
    ));

  it.each([
    ['not-found', SpanStatusCode.UNSET],
    ['data-loss', SpanStatusCode.ERROR],
  ] as const)('that fails with %s has status %i at the server, whose fault it is or not', (code, status) =>
    play(
      {
        once() {
          throw new CallError(code, 'so it is', { outcome: 'executed' });
        },
      },
      async ({ client }) => {
        await failure(client.once(job('a')));
        expect(span(SpanKind.SERVER, once).status.code).toBe(status);
        expect(span(SpanKind.CLIENT, once).status).toEqual({
          code: SpanStatusCode.ERROR,
          message: 'so it is',
        });
      },
      traced,
    ),
  );

  it('that nobody answers says what is known of it', () =>
    play(
      {},
      async ({ client, world }) => {
        await client.once(job('a'));
        world.cut('server', 'client');
        await failure(client.atLeastOnce(job('b'), { deadline: 500 }));
        const { attributes } = span(SpanKind.CLIENT, 'convoke.testing.Ledger/atLeastOnce');
        expect(attributes).toMatchObject({ 'error.type': 'deadline-exceeded', 'convoke.outcome': 'unknown' });
        expect(attributes['convoke.attempts']).toBeGreaterThan(1);
        await client.perhaps(job('c'), { deadline: 500 });
        const unanswered = span(SpanKind.CLIENT, 'convoke.testing.Ledger/perhaps');
        expect(unanswered.attributes).toMatchObject({
          'rpc.response.status_code': 'ok',
          'convoke.outcome': 'unknown',
        });
      },
      traced,
    ));

  it('over a Unix domain socket has the path for an address', async () => {
    const world = simulate({ seed: 1 });
    const host = world.host('a');
    await world.run(async () => {
      const work = () => ({ key: 'a', execution: 1, padding: new Uint8Array() });
      await host.serve({
        listen: 'unix:/run/ledger.sock',
        services: [implement(Ledger, { once: work, atLeastOnce: work, perhaps: work, note() {} })],
      });
      const channel = await host.connect('unix:/run/ledger.sock', traced.connect);
      await channel.client(Ledger).once(job('a'));
    });
    const { attributes } = span(SpanKind.CLIENT, once);
    expect(attributes['server.address']).toBe('/run/ledger.sock');
    expect(attributes).not.toHaveProperty('server.port');
  });
});

/** A call whose procedure makes another one. */
const nesting = (parent: 'named' | 'active', settings: Settings, check: () => void): Promise<void> => {
  let inner: ReturnType<typeof Ledger.createClient>;
  return play(
    {
      once: async ({ key }, ctx) => {
        await inner.atLeastOnce(job(key), parent === 'named' ? { parent: ctx } : {});
        return { key, execution: 1, padding: new Uint8Array() };
      },
    },
    async ({ client, world }) => {
      const channel = await world.host('server').connect('udp://server:7000', settings.connect);
      inner = channel.client(Ledger);
      await client.once(job('a'));
      check();
    },
    settings,
  );
};

describe('a nested call', () => {
  const { span, spans, traced } = recordSpans({ managesContext: true });

  it('has the span of the call that it serves for a parent', () =>
    nesting('active', traced, () => {
      expect(spans()).toHaveLength(4);
      const nested = span(SpanKind.CLIENT, 'convoke.testing.Ledger/atLeastOnce');
      expect(parentOf(nested)).toBe(idOf(span(SpanKind.SERVER, once)));
      expect(parentOf(span(SpanKind.SERVER, 'convoke.testing.Ledger/atLeastOnce'))).toBe(idOf(nested));
      const traces = new Set(spans().map(each => each.spanContext().traceId));
      expect(traces.size).toBe(1);
    }));
});

describe('a nested call where nothing manages contexts', () => {
  const { span, traced } = recordSpans({ managesContext: false });
  const check = () => {
    const nested = span(SpanKind.CLIENT, 'convoke.testing.Ledger/atLeastOnce');
    expect(parentOf(nested)).toBe(idOf(span(SpanKind.SERVER, once)));
  };

  it('finds its parent by `parent`', () => nesting('named', traced, check));

  it('finds its parent by the current context', () =>
    nesting('active', { ...traced, serve: { ...traced.serve, inheritContext: true } }, check));
});

describe('where no provider is registered', () => {
  const { client, server } = tracing();
  const traced = { serve: { interceptors: [server] }, connect: { interceptors: [client] } };

  it('calls are made as without tracing', () =>
    play(
      {
        once({ key }, ctx) {
          expect(ctx.metadata).toEqual({});
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        expect(await client.once(job('a'))).toMatchObject({ key: 'a' });
      },
      traced,
    ));
});

describe('a stream', () => {
  const { span, spans, traced } = recordSpans({ managesContext: true });
  const streamJob = (count: number, ending: Ending = Ending.receipt) => ({
    key: 'stream',
    count,
    padding: 0,
    ending,
    interval: 0,
  });
  const inSpan: (string | undefined)[] = [];
  async function* items(count: number, ending: Ending = Ending.receipt): AsyncIterable<Item> {
    for (let sequence = 0; sequence < count; sequence++) {
      await Promise.resolve();
      inSpan.push(trace.getSpan(context.active())?.spanContext().spanId);
      yield { sequence, padding: new Uint8Array() };
    }
    if (ending === Ending.refused) throw new Refused({ key: 'stream', execution: 1 });
  }
  const playFeed = async (body: (client: ReturnType<typeof Feed.createClient>) => Promise<void>) => {
    const world = simulate({ seed: 1 });
    await world.run(async () => {
      await world.host('server').serve({
        listen: 'udp://server:7000',
        ...traced.serve,
        services: [
          implement(Feed, {
            watch: ({ count, ending }) => items(count, ending),
            async load({ key }, received) {
              let count = 0;
              for await (const _ of received) count++;
              return { key, execution: 1, count, bytes: 0n };
            },
            talk: (_, received) => received,
          }),
        ],
      });
      const channel = await world.host('client').connect('udp://server:7000', traced.connect);
      await body(channel.client(Feed));
      await world.sleep(1000);
    });
  };
  const watch = 'convoke.testing.Feed/watch';

  it('is within one span on each side, to its end; so is what produces it', () =>
    playFeed(async client => {
      inSpan.length = 0;
      for await (const { sequence } of client.watch(streamJob(5))) {
        expect(spans().some(({ kind }) => kind === SpanKind.CLIENT)).toBe(false);
        expect(sequence).toBeLessThan(5);
      }
      const [atClient, atServer] = [span(SpanKind.CLIENT, watch), span(SpanKind.SERVER, watch)];
      expect(parentOf(atServer)).toBe(idOf(atClient));
      expect(atClient.attributes).toMatchObject({ 'rpc.response.status_code': 'ok', 'convoke.attempts': 1 });
      expect(inSpan).toEqual(Array.from({ length: 5 }, () => atServer.spanContext().spanId));
    }));

  it('that ends with an error has it on its spans', () =>
    playFeed(async client => {
      const taken = (async () => {
        for await (const _ of client.watch(streamJob(2, Ending.refused)));
      })();
      await expect(taken).rejects.toBeInstanceOf(Refused);
      expect(span(SpanKind.CLIENT, watch).attributes['error.type']).toBe('convoke.testing.Refused');
      expect(span(SpanKind.SERVER, watch).attributes['rpc.response.status_code']).toBe(
        'convoke.testing.Refused',
      );
    }));

  it('that its consumer leaves ends its spans', async () => {
    await playFeed(async client => {
      for await (const { sequence } of client.watch(streamJob(100_000))) if (sequence === 3) break;
      expect(span(SpanKind.CLIENT, watch).ended).toBe(true);
    });
    expect(span(SpanKind.SERVER, watch).ended).toBe(true);
  });

  it('can be taken in batches, and goes either way', () =>
    playFeed(async client => {
      let taken = 0;
      for await (const batch of client.watch(streamJob(300)).batches()) taken += batch.length;
      expect(taken).toBe(300);
      expect((await client.load(streamJob(0), items(7))).count).toBe(7);
      let back = 0;
      for await (const _ of client.talk(streamJob(0), items(9))) back++;
      expect(back).toBe(9);
      expect(spans()).toHaveLength(6);
    }));
});
