/** CVK9xxx: what this version does not do, and trouble with files. */
import { error } from '../diagnostic.js';

export const support = {
  cannotRead: error<{ file: string; reason: string }>(
    'CVK9001',
    ({ file, reason }) => `cannot read '${file}': ${reason}`,
    () => 'See that it is a file and that you may read it.',
  ),
  packageImport: error<{ specifier: string }>(
    'CVK9002',
    ({ specifier }) => `this version does not import from npm packages: "${specifier}"`,
    () => 'Copy the file beside this one and import it by a relative path.',
  ),
  sameFolder: error<{ folder: string; other: string }>(
    'CVK9005',
    ({ folder, other }) => `its generated files would go to '${folder}', where those of '${other}' go`,
    () => 'Rename one of the two files.',
  ),
};
