import { describe, expect, it } from 'vitest';
import { ledgerProcedures, Refused } from '../../../generated/testing/ledger/index.js';
import { CallError, isCallOf, type ServerInterceptor } from '../../../runtime/src/index.js';
import { bears } from '../../simulation/wire.js';
import { failure, job, play } from '../ledger.js';

const unauthenticated: ServerInterceptor = async (call, next) => {
  if (call.context.metadata.token !== 'secret') {
    call.context.replyMetadata = { realm: 'ledger' };
    throw new CallError('unauthenticated', 'no token', { outcome: 'not-executed' });
  }
  return next(call);
};

const allowed = { metadata: { token: 'secret' } };

describe('an interceptor that rejects a call', () => {
  it('keeps it from its procedure, and says so', () =>
    play(
      {},
      async ({ client, executed, server }) => {
        expect(await failure(client.once(job('a')))).toMatchObject({
          code: 'unauthenticated',
          outcome: 'not-executed',
          message: 'no token',
          metadata: { realm: 'ledger' },
        });
        expect(executed).toEqual([]);
        expect(server.stats()).toMatchObject({ executed: 0, refused: 1, running: 0 });
        expect((await client.once(job('b'), allowed)).key).toBe('b');
        expect(server.stats()).toMatchObject({ executed: 1, refused: 1, running: 0 });
      },
      { serve: { interceptors: [unauthenticated] } },
    ));

  it('has its answer recorded: a late copy gets the same, whatever is the case then', () => {
    let rejects = true;
    const interceptor: ServerInterceptor = async (call, next) => {
      if (rejects) throw new CallError('permission-denied', 'not now', { outcome: 'not-executed' });
      return next(call);
    };
    return play(
      {},
      async ({ client, world, executed, server }) => {
        let lost = 0;
        world.intercept(packet => (bears(packet, 'reply') && lost++ < 1 ? 'drop' : undefined));
        const call = failure(client.once(job('a')));
        await world.sleep(50);
        expect(server.stats().refused).toBe(1);
        rejects = false;
        expect(await call).toMatchObject({ code: 'permission-denied', outcome: 'not-executed', attempts: 2 });
        expect(executed).toEqual([]);
        expect(server.stats().resent).toBe(1);
      },
      { serve: { interceptors: [interceptor] } },
    );
  });

  it.each(['permission-denied', 'failed-precondition'] as const)(
    'cannot vouch for other copies of an at-least-once call: %s',
    code => {
      let calls = 0;
      const second: ServerInterceptor = async (call, next) => {
        if (++calls > 1) throw new CallError(code, 'once is enough', { outcome: 'not-executed' });
        return next(call);
      };
      return play(
        {},
        async ({ client, world, executed }) => {
          let lost = 0;
          world.intercept(packet => (bears(packet, 'reply') && lost++ < 1 ? 'drop' : undefined));
          expect(await failure(client.atLeastOnce(job('a')))).toMatchObject({ code, outcome: 'unknown' });
          expect(executed).toEqual(['a']);
        },
        { serve: { interceptors: [second] } },
      );
    },
  );

  it('may do so with an error of the procedure', () =>
    play(
      {},
      async ({ client, executed }) => {
        await expect(client.once(job('a'))).rejects.toBeInstanceOf(Refused);
        expect(executed).toEqual([]);
      },
      {
        serve: {
          interceptors: [
            () => {
              throw new Refused({ key: 'a', execution: 0 });
            },
          ],
        },
      },
    ));

  it('by a mistake tells the listener for errors, and the caller no more than that', () => {
    const mistake = new TypeError('secret');
    const errors: unknown[] = [];
    return play(
      {},
      async ({ client, executed }) => {
        const error = await failure(client.once(job('a')));
        expect(error).toMatchObject({ code: 'internal', outcome: 'not-executed' });
        expect(error.message).not.toContain('secret');
        expect(errors).toEqual([mistake]);
        expect(executed).toEqual([]);
      },
      {
        serve: {
          onError: error => errors.push(error),
          interceptors: [
            async () => {
              throw mistake;
            },
          ],
        },
      },
    );
  });

  it('cannot let it through afterwards', async () => {
    let late: Promise<unknown> | undefined;
    const interceptor: ServerInterceptor = (call, next) => {
      late = call.context.clock.now() >= 0 ? later().then(() => next(call)) : undefined;
      return Promise.reject(new CallError('aborted', 'no', { outcome: 'not-executed' }));
    };
    let release = () => {};
    const later = () =>
      new Promise<void>(resolve => {
        release = resolve;
      });
    await play(
      {},
      async ({ client, executed }) => {
        expect(await failure(client.once(job('a')))).toMatchObject({ outcome: 'not-executed' });
        release();
        await expect(late).rejects.toThrow(/after its rejection/);
        expect(executed).toEqual([]);
      },
      { serve: { interceptors: [interceptor] } },
    );
  });
});

