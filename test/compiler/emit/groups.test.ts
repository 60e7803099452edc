import type { CallError } from '@convoke/runtime';
import type {
  DeclaredError,
  GroupCaller,
  GroupCallOptions,
  GroupMaybeOptions,
  GroupPolicy,
  Reply,
} from '@convoke/runtime/codegen';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as bank from './golden/groups/bank/index.js';
import * as words from './golden/groups/words/index.js';
import { type BooksClient, booksPolicies, createBooksClient } from './golden/groups/words/index.js';

interface Call {
  readonly by: 'group' | 'groupOnce';
  readonly policy: GroupPolicy;
  readonly values: readonly unknown[];
  readonly options: unknown;
}

function recordingCaller(): { caller: GroupCaller; calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    caller: {
      group(policy, values, options) {
        calls.push({ by: 'group', policy, values, options });
        return Promise.resolve([]);
      },
      groupOnce(policy, values, options) {
        calls.push({ by: 'groupOnce', policy, values, options });
        return Promise.resolve();
      },
    },
  };
}

describe('the description of a group', () => {
  it('names the group beside its interface, and offers what the interface does', () => {
    const { group, access, name, bases, procedures, createDispatcher } = bank.Ledger;
    expect({ group, access, name, bases }).toEqual({
      group: 'test.groups.bank.Ledger',
      access: 'closed',
      name: 'test.groups.bank.Bank',
      bases: ['test.groups.bank.Named'],
    });
    expect(procedures).toEqual(bank.Bank.procedures);
    expect(createDispatcher).toBe(bank.Bank.createDispatcher);
    expect(words.wordGroup.access).toBe('open');
  });

  it('has a policy for each procedure but those with streams', () => {
    const table = bank.Ledger.policies.map(({ procedure, order, replies }) => [
      procedure.name,
      order,
      replies,
    ]);
    expect(table).toEqual([
      ['balance', 'fifo', 'first'],
      ['withdraw', 'total', 'majority'],
      ['audit', 'unordered', 'none'],
      ['probe', 'unordered', 'none'],
      ['close', 'total', 'majority'],
      ['name', 'total', { n: 2 }],
    ]);
    expect(bank.Plain.policies[1]).toMatchObject({ order: 'unordered', replies: 'all' });
  });

  it('is handed on under another name with all that belongs to it', () => {
    expect(words.Books).toBe(bank.Ledger);
    expect(createBooksClient).toBe(bank.createLedgerClient);
    expect(booksPolicies).toBe(bank.ledgerPolicies);
    expectTypeOf<BooksClient>().toEqualTypeOf<bank.LedgerClient>();
  });
});

describe('the client stub of a group', () => {
  it('calls with the policy, the arguments with their defaults, and the options', async () => {
    const { caller, calls } = recordingCaller();
    const ledger = bank.Ledger.createGroupClient(caller);
    await ledger.balance('ada');
    await ledger.balance('ada', bank.Currency.usd, { deadline: 5 });
    await ledger.withdraw('ada', 5n, undefined, { replies: 'all' });
    await ledger.close();
    expect(calls).toEqual([
      { by: 'group', policy: bank.ledgerPolicies.balance, values: ['ada', 1], options: undefined },
      { by: 'group', policy: bank.ledgerPolicies.balance, values: ['ada', 2], options: { deadline: 5 } },
      {
        by: 'group',
        policy: bank.ledgerPolicies.withdraw,
        values: ['ada', 5n, undefined],
        options: { replies: 'all' },
      },
      { by: 'group', policy: bank.ledgerPolicies.close, values: [], options: undefined },
    ]);
  });

  it('sends maybe procedures once', async () => {
    const { caller, calls } = recordingCaller();
    const ledger = bank.Ledger.createGroupClient(caller);
    expect(await ledger.audit('a line')).toBeUndefined();
    expect(await ledger.probe()).toBeUndefined();
    expect(calls.map(({ by, values }) => [by, values])).toEqual([
      ['groupOnce', ['a line']],
      ['groupOnce', []],
    ]);
  });

  it('has no method for a procedure with streams', () => {
    const stub = bank.Ledger.createGroupClient(recordingCaller().caller);
    expect(Object.keys(stub)).toEqual(['balance', 'withdraw', 'audit', 'probe', 'close', 'name']);
  });

  it('takes names that generated code has a use for', async () => {
    const { caller, calls } = recordingCaller();
    const stub = words.wordGroup.createGroupClient(caller);
    await stub.delete('a', 1, 2, { replies: 'first' });
    await stub.constructor();
    expect(calls.map(({ values, options }) => [values, options])).toEqual([
      [['a', 1, 2], { replies: 'first' }],
      [[], undefined],
    ]);
  });
});

describe('the types of a group', () => {
  it('tell what a member may reply', () => {
    type Balance = Awaited<ReturnType<bank.LedgerClient['balance']>>;
    expectTypeOf<Balance>().toEqualTypeOf<Reply<bigint, bank.NoSuchAccount>[]>();
    expectTypeOf<Extract<Balance[number], { kind: 'value' }>['value']>().toEqualTypeOf<bigint>();
    expectTypeOf<Extract<Balance[number], { kind: 'error' }>['error']>().toEqualTypeOf<
      bank.NoSuchAccount | CallError
    >();
    expectTypeOf<Balance>().toExtend<Reply<bigint>[]>();
    expectTypeOf<Extract<Reply<bigint>, { kind: 'error' }>['error']>().toEqualTypeOf<
      DeclaredError | CallError
    >();
    expectTypeOf<Awaited<ReturnType<bank.LedgerClient['close']>>>().toEqualTypeOf<Reply<void, never>[]>();
    expectTypeOf<ReturnType<bank.LedgerClient['probe']>>().toEqualTypeOf<Promise<void>>();
  });

  it('let a call ask for an order that promises as much or more', () => {
    expectTypeOf<NonNullable<GroupCallOptions<'unordered'>['order']>>().toEqualTypeOf<
      'unordered' | 'fifo' | 'causal' | 'total'
    >();
    expectTypeOf<NonNullable<GroupCallOptions<'fifo'>['order']>>().toEqualTypeOf<
      'fifo' | 'causal' | 'total'
    >();
    expectTypeOf<NonNullable<GroupCallOptions<'causal'>['order']>>().toEqualTypeOf<'causal' | 'total'>();
    expectTypeOf<NonNullable<GroupCallOptions<'total'>['order']>>().toEqualTypeOf<'total'>();
    expectTypeOf<Parameters<bank.LedgerClient['close']>[0]>().toEqualTypeOf<
      GroupCallOptions<'total'> | undefined
    >();
    expectTypeOf<Parameters<bank.LedgerClient['audit']>[1]>().toEqualTypeOf<GroupMaybeOptions | undefined>();
    // @ts-expect-error fifo promises less than total
    const weaker: Parameters<bank.LedgerClient['close']>[0] = { order: 'fifo' };
    // @ts-expect-error nobody replies to a maybe call
    const asking: Parameters<bank.LedgerClient['audit']>[1] = { replies: 'first' };
    // @ts-expect-error nor has it an order
    const ordered: Parameters<bank.LedgerClient['audit']>[1] = { order: 'total' };
    expect([weaker, asking, ordered]).toHaveLength(3);
  });
});
