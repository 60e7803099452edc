import {
  type AnyProcedure,
  type CallContext,
  type Caller,
  type CallOptions,
  type ItemMarshalling,
  type ItemSource,
  type ItemStream,
  MarshalError,
  type Procedure,
} from '@convoke/runtime/codegen';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { decode, encode, packr } from './codec-support.js';
import { type Change, type Point, Side, Source, sourceProcedures } from './golden/streams/base/index.js';
import {
  Items,
  type ItemsClient,
  type ItemsService,
  itemsProcedures,
  type ItemSource as OwnItemSource,
  type ItemStream as OwnItemStream,
  Words,
  type WordsClient,
  wordsProcedures,
} from './golden/streams/streams/index.js';

function streamOf<Item>(items: readonly Item[]): ItemStream<Item> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* items;
    },
    async *batches() {
      yield items;
    },
  };
}

async function collect<Item>(items: ItemSource<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('the description of a procedure with streams', () => {
  it('tells its shape', () => {
    expect(Items.procedures.map(({ name, shape }) => `${name}: ${shape}`)).toEqual([
      'all: server-stream',
      'numbers: bidi-stream',
      'nullable: bidi-stream',
      'lists: bidi-stream',
      'sides: client-stream',
      'ranges: client-stream',
      'farIds: client-stream',
      'watch: server-stream',
      'load: client-stream',
      'talk: bidi-stream',
      'check: client-stream',
      'name: unary',
    ]);
  });

  it('has marshallers of items where it takes a stream, and nowhere else', () => {
    for (const procedure of [...Source.procedures, ...Items.procedures, ...Words.procedures]) {
      const takesStream = procedure.shape === 'client-stream' || procedure.shape === 'bidi-stream';
      expect('items' in procedure, procedure.name).toBe(takesStream);
    }
  });

  it('counts the stream among its parameters', () => {
    const { all, numbers, farIds, sides } = itemsProcedures;
    expect([all, numbers, farIds, sides].map(({ arity }) => arity)).toEqual([0, 1, 2, 1]);
    expect(itemsProcedures.watch.arity).toBe(3);
  });

  it('has a result where it returns a stream', () => {
    const { all, talk, load, sides } = itemsProcedures;
    expect([all, talk, load, sides].map(({ hasResult }) => hasResult)).toEqual([true, true, true, false]);
  });

  it('is inherited with its promise and its marshallers', () => {
    const { watch, load } = wordsProcedures;
    expect(watch).toMatchObject({ declaredBy: 'test.base.Source', id: 1, deadline: 60_000 });
    expect(watch.errors.map(({ fullName }) => fullName)).toEqual(['test.base.Lost']);
    expect(load.items).toEqual(sourceProcedures.load.items);
    expect(load.key).not.toEqual(sourceProcedures.load.key);
  });
});

describe('the arguments of a procedure with streams', () => {
  it('are the parameters without the stream', () => {
    const { load, talk, farIds, delete: remove } = wordsProcedures;
    expect(packr.unpack(encode(load.writeArguments, ['name']))).toEqual(['name']);
    expect(packr.unpack(encode(talk.writeArguments, []))).toEqual([]);
    expect(decode(talk.readArguments, packr.pack([]))).toEqual([]);
    expect(packr.unpack(encode(remove.writeArguments, ['c']))).toEqual(['c']);
    expect(decode(remove.readArguments, packr.pack(['c']))).toEqual(['c']);
    // The stream's id of 300 would have made a map of them.
    expect(packr.unpack(encode(farIds.writeArguments, [7]))).toEqual([...Array(6).fill(null), 7]);
  });
});

describe('items', () => {
  const point: fc.Arbitrary<Point> = fc.record({
    x: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
    y: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  });
  const side = fc.constantFrom(Side.left, Side.right);
  const change: fc.Arbitrary<Change> = fc.oneof(
    point.map(value => ({ kind: 'added' as const, value })),
    fc.nat().map(value => ({ kind: 'removed' as const, value })),
  );
  const { all, numbers, nullable, lists, sides, ranges } = itemsProcedures;

  /** The results of a returned stream are marshalled like the items of one that is taken. */
  const resultsOf = <Item>(
    procedure: Pick<Procedure<[], Item>, 'writeResult' | 'readResult'>,
  ): ItemMarshalling<Item> => ({
    write: procedure.writeResult,
    read: procedure.readResult,
  });

  const streams = [
    entry('integers', numbers.items, fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })),
    entry('strings', sourceProcedures.talk.items, fc.string({ unit: 'grapheme' })),
    entry('structs', sourceProcedures.load.items, point),
    entry('structs or null', nullable.items, fc.option(point)),
    entry('lists', lists.items, fc.array(fc.nat(255), { maxLength: 3 })),
    entry('members of a closed enum', sides.items, side),
    entry('constrained numbers or null', ranges.items, fc.option(fc.nat(9))),
    entry('constrained strings', sourceProcedures.check.items, fc.stringMatching(/^[A-Z]{1,8}$/)),
    entry('results: unions', resultsOf(all), change),
    entry('results: booleans', resultsOf(numbers), fc.boolean()),
    entry('results: lists or null', resultsOf(nullable), fc.option(fc.array(point, { maxLength: 3 }))),
    entry(
      'results: maps',
      resultsOf(lists),
      fc.dictionary(fc.string(), side).map(object => new Map(Object.entries(object))),
    ),
  ];

  function entry<Item>(name: string, marshalling: ItemMarshalling<Item>, items: fc.Arbitrary<Item>) {
    const comesBack = fc.property(items, item => {
      expect(decode(marshalling.read, encode(marshalling.write, item))).toEqual(item);
    });
    return { name, check: () => fc.assert(comesBack) };
  }

  it.each(streams)('come back: $name', ({ check }) => check());

  it('are one value of their type each', () => {
    expect(packr.unpack(encode(sourceProcedures.talk.items.write, 'hello'))).toBe('hello');
    expect(packr.unpack(encode(sourceProcedures.load.items.write, { x: 1, y: -1 }))).toEqual([1, -1]);
    expect(packr.unpack(encode(nullable.items.write, null))).toBe(null);
    expect(packr.unpack(encode(lists.items.write, [1, 2]))).toEqual([1, 2]);
    expect(packr.unpack(encode(all.writeResult, { kind: 'removed', value: 3 }))).toEqual([2, 3]);
  });

  it('are held against the constraints of the parameter and of its type when they are read', () => {
    const { check } = sourceProcedures;
    expect(() => decode(check.items.read, packr.pack('abc'))).toThrow('test.base.Source.check.codes');
    expect(() => decode(check.items.read, packr.pack('TOOLONGACODE'))).toThrow(MarshalError);
    expect(() => decode(ranges.items.read, packr.pack(10))).toThrow('test.streams.Items.ranges.digits');
    expect(() => decode(lists.items.read, packr.pack([1, 2, 3, 4]))).toThrow('has 4 elements');
    expect(() => decode(sides.items.read, packr.pack(3))).toThrow(
      'test.streams.Items.sides.sides: 3 is no member of this closed enum',
    );
  });

  it('that are no value of the type are refused, read and written', () => {
    expect(() => decode(sourceProcedures.load.items.read, packr.pack('text'))).toThrow(MarshalError);
    expect(() => decode(sourceProcedures.load.items.read, packr.pack([1]))).toThrow('test.base.Point.y');
    expect(() => encode(sourceProcedures.talk.items.write, 5 as unknown as string)).toThrow(MarshalError);
  });
});

