import { describe, expect, it } from 'vitest';
import { Ending, Refused } from '../../../generated/testing/ledger/index.js';
import { type CallContext, CallError, type Metadata } from '../../../runtime/src/index.js';
import { bears } from '../../simulation/wire.js';
import { failure, job, play } from '../ledger.js';

/** A service that sends `metadata` beside each answer. */
const sending = (metadata: Metadata) => ({
  once: ({ key, ending }: { key: string; ending: Ending }, ctx: CallContext) => {
    ctx.replyMetadata = metadata;
    if (ending === Ending.refused) throw new Refused({ key, execution: 1 });
    if (ending === Ending.surprise) throw new CallError('aborted', 'no', { outcome: 'executed' });
    return { key, execution: 1, padding: new Uint8Array() };
  },
});

const metadata: Metadata = { node: 'b2', load: 0.5, cached: false, digest: Buffer.from([1, 2]) };

describe('metadata of a reply', () => {
  it.each(['udp', 'tcp'] as const)('reaches the caller with the result, over %s', scheme =>
    play(
      sending(metadata),
      async ({ client }) => {
        const told: Metadata[] = [];
        const receipt = await client.once(job('a'), { onReply: each => told.push(each) });
        expect(receipt.key).toBe('a');
        expect(told).toEqual([metadata]);
      },
      { scheme },
    ),
  );

  it('stands in a declared error and in a failure, and the listener is told of it too', () =>
    play(sending(metadata), async ({ client }) => {
      const told: Metadata[] = [];
      const onReply = (each: Metadata) => told.push(each);
      const refused = await client
        .once(job('a', { ending: Ending.refused }), { onReply })
        .catch(error => error);
      expect(refused).toBeInstanceOf(Refused);
      expect(refused.metadata).toEqual(metadata);
      const failed = await failure(client.once(job('b', { ending: Ending.surprise }), { onReply }));
      expect(failed).toMatchObject({ code: 'aborted', outcome: 'executed', metadata });
      expect(told).toEqual([metadata, metadata]);
    }));

  it('is empty, and absent from errors, when the server sent none', () =>
    play({}, async ({ client, server }) => {
      const told: Metadata[] = [];
      const onReply = (each: Metadata) => told.push(each);
      await client.once(job('a'), { onReply });
      await server.drain({ timeout: 100 });
      expect((await failure(client.once(job('b'), { onReply }))).metadata).toBeUndefined();
      expect(told).toEqual([{}, {}]);
    }));

  it('is resent with the kept reply as it was', () =>
    play(sending(metadata), async ({ client, world, server }) => {
      let lost = 0;
      world.intercept(packet => (bears(packet, 'reply') && lost++ < 2 ? 'drop' : undefined));
      const told: Metadata[] = [];
      await client.once(job('a'), { onReply: each => told.push(each) });
      expect(server.stats()).toMatchObject({ executed: 1, resent: 2 });
      expect(told).toEqual([metadata]);
    }));

  it('passes in fragments', () =>
    play(sending({ long: 'x'.repeat(5000) }), async ({ client }) => {
      const told: Metadata[] = [];
      await client.once(job('a'), { onReply: each => told.push(each) });
      expect(told).toEqual([{ long: 'x'.repeat(5000) }]);
    }));

  it('may be changed until the answer is given, and not after it', async () => {
    let context: CallContext | undefined;
    await play(
      {
        once({ key }, ctx) {
          context = ctx;
          expect(ctx.replyMetadata).toEqual({});
          ctx.replyMetadata = { first: 1 };
          ctx.replyMetadata = { ...ctx.replyMetadata, second: 2 };
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        const told: Metadata[] = [];
        await client.once(job('a'), { onReply: each => told.push(each) });
        expect(told).toEqual([{ first: 1, second: 2 }]);
        expect(() => {
          context!.replyMetadata = { third: 3 };
        }).toThrow(/was answered/);
      },
    );
  });

  it('that is too large or not allowed is an error where it is set', () =>
    play(
      {
        once({ key }, ctx) {
          expect(() => {
            ctx.replyMetadata = { long: 'x'.repeat(200) };
          }).toThrow(/metadata of \d+ bytes is over the limit of 100/);
          expect(() => {
            ctx.replyMetadata = { '': 1 };
          }).toThrow(/metadata name '' is not allowed/);
          return { key, execution: 1, padding: new Uint8Array() };
        },
      },
      async ({ client }) => {
        await client.once(job('a'));
      },
      { serve: { limits: { metadataBytes: 100 } } },
    ));

  it('that is larger than the client takes costs it the result but not the truth', () =>
    play(
      sending({ long: 'x'.repeat(200) }),
      async ({ client }) => {
        expect(await failure(client.once(job('a')))).toMatchObject({
          code: 'internal',
          outcome: 'executed',
          message: expect.stringContaining('over the limit of 100'),
        });
        const failed = await failure(client.once(job('b', { ending: Ending.surprise })));
        expect(failed).toMatchObject({ code: 'aborted', outcome: 'executed', metadata: undefined });
      },
      { connect: { metadataBytes: 100 } },
    ));

  it('whose listener throws rejects the call with that', () =>
    play(sending(metadata), async ({ client }) => {
      const mistake = new TypeError('mistake');
      const onReply = () => {
        throw mistake;
      };
      await expect(client.once(job('a'), { onReply })).rejects.toBe(mistake);
      expect((await client.once(job('b'))).key).toBe('b');
    }));
});

describe('metadata of a request', () => {
  it('beyond the limit of the client is not sent', () =>
    play(
      {},
      async ({ client, executed }) => {
        const error = await failure(client.once(job('a'), { metadata: { long: 'x'.repeat(200) } }));
        expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed', attempts: 0 });
        expect(error.message).toContain('over the limit of 100');
        expect(executed).toEqual([]);
      },
      { connect: { metadataBytes: 100 } },
    ));

  it('beyond the limit of the server is refused', () =>
    play(
      {},
      async ({ client, executed }) => {
        const error = await failure(client.once(job('a'), { metadata: { long: 'x'.repeat(200) } }));
        expect(error).toMatchObject({ code: 'invalid-argument', outcome: 'not-executed', attempts: 1 });
        expect(error.message).toContain('over the limit of 100');
        expect(executed).toEqual([]);
      },
      { serve: { limits: { metadataBytes: 100 } } },
    ));

  it('may be longer where both sides were told so', () =>
    play(
      {
        once: ({ key }, ctx) => ({
          key,
          execution: String(ctx.metadata.long).length,
          padding: Buffer.alloc(0),
        }),
      },
      async ({ client }) => {
        const metadata = { long: 'x'.repeat(20_000) };
        expect((await client.once(job('a'), { metadata })).execution).toBe(20_000);
      },
      { connect: { metadataBytes: 32_768 }, serve: { limits: { metadataBytes: 32_768 } } },
    ));
});
