/** Descriptions made from the model, held against generated ones. */
import type { AnyProcedure, Caller, InterfaceDescription, Reader, Writer } from '@convoke/runtime/codegen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DynamicError, describeInterface } from '../../../compiler/src/dynamic/description.js';
import { offeredProcedures } from '../../../compiler/src/model/interfaces.js';
import { plainParameters, streamParameter } from '../../../compiler/src/model/procedures.js';
import { decode, encode } from '../emit/codec-support.js';
// After the module with which it is in a circle, so that the circle is entered at the base.
import * as bank from '../emit/golden/modules/bank/index.js';
import * as money from '../emit/golden/modules/money/index.js';
import { Items } from '../emit/golden/streams/streams/index.js';
import { Words } from '../emit/golden/words/words/index.js';
import { fieldsOf, valueIn } from './arbitrary.js';
import { find, modelOfCase } from './models.js';
import { outcome } from './outcome.js';

const cases: [name: string, generated: InterfaceDescription<unknown, never>, folder: string][] = [
  ['Bank', bank.Bank, 'modules'],
  ['Branch', bank.Branch, 'modules'],
  ['Priced', money.Priced, 'modules'],
  ['Words', Words, 'words'],
  ['Items', Items, 'streams'],
];

/** What a description says, without its functions. */
const promise = ({ errors, ...procedure }: AnyProcedure) => ({
  ...JSON.parse(JSON.stringify(procedure)),
  errors: errors.map(({ fullName }) => fullName),
});

describe.each(cases)('the description of %s', (name, generated, folder) => {
  const declaration = find(modelOfCase(folder), 'interface', name);
  const dynamic = describeInterface(declaration, generated.schema);
  const procedures = offeredProcedures(declaration);

  it('promises the same', () => {
    expect(dynamic.name).toBe(generated.name);
    expect(dynamic.bases).toEqual(generated.bases);
    expect(dynamic.procedures.map(promise)).toEqual(generated.procedures.map(promise));
  });

  const pairs = procedures.map(
    (model, index) => [model.name, model, dynamic.procedures[index]!, generated.procedures[index]!] as const,
  );

  it.each(pairs)('writes and reads what %s carries as generated code does', (_, model, ours, theirs) => {
    const parameters = plainParameters(model);
    const values = fieldsOf(parameters).map(fields => parameters.map(({ name: each }) => fields[each]));
    expectSame(values, ours.writeArguments, theirs.writeArguments, ours.readArguments, theirs.readArguments);
    const result = model.result === undefined ? fc.constant(undefined) : valueIn(model.result);
    expectSame(result, ours.writeResult, theirs.writeResult, ours.readResult, theirs.readResult);
    const stream = streamParameter(model);
    expect([ours.items !== undefined, theirs.items !== undefined]).toEqual(
      Array(2).fill(stream !== undefined),
    );
    if (stream !== undefined) {
      const [our, their] = [ours.items!, theirs.items!];
      expectSame(valueIn(stream.type), our.write, their.write, our.read, their.read);
    }
    for (const [at, error] of model.throws.entries()) {
      const [our, their] = [ours.errors[at]!, theirs.errors[at]!];
      const instance = fieldsOf(error.fields).map(data => new DynamicError(error, data));
      const read = (from: typeof our) => (reader: Reader) => from.read(reader).data;
      expectSame(instance, our.writeData, their.writeData, read(our), read(their));
    }
  });
});

type Write = (writer: Writer, value: never) => void;
type Read = (reader: Reader) => unknown;

function expectSame(values: fc.Arbitrary<unknown>, ours: Write, theirs: Write, read: Read, theirRead: Read) {
  fc.assert(
    fc.property(values, value => {
      const bytes = encode(theirs, value as never);
      expect(encode(ours, value as never)).toEqual(bytes);
      expect(outcome(() => decode(read, bytes))).toEqual(outcome(() => decode(theirRead, bytes)));
    }),
    { numRuns: 20 },
  );
}

describe('a client stub', () => {
  const calls: unknown[][] = [];
  const record =
    (shape: string) =>
    (procedure: AnyProcedure, ...rest: unknown[]) => {
      calls.push([shape, procedure.name, ...rest]);
      return undefined as never;
    };
  const caller: Caller = {
    unary: record('unary'),
    serverStream: record('server-stream'),
    clientStream: record('client-stream'),
    bidiStream: record('bidi-stream'),
  };
  const declaration = find(modelOfCase('modules'), 'interface', 'Bank');
  const client = describeInterface(declaration, bank.schema).createClient(caller);

  it('takes what a generated one takes, and fills in defaults', () => {
    const options = { deadline: 5 };
    client.open!('alice', undefined, undefined, options);
    client.audit!('line');
    bank.Bank.createClient(caller).open('alice', undefined, undefined, options);
    const [ours, other, theirs] = calls;
    expect(ours).toEqual(['unary', 'open', ['alice', undefined, money.Rounding.up], options]);
    expect(theirs).toEqual(ours);
    expect(other).toEqual(['unary', 'audit', ['line'], undefined]);
  });
});