describe('the client stub', () => {
  interface Call {
    readonly method: keyof Caller;
    readonly procedure: AnyProcedure;
    readonly passed: readonly unknown[];
  }

  function recordingCaller(): { caller: Caller; calls: Call[] } {
    const calls: Call[] = [];
    const record =
      (method: keyof Caller) =>
      (procedure: AnyProcedure, ...passed: unknown[]): never => {
        calls.push({ method, procedure, passed });
        return undefined as never;
      };
    const caller: Caller = {
      unary: record('unary'),
      serverStream: record('serverStream'),
      clientStream: record('clientStream'),
      bidiStream: record('bidiStream'),
    };
    return { caller, calls };
  }

  it('calls in the shape of the procedure: the arguments, then the stream, then the options', () => {
    const { caller, calls } = recordingCaller();
    const client = Items.createClient(caller);
    const options: CallOptions = { deadline: 5 };
    const points = [{ x: 1, y: 2 }];
    client.watch(5n);
    client.watch(5n, 2, Side.left, options);
    client.load('NAME', points, options);
    client.talk(['a']);
    client.nullable(null, points, options);
    client.name(options);
    const { watch, load, talk, nullable, name } = itemsProcedures;
    expect(calls).toEqual([
      { method: 'serverStream', procedure: watch, passed: [[5n, 10, undefined], undefined] },
      { method: 'serverStream', procedure: watch, passed: [[5n, 2, Side.left], options] },
      { method: 'clientStream', procedure: load, passed: [['NAME'], points, options] },
      { method: 'bidiStream', procedure: talk, passed: [[], ['a'], undefined] },
      { method: 'bidiStream', procedure: nullable, passed: [[null], points, options] },
      { method: 'unary', procedure: name, passed: [[], options] },
    ]);
  });

  it('has parameters of any name', () => {
    const { caller, calls } = recordingCaller();
    const client: WordsClient = Words.createClient(caller);
    const options: CallOptions = { deadline: 5 };
    client.own([{ caller: 'c' }], options);
    client.delete('ctx', ['options'], options);
    client.constructor(1, [2], options);
    client.toString([3], options);
    expect(calls.map(({ passed }) => passed)).toEqual([
      [[], [{ caller: 'c' }], options],
      [['ctx'], ['options'], options],
      [[1], [2], options],
      [[], [3], options],
    ]);
    expect(calls.map(({ procedure: { name } }) => name)).toEqual([
      'own',
      'delete',
      'constructor',
      'toString',
    ]);
  });

  it('is typed by the schema', () => {
    expectTypeOf<ItemsClient['watch']>().returns.toEqualTypeOf<ItemStream<Point>>();
    expectTypeOf<ItemsClient['load']>().parameters.toEqualTypeOf<
      [name: string, points: ItemSource<Point>, options?: CallOptions | undefined]
    >();
    expectTypeOf<ItemsClient['load']>().returns.toEqualTypeOf<Promise<bigint>>();
    expectTypeOf<ItemsClient['sides']>().returns.toEqualTypeOf<Promise<void>>();
    expectTypeOf<WordsClient['own']>().returns.toEqualTypeOf<ItemStream<OwnItemStream>>();
    expectTypeOf<WordsClient['own']>().parameters.toEqualTypeOf<
      [values_: ItemSource<OwnItemSource>, options?: CallOptions | undefined]
    >();
  });
});

