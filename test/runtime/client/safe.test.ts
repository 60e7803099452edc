import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  Bank,
  type BankClient,
  type CarelessBankClient,
  Currency,
  type Money,
  NoSuchAccount,
  Overdrawn,
} from '../../../generated/bank/index.js';
import type { FeedClient, Refused, StreamReceipt } from '../../../generated/testing/ledger/index.js';
import {
  CallError,
  type Channel,
  connect,
  type DeclaredErrorsOf,
  implement,
  type SafeClient,
  type SafeResult,
  type Server,
  safe,
  serve,
} from '../../../runtime/src/index.js';
import type { BranchClient } from '../../compiler/emit/golden/modules/bank/client.js';
import type { Unknown as UnknownAccount } from '../../compiler/emit/golden/modules/bank/types.js';
import type { NamedClient } from '../../compiler/emit/golden/modules/money/client.js';
import type { Unknown as UnknownCode } from '../../compiler/emit/golden/modules/money/types.js';

const euros = (units: bigint): Money => ({ units, currency: Currency.eur });

describe('a safe client', () => {
  let server: Server;
  let channel: Channel;
  let bank: BankClient;

  beforeEach(async () => {
    const unknown = (id: string) => Promise.reject(new NoSuchAccount({ id }));
    server = await serve({
      listen: 'memory:safe',
      services: [
        implement(Bank, {
          open: (id, owner) => ({ id, owner, balance: euros(0n), opened: new Date(0) }),
          balance: id => (id === 'alice' ? euros(5n) : unknown(id)),
          deposit: id => unknown(id),
          withdraw: () => Promise.reject(new Overdrawn({ balance: euros(5n) })),
          transfer: () => Promise.reject(new CallError('not-found', 'no', { outcome: 'executed' })),
          audit() {},
        }),
      ],
    });
    channel = await connect('memory:safe');
    bank = channel.client(Bank);
  });

  afterEach(async () => {
    await channel.close();
    await server.close();
  });

  it('gives the value of a call that succeeds', async () => {
    expect(await safe(bank).balance('alice')).toEqual({ ok: true, value: euros(5n) });
    expect(await safe(bank).audit('a line')).toEqual({ ok: true, value: undefined });
  });

  it('gives a declared error as what it is', async () => {
    const result = await safe(bank).balance('bob');
    expect(result).toEqual({ ok: false, error: expect.any(NoSuchAccount) });
    if (!result.ok && result.error.name === 'NoSuchAccount') {
      expectTypeOf(result.error).toEqualTypeOf<NoSuchAccount>();
      expect(result.error.data.id).toBe('bob');
    }
  });

  it('gives every other failure as a CallError', async () => {
    expect(await safe(bank).transfer('alice', 'bob', euros(1n))).toMatchObject({
      ok: false,
      error: { name: 'CallError', code: 'not-found', outcome: 'executed' },
    });
    const signal = AbortSignal.abort();
    expect(await safe(bank).balance('alice', { signal })).toMatchObject({
      ok: false,
      error: { code: 'cancelled', outcome: 'not-executed' },
    });
    await channel.close();
    expect(await safe(bank).balance('alice')).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });

  it('is the same for the same stub, and has its procedures alone', () => {
    expect(safe(bank)).toBe(safe(bank));
    expect(safe(channel.client(Bank))).not.toBe(safe(bank));
    expect(Object.keys(safe(bank))).toEqual(Object.keys(bank));
  });
});

describe('a safe client of any stub', () => {
  it('has procedures of any name, and passes all arguments on', async () => {
    const echo = async (...values: unknown[]) => values;
    const stub = { constructor: echo, toString: echo, new: echo };
    expect(await safe(stub).constructor(1, 2)).toEqual({ ok: true, value: [1, 2] });
    expect(await safe(stub).toString()).toEqual({ ok: true, value: [] });
    expect(await safe(stub).new('options')).toEqual({ ok: true, value: ['options'] });
  });

  it('calls the procedure as the method of the stub that it is by then', async () => {
    const stub = {
      name: 'first',
      async greet() {
        return `I am ${this.name}`;
      },
    };
    expect(await safe(stub).greet()).toEqual({ ok: true, value: 'I am first' });
    stub.greet = async () => 'replaced';
    expect(await safe(stub).greet()).toEqual({ ok: true, value: 'replaced' });
  });

  it('rejects with what no call fails with', async () => {
    const mistake = new TypeError('a mistake');
    const stub = {
      rejects: () => Promise.reject<void>(mistake),
      throws(): Promise<void> {
        throw mistake;
      },
    };
    await expect(safe(stub).rejects()).rejects.toBe(mistake);
    await expect(safe(stub).throws()).rejects.toBe(mistake);
  });
});

