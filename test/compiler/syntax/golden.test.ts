import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../../compiler/src/diagnostics/render.js';
import { sourceFromBytes } from '../../../compiler/src/source/source-file.js';
import { parse } from '../../../compiler/src/syntax/parse.js';
import { expectGolden } from '../../golden.js';
import { dump } from './dump.js';

const folder = fileURLToPath(new URL('golden/', import.meta.url));
const files = (suffix: string) => readdirSync(folder).filter(file => file.endsWith(suffix));

const read = (file: string) => {
  const source = sourceFromBytes(file, readFileSync(folder + file));
  const { tree, diagnostics } = parse(source);
  const sources = new Map([[file, source]]);
  const rendered = diagnostics.map(diagnostic => renderDiagnostic(diagnostic, sources, { colour: false }));
  return { source, tree, rendered };
};

const right = files('.idl').filter(file => !file.endsWith('.bad.idl'));

describe('a file without mistakes has the tree of the golden file', () => {
  it.each(right)('%s', file => {
    const { source, tree, rendered } = read(file);
    expect(rendered).toEqual([]);
    expectGolden(`${folder}${file.replace(/idl$/, 'tree.txt')}`, dump(source, tree));
  });
});

describe('a file with mistakes has the tree and the diagnostics of the golden files', () => {
  it.each(files('.bad.idl'))('%s', file => {
    const { source, tree, rendered } = read(file);
    expect(rendered).not.toEqual([]);
    expectGolden(`${folder}${file.replace(/idl$/, 'diagnostics.txt')}`, `${rendered.join('\n\n')}\n`);
    expectGolden(`${folder}${file.replace(/idl$/, 'tree.txt')}`, dump(source, tree));
  });
});
