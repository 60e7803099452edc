import { createHash } from 'node:crypto';
import type { AnyProcedure, CallContext, Caller, CallOptions, DeclaredError } from '@convoke/runtime/codegen';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { decode, encode } from './codec-support.js';
// After the module with which it is in a circle, so that the circle is entered at the base.
import * as bank from './golden/modules/bank/index.js';
import { Rounding, Unknown as Strange } from './golden/modules/money/index.js';
import { Words, type WordsClient } from './golden/words/words/index.js';

interface Call {
  readonly procedure: AnyProcedure;
  readonly values: readonly unknown[];
  readonly options: CallOptions | undefined;
}

function recordingCaller(): { caller: Caller; calls: Call[] } {
  const calls: Call[] = [];
  const unary = (procedure: AnyProcedure, values: readonly unknown[], options: CallOptions | undefined) => {
    calls.push({ procedure, values, options });
    return Promise.resolve(undefined as never);
  };
  const stream = (): never => {
    throw new Error('no procedure of these schemas has a stream');
  };
  return { caller: { unary, serverStream: stream, clientStream: stream, bidiStream: stream }, calls };
}

describe('the description of an interface', () => {
  it('has its own procedures first, then the inherited ones, nearest base first, each once', () => {
    const { procedures, bases, name } = bank.Bank;
    expect(name).toBe('test.bank.Bank');
    expect(bases).toEqual(['test.bank.Audited', 'test.money.Priced', 'test.money.Named']);
    expect(procedures.map(procedure => procedure.name)).toEqual(['open', 'probe', 'audit', 'price', 'name']);
    expect(procedures.map(({ declaredBy }) => declaredBy)).toEqual([
      ...['test.bank.Bank', 'test.bank.Bank'],
      ...['test.bank.Audited', 'test.money.Priced', 'test.money.Named'],
    ]);
  });

  it('keys are the first eight bytes of the SHA-256 of the wire name', () => {
    for (const { key, interface: target, declaredBy, id } of [
      ...bank.Bank.procedures,
      ...bank.Audited.procedures,
    ]) {
      const hash = createHash('sha256').update(`${target}/${declaredBy}/${id}`).digest();
      expect(key).toEqual([hash.readUInt32BE(0), hash.readUInt32BE(4)]);
    }
  });

  it('carries the promises', () => {
    const { name, open, probe } = bank.bankProcedures;
    expect(name).toMatchObject({ semantics: 'at-least-once', idempotent: true, deadline: 500, arity: 0 });
    expect(open).toMatchObject({
      semantics: 'at-most-once',
      idempotent: false,
      deadline: 2000,
      arity: 3,
      hasResult: true,
    });
    expect(probe).toMatchObject({ semantics: 'maybe' });
    expect(bank.bankProcedures.audit.hasResult).toBe(false);
  });
});

describe('the client stub', () => {
  it('calls with the arguments by position, then the options', async () => {
    const { caller, calls } = recordingCaller();
    const client = bank.Bank.createClient(caller);
    const options: CallOptions = { deadline: 5 };
    await client.open('ada');
    await client.open('ada', undefined, Rounding.down, options);
    await client.name(options);
    await client.audit('line');
    expect(calls).toEqual([
      { procedure: bank.bankProcedures.open, values: ['ada', undefined, Rounding.up], options: undefined },
      { procedure: bank.bankProcedures.open, values: ['ada', undefined, Rounding.down], options },
      { procedure: bank.bankProcedures.name, values: [], options },
      { procedure: bank.bankProcedures.audit, values: ['line'], options: undefined },
    ]);
  });

  it('is typed by the schema', () => {
    expectTypeOf<bank.BankClient['audit']>().returns.resolves.toEqualTypeOf<void>();
    expectTypeOf<bank.Cash | undefined>().toExtend<Awaited<ReturnType<bank.BankClient['probe']>>>();
    expectTypeOf<bank.BankClient['open']>().parameters.toEqualTypeOf<
      [
        owner: string,
        money?: bank.Cash | undefined,
        rounding?: bank.Round | undefined,
        options?: CallOptions | undefined,
      ]
    >();
  });

  it('has procedures of any name', async () => {
    const { caller, calls } = recordingCaller();
    const client: WordsClient = Words.createClient(caller);
    await client.await('a', 1);
    await client.new({ writer: 'w' });
    await client.constructor('c');
    await client.delete('e');
    expect(calls.map(({ procedure }) => procedure.name)).toEqual(['await', 'new', 'constructor', 'delete']);
    expect(calls.map(({ values }) => values)).toEqual([
      ['a', 1, undefined],
      [{ writer: 'w' }, 3],
      ['c'],
      ['e', 1],
    ]);
  });
});

describe('the dispatcher', () => {
  it('hands arguments and context to the procedure of the service', () => {
    const seen: unknown[] = [];
    const service: bank.BankService = {
      open(owner, money, rounding, ctx) {
        seen.push([owner, money, rounding, ctx]);
        return { id: owner, balance: { units: 1n, code: 'EUR', rounding }, rounding };
      },
      probe: () => ({ units: 1n, code: 'EUR', rounding: Rounding.up }),
      audit() {},
      price: of => ({ units: 2n, code: of, rounding: Rounding.up }),
      name: () => 'the bank',
    };
    const dispatcher = bank.Bank.createDispatcher(service);
    const context = { attempt: 1 } as CallContext;
    const invoke = (name: string, values: unknown[]) =>
      dispatcher.entries.find(({ procedure }) => procedure.name === name)?.invoke(values, context);
    expect(dispatcher.interface).toBe('test.bank.Bank');
    expect(dispatcher.entries.map(({ procedure }) => procedure)).toEqual(bank.Bank.procedures);
    expect(invoke('open', ['ada', undefined, Rounding.down])).toMatchObject({ id: 'ada' });
    expect(seen).toEqual([['ada', undefined, Rounding.down, context]]);
    expect(invoke('name', [])).toBe('the bank');
    expect(invoke('price', ['EUR'])).toMatchObject({ code: 'EUR' });
  });
});

describe('declared errors', () => {
  it('are classes with their data, and arrive as the same class', () => {
    const error = new bank.Unknown({ id: 'ada' });
    expect(error).toMatchObject({ name: 'Unknown', fullName: 'test.bank.Unknown', data: { id: 'ada' } });
    const [own, strange] = bank.bankProcedures.open.errors;
    const bytes = encode<DeclaredError>((writer, value) => own!.writeData(writer, value), error);
    const arrived = decode(reader => own!.read(reader), bytes);
    expect(arrived).toBeInstanceOf(bank.Unknown);
    expect(arrived.data).toEqual({ id: 'ada' });
    expect(strange?.fullName).toBe('test.money.Unknown');
    expect(new Strange({ code: 'EUR' })).not.toBeInstanceOf(bank.Unknown);
  });
});
