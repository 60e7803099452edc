/** The codec by the model, held against generated code: the same bytes, the same values, the same errors. */
import type { Reader, Writer } from '@convoke/runtime/codegen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStruct, readValue } from '../../../compiler/src/dynamic/read.js';
import { writeStruct, writeValue } from '../../../compiler/src/dynamic/write.js';
import type { Declaration, ErrorModel, StructModel, UnionModel } from '../../../compiler/src/model/model.js';
import { derivedNames } from '../../../compiler/src/model/names.js';
import { decode, encode } from '../emit/codec-support.js';
import * as newer from '../emit/golden/evolution/newer/index.js';
import * as older from '../emit/golden/evolution/older/index.js';
import * as sparse from '../emit/golden/evolution/sparse/index.js';
import * as bank from '../emit/golden/modules/bank/index.js';
import * as types from '../emit/golden/types/types/index.js';
import * as words from '../emit/golden/words/words/index.js';
import { fieldsOf, valueIn } from './arbitrary.js';
import { find, modelOfCase } from './models.js';
import { outcome } from './outcome.js';

type Coded = StructModel | UnionModel | ErrorModel;
type Write = (writer: Writer, value: unknown) => void;
type Read = (reader: Reader) => unknown;

const generated: Readonly<Record<string, object>> = {
  'test.bank': bank,
  'test.newer': newer,
  'test.older': older,
  'test.sparse': sparse,
  'test.types': types,
  'test.words': words,
};

const isCoded = (declaration: Declaration): declaration is Coded =>
  ['struct', 'union', 'error'].includes(declaration.kind);

const coded = ['modules', 'evolution', 'types', 'words']
  .flatMap(name => modelOfCase(name).modules)
  .flatMap(({ declarations }) => declarations)
  .filter(isCoded);
const compared = coded
  .map(declaration => [declaration.fullName, declaration] as const)
  .filter(([, declaration]) => Object.hasOwn(generated, declaration.module.name));

function codecOf(declaration: Coded): { readonly write: Write; readonly read: Read } {
  const codec = generated[declaration.module.name] as Readonly<Record<string, unknown>>;
  return {
    write: codec[derivedNames.writer(declaration.name)] as Write,
    read: codec[derivedNames.reader(declaration.name)] as Read,
  };
}

const values = (declaration: Coded): fc.Arbitrary<unknown> =>
  declaration.kind === 'union'
    ? valueIn({ kind: 'named', target: declaration })
    : fieldsOf(declaration.fields);

const write =
  (declaration: Coded): Write =>
  (writer, value) => {
    if (declaration.kind === 'union') writeValue({ kind: 'named', target: declaration }, value, writer);
    else writeStruct(declaration, value as Readonly<Record<string, unknown>>, writer);
  };

const read =
  (declaration: Coded): Read =>
  reader =>
    declaration.kind === 'union'
      ? readValue({ kind: 'named', target: declaration }, reader)
      : readStruct(declaration, reader);

it('there is something to compare', () => {
  expect(compared.length).toBeGreaterThan(20);
});

describe.each(compared)('%s', (_, declaration) => {
  const known = codecOf(declaration);

  it('has the bytes that generated code writes', () => {
    fc.assert(
      fc.property(values(declaration), value => {
        expect(encode(write(declaration), value)).toEqual(encode(known.write, value));
      }),
    );
  });

  it('is what generated code reads', () => {
    fc.assert(
      fc.property(values(declaration), value => {
        const bytes = encode(known.write, value);
        expect(outcome(() => decode(read(declaration), bytes))).toEqual(
          outcome(() => decode(known.read, bytes)),
        );
      }),
    );
  });

  it('is refused where generated code refuses it', () => {
    fc.assert(
      fc.property(values(declaration), fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, mask) => {
        const bytes = Buffer.from(encode(known.write, value));
        if (bytes.length === 0) return;
        bytes[at % bytes.length]! ^= mask;
        expect(outcome(() => decode(read(declaration), bytes))).toEqual(
          outcome(() => decode(known.read, bytes)),
        );
      }),
    );
  });
});

it('what only a newer schema has is kept and written back', () => {
  const [newest, oldest] = modelOfCase('evolution').modules.map(({ declarations }) =>
    declarations.find((each): each is StructModel => each.kind === 'struct' && each.name === 'Person'),
  ) as [StructModel, StructModel];
  fc.assert(
    fc.property(values(newest), value => {
      const bytes = encode(write(newest), value);
      const seen = decode(read(oldest), bytes);
      expect(Object.keys(seen as object)).toEqual(['name', 'age']);
      expect(decode(read(newest), encode(write(oldest), seen))).toEqual(decode(read(newest), bytes));
    }),
  );
});

it('a value that contains itself is refused as generated code refuses it', () => {
  const tree = find(modelOfCase('types'), 'struct', 'Tree');
  const cyclic: { label: string; children: unknown[] } = { label: '', children: [] };
  cyclic.children.push(cyclic);
  const outcomes = [write(tree), types.writeTree as Write].map(each => outcome(() => encode(each, cyclic)));
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(outcomes[0]).toHaveProperty('error');
});
