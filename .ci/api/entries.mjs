/** The public API: the packages, each with one entry for every file of declarations to which its `exports` lead. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository, as an absolute path with a slash at its end. */
export const repository = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Of each entry: `specifier` is what an import says, with the condition if it is for one, and `report` a name for files;
 * `declarations` and `source` are absolute paths.
 */
export const packages = ['runtime', 'compiler'].map(name => {
  const folder = `${repository}${name}`;
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const entries = Object.entries(manifest.exports).flatMap(([subpath, conditions]) =>
    [...declarationsOf(conditions)].map(([types, condition]) => ({
      specifier: `${manifest.name}${subpath.slice('.'.length)}${condition && ` (${condition})`}`,
      report: `${name}${subpath.slice('.'.length)}${condition && `/${condition}`}`.replaceAll('/', '-'),
      declarations: `${folder}/${types.slice('./'.length)}`,
      source: `${folder}/${types.replace(/^\.\/dist\/(.*)\.d\.ts$/, 'src/$1.ts')}`,
    })),
  );
  return { name, folder, specifier: manifest.name, entries };
});

/** The files of declarations of one subpath, and the condition of each: '' for what holds without any. */
function declarationsOf(conditions, condition = '', found = new Map()) {
  for (const [key, value] of Object.entries(typeof conditions === 'string' ? {} : conditions)) {
    if (key !== 'types') declarationsOf(value, key, found);
    else if (condition === '' || !found.has(value)) found.set(value, condition);
  }
  return found;
}
