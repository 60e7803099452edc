/** The models of the schemas whose generated code is in the golden files. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Declaration, Model } from '../../../compiler/src/model/model.js';
import { compileFiles } from '../check/compile-text.js';

export function modelOfCase(name: string): Model {
  const folder = fileURLToPath(new URL(`../emit/cases/${name}`, import.meta.url));
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.idl'),
  );
  const files = paths.sort().map(path => [path, readFileSync(`${folder}/${path}`, 'utf8')]);
  return modelOf(Object.fromEntries(files));
}

export function modelOf(files: Readonly<Record<string, string>>): Model {
  const { model, diagnostics } = compileFiles(files);
  if (!model) throw new Error(diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n'));
  return model;
}

export function find<Kind extends Declaration['kind']>(
  model: Model,
  kind: Kind,
  name: string,
): Extract<Declaration, { kind: Kind }> {
  const isWanted = (each: Declaration): each is Extract<Declaration, { kind: Kind }> =>
    each.kind === kind && each.name === name;
  const found = model.modules.flatMap(({ declarations }) => declarations).find(isWanted);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}