describe('an interceptor', () => {
  it('stands outside of those that follow it, and sees the call as the one before it left it', () => {
    const seen: string[] = [];
    const note =
      (name: string): ServerInterceptor =>
      async (call, next) => {
        if (!isCallOf(call, ledgerProcedures.once)) return next(call);
        const [{ key }] = call.values;
        seen.push(`${name} ${call.procedure.name} ${key}`);
        const reply = await next({ ...call, values: [job(`${key}${name}`)] });
        seen.push(`${name} ${reply.kind}`);
        return reply;
      };
    return play(
      {},
      async ({ client, executed }) => {
        expect((await client.once(job('j'))).key).toBe('jab');
        expect(executed).toEqual(['jab']);
        expect(seen).toEqual(['a once j', 'b once ja', 'b result', 'a result']);
        await client.atLeastOnce(job('k'));
        expect(executed).toEqual(['jab', 'k']);
      },
      { serve: { interceptors: [note('a'), note('b')] } },
    );
  });

  it('whose procedure was started reports what it throws as executed', () =>
    play(
      {},
      async ({ client, executed }) => {
        expect(await failure(client.once(job('a')))).toMatchObject({
          code: 'data-loss',
          outcome: 'executed',
        });
        expect(executed).toEqual(['a']);
      },
      {
        serve: {
          interceptors: [
            async (call, next) => {
              await next(call);
              throw new CallError('data-loss', 'gone', { outcome: 'executed' });
            },
          ],
        },
      },
    ));

  it('that gives no reply is a mistake', () =>
    play(
      {},
      async ({ client }) => {
        expect(await failure(client.once(job('a')))).toMatchObject({
          code: 'internal',
          outcome: 'not-executed',
        });
      },
      { serve: { interceptors: [async () => undefined as never] } },
    ));

  it('that waits beyond the deadline does not have the procedure started', () =>
    play(
      {},
      async ({ client, executed, world, server }) => {
        expect(await failure(client.once(job('a'), { deadline: 100 }))).toMatchObject({
          code: 'deadline-exceeded',
          outcome: 'unknown',
        });
        await world.sleep(1000);
        expect(executed).toEqual([]);
        expect(server.stats()).toMatchObject({ executed: 0, running: 0 });
      },
      {
        serve: {
          interceptors: [
            async (call, next) => {
              await new Promise<void>(resolve => {
                call.context.signal.addEventListener('abort', () => resolve());
              });
              return next(call);
            },
          ],
        },
      },
    ));

  it('stands around maybe calls, too', () => {
    const seen: string[] = [];
    return play(
      {},
      async ({ client, world }) => {
        await client.note(job('a'));
        expect((await client.perhaps(job('b')))?.key).toBe('b');
        await world.sleep(100);
        expect(seen.sort()).toEqual(['note', 'perhaps']);
      },
      {
        serve: {
          interceptors: [
            async (call, next) => {
              seen.push(call.procedure.name);
              return next(call);
            },
          ],
        },
      },
    );
  });

  it('knows the procedure from the context, and what remains of the deadline', () => {
    const seen: unknown[] = [];
    return play(
      {},
      async ({ client }) => {
        await client.once(job('a'), { deadline: Number.POSITIVE_INFINITY });
        await client.once(job('b'), { deadline: 1000 });
        expect(seen).toEqual([
          [ledgerProcedures.once, Number.POSITIVE_INFINITY],
          [ledgerProcedures.once, 1000],
        ]);
      },
      {
        serve: {
          interceptors: [
            async (call, next) => {
              seen.push([call.context.procedure, call.context.remaining]);
              return next(call);
            },
          ],
        },
      },
    );
  });
});
