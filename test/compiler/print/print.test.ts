import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Declaration, Model } from '../../../compiler/src/model/model.js';
import { reach } from '../../../compiler/src/model/reach.js';
import { printModule, schemaPath } from '../../../compiler/src/print/print.js';
import { durationText } from '../../../compiler/src/print/values.js';
import { compileFiles } from '../check/compile-text.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function modelOf(files: Readonly<Record<string, string>>): Model {
  const { model, diagnostics } = compileFiles(files);
  if (!model) throw new Error(diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n'));
  return model;
}

const printed = (model: Model): Record<string, string> =>
  Object.fromEntries(model.modules.map(module => [schemaPath(module), printModule(module).text]));

/** What a declaration means, without where it stands; other declarations by their names. */
function meaning(declaration: Declaration): unknown {
  const plain = (value: unknown, isRoot = false): unknown => {
    if (Array.isArray(value)) return value.map(element => plain(element));
    if (typeof value !== 'object' || value === null) return value;
    if (!isRoot && 'fullName' in value) return value.fullName;
    if (declaration.kind === 'group' && 'parameters' in value && 'name' in value) return value.name;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'span' && key !== 'module')
        .map(([key, each]) => [key, plain(each)]),
    );
  };
  return plain(declaration, true);
}

const meanings = (model: Model): unknown =>
  model.modules.map(({ name, doc, declarations }) => ({
    name,
    doc,
    declarations: declarations.map(meaning),
  }));

function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.idl'),
  );
  return Object.fromEntries(names.sort().map(name => [name, readFileSync(`${folder}/${name}`, 'utf8')]));
}

const cases: [string, () => Record<string, string>][] = [
  ...readdirSync(path('../emit/cases')).map(
    name => [name, () => filesIn(path(`../emit/cases/${name}`))] satisfies (typeof cases)[number],
  ),
  ...readdirSync(path('cases')).map(
    name =>
      [
        name,
        () => ({ [name]: readFileSync(path(`cases/${name}`), 'utf8') }),
      ] satisfies (typeof cases)[number],
  ),
];

describe.each(cases)('a printed schema: %s', (_, files) => {
  it('means what the schema meant', () => {
    const model = modelOf(files());
    expect(meanings(modelOf(printed(model)))).toEqual(meanings(model));
  });

  it('is printed the same again', () => {
    const first = printed(modelOf(files()));
    expect(printed(modelOf(first))).toEqual(first);
  });
});

describe('a declaration', () => {
  const text = `module test.reach;
    const Limit: u32 = 3;
    enum Kind { @1 plain; }
    struct Used { @1 kinds: map<string, list<Kind>>; }
    struct Unused { @1 count: u32 = Limit; }
    error Failed { @1 used: Used?; }
    interface Base { @1 base(@1 count: u32 = Limit): void; }
    interface Other { @1 other(): Unused; }
    interface Asked extends Base { @1 ask(): void throws Failed; }`;

  it('reaches what it speaks of, and nothing else', () => {
    const [module] = modelOf({ 'reach.idl': text }).modules;
    const asked = module!.declarations.filter(({ name }) => name === 'Asked');
    const names = [...reach(asked)].map(({ name }) => name).sort();
    expect(names).toEqual(['Asked', 'Base', 'Failed', 'Kind', 'Limit', 'Used']);
  });

  it('is printed with what it reaches', () => {
    const [module] = modelOf({ 'reach.idl': text }).modules;
    const wanted = reach(module!.declarations.filter(({ name }) => name === 'Base'));
    expect(printModule(module!, declaration => wanted.has(declaration)).text).toBe(
      `module test.reach;\n\nconst Limit: u32 = 3;\n\ninterface Base {\n  @1 base(@1 count: u32 = Limit): void at-most-once deadline 10s;\n}\n`,
    );
  });
});

describe('a duration', () => {
  it.each([
    [0, '0ms'],
    [1, '1ms'],
    [1500, '1500ms'],
    [2000, '2s'],
    [90_000, '90s'],
    [120_000, '2m'],
    [-7_200_000, '-2h'],
    [0.0000001, '0.0000001ms'],
  ])('of %d ms is %s', (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });

  it('is read as it was printed', () => {
    const milliseconds = fc.oneof(
      fc.integer(),
      fc
        .double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })
        .filter(value => Math.abs(value) > 1e-9),
    );
    fc.assert(
      fc.property(milliseconds, value => {
        const model = modelOf({ 'a.idl': `module a; const D: duration = ${durationText(value)};` });
        expect(model.modules[0]!.declarations[0]).toMatchObject({ value: { kind: 'duration', value } });
      }),
    );
  });
});

it('strings are read as they were printed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const model = modelOf({ 'a.idl': `module a; const S: string = ${JSON.stringify(text)};` });
      expect(meanings(modelOf(printed(model)))).toEqual(meanings(model));
    }),
  );
});