describe('a safe client of a stub with streams', () => {
  const refused = new CallError('not-found', 'no', { outcome: 'executed' });
  const items = { [Symbol.asyncIterator]: () => items, next: () => Promise.reject(refused) };
  const stub = {
    load: (_rows: Iterable<number>) => Promise.reject<bigint>(refused),
    watch: () => items,
  };

  it('gives the result of a call that takes a stream', async () => {
    expect(await safe(stub).load([1, 2])).toEqual({ ok: false, error: refused });
  });

  it('has no calls that return a stream, whose errors come while its items are taken', () => {
    expectTypeOf<keyof SafeClient<typeof stub>>().toEqualTypeOf<'load'>();
    expectTypeOf<keyof SafeClient<FeedClient>>().toEqualTypeOf<'load'>();
    expectTypeOf<SafeClient<FeedClient>['load']>().parameters.toEqualTypeOf<Parameters<FeedClient['load']>>();
    expectTypeOf<SafeClient<FeedClient>['load']>().returns.resolves.toEqualTypeOf<
      SafeResult<StreamReceipt, Refused | CallError>
    >();
    expectTypeOf<DeclaredErrorsOf<FeedClient, 'watch'>>().toEqualTypeOf<Refused>();
  });
});

describe('the types', () => {
  it('of results name the declared errors of each procedure, and CallError', () => {
    expectTypeOf<SafeClient<BankClient>['balance']>().returns.resolves.toEqualTypeOf<
      SafeResult<Money, NoSuchAccount | CallError>
    >();
    expectTypeOf<SafeClient<BankClient>['withdraw']>().returns.resolves.toEqualTypeOf<
      SafeResult<Money, NoSuchAccount | Overdrawn | CallError>
    >();
    expectTypeOf<SafeClient<BankClient>['audit']>().returns.resolves.toEqualTypeOf<
      SafeResult<void, CallError>
    >();
    expectTypeOf<SafeClient<CarelessBankClient>['deposit']>().returns.resolves.toEqualTypeOf<
      SafeResult<Money, NoSuchAccount | CallError>
    >();
  });

  it('of procedures take the same arguments, and there is nothing beside them', () => {
    expectTypeOf<SafeClient<BankClient>['open']>().parameters.toEqualTypeOf<Parameters<BankClient['open']>>();
    expectTypeOf<keyof SafeClient<BankClient>>().toEqualTypeOf<
      'open' | 'balance' | 'deposit' | 'withdraw' | 'transfer' | 'audit'
    >();
  });

  it('know the errors of inherited procedures, of each base', () => {
    expectTypeOf<DeclaredErrorsOf<BranchClient, 'price'>>().toEqualTypeOf<UnknownCode>();
    expectTypeOf<DeclaredErrorsOf<BranchClient, 'close'>>().toEqualTypeOf<UnknownAccount>();
    expectTypeOf<DeclaredErrorsOf<BranchClient, 'name'>>().toEqualTypeOf<never>();
  });

  it('know none where none is declared, or the stub says nothing of errors', () => {
    expectTypeOf<DeclaredErrorsOf<NamedClient, 'name'>>().toEqualTypeOf<never>();
    expectTypeOf<DeclaredErrorsOf<{ greet(): Promise<string> }, 'greet'>>().toEqualTypeOf<never>();
    expectTypeOf<SafeClient<{ greet(): Promise<string> }>['greet']>().returns.resolves.toEqualTypeOf<
      SafeResult<string, CallError>
    >();
  });
});
