import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { declarations } from '../../../compiler/src/diagnostics/catalogue/declarations.js';
import { groups } from '../../../compiler/src/diagnostics/catalogue/groups.js';
import { interfaces } from '../../../compiler/src/diagnostics/catalogue/interfaces.js';
import { names } from '../../../compiler/src/diagnostics/catalogue/names.js';
import { compile } from '../../../compiler/src/engine/compile.js';
import { readFrom } from '../../../compiler/src/engine/disk.js';
import { actualPlaces, expectedPlaces } from './marks.js';

const fixtures = (folder: 'bad' | 'good') => {
  const directory = fileURLToPath(new URL(folder, import.meta.url));
  const files = readdirSync(directory).filter(file => file.endsWith('.idl'));
  const compileFixture = (file: string) =>
    compile({ files: [file], directory, readFile: readFrom(directory) });
  return { files, compileFixture };
};

const bad = fixtures('bad');
const good = fixtures('good');

describe('what is wrong is reported once, where it stands', () => {
  it.each(bad.files)('%s', file => {
    const { diagnostics, sources, model } = bad.compileFixture(file);
    const code = file.slice(0, 'CVK0000'.length);
    const expected = expectedPlaces(sources.values());
    expect(expected).not.toHaveLength(0);
    expect(diagnostics.map(diagnostic => `${diagnostic.code} ${diagnostic.message}`)).toEqual(
      expected.map(() => expect.stringContaining(code)),
    );
    expect(actualPlaces(diagnostics, sources)).toEqual(expected);
    expect(model === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
  });
});

describe('what is right is not objected to', () => {
  it.each(good.files)('%s', file => {
    const { diagnostics, model } = good.compileFixture(file);
    expect(diagnostics.map(diagnostic => `${diagnostic.code} ${diagnostic.message}`)).toEqual([]);
    expect(model).toBeDefined();
  });
});

describe('every rule', () => {
  const codes = Object.values({ ...names, ...declarations, ...interfaces, ...groups }).map(
    ({ code }) => code,
  );

  it('has a code of its own', () => {
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(codes)('%s has a bad and a good example', code => {
    expect(bad.files.some(file => file.startsWith(code))).toBe(true);
    expect(good.files.some(file => file.startsWith(code))).toBe(true);
  });
});