describe('the server', () => {
  const context = { attempt: 1 } as CallContext;

  /** In every form that a procedure with streams can have. */
  const service: ItemsService = {
    name: () => 'items',
    async *watch(from, limit, side, ctx) {
      for (let x = 0; x < limit; x++) yield { x, y: Number(from) + (side ?? 0) + ctx.attempt };
    },
    async load(name, points) {
      return BigInt((await collect(points)).length + name.length);
    },
    talk: says => says,
    async check(codes, ctx) {
      expect(await collect(codes)).toEqual(['A']);
      expect(ctx).toBe(context);
    },
    *all() {
      yield { kind: 'removed', value: 1 };
    },
    async *numbers(numbers) {
      for await (const number of numbers) yield number > 0n;
    },
    nullable: async note => [note === null ? null : []],
    lists: () => [new Map([['a', Side.left]])],
    async sides() {},
    ranges: () => 0.5,
    farIds: async (first, rest) => first + (await collect(rest)).length,
  };
  const { entries } = Items.createDispatcher(service);
  const invoke = async (name: string, values: readonly unknown[], items?: unknown): Promise<unknown> =>
    entries.find(({ procedure }) => procedure.name === name)!.invoke(values, context, items);
  const stream = async (name: string, values: readonly unknown[], items?: unknown) =>
    collect((await invoke(name, values, items)) as ItemSource<unknown>);

  it('has an entry for each procedure, the inherited ones too', () => {
    expect(entries.map(({ procedure }) => procedure)).toEqual(Items.procedures);
  });

  it('hands arguments, stream and context to the procedure of the service', async () => {
    expect(await invoke('load', ['ab'], streamOf([{ x: 0, y: 0 }]))).toBe(3n);
    expect(await invoke('check', [], streamOf(['A']))).toBe(undefined);
    expect(await invoke('farIds', [7], streamOf([1, 2]))).toBe(9);
  });

  it('takes a stream as an async generator, a generator, a list, or what was received', async () => {
    expect(await stream('watch', [5n, 2, Side.right])).toEqual([
      { x: 0, y: 8 },
      { x: 1, y: 8 },
    ]);
    expect(await stream('all', [])).toEqual([{ kind: 'removed', value: 1 }]);
    expect(await stream('numbers', [], streamOf([1n, -1n]))).toEqual([true, false]);
    expect(await stream('nullable', [null], streamOf([]))).toEqual([null]);
    expect(await stream('lists', [], streamOf([]))).toEqual([new Map([['a', Side.left]])]);
    expect(await stream('talk', [], streamOf(['a', 'b']))).toEqual(['a', 'b']);
  });
});
