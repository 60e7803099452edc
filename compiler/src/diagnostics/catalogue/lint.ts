/** CVK8xxx: what is allowed but hardly meant. */
import { warning } from '../diagnostic.js';

export const lint = {
  unusedImport: warning<{ name: string }>(
    'CVK8001',
    ({ name }) => `'${name}' is imported but not used`,
    () => 'Remove it from the import.',
  ),
  strayDocComment: warning(
    'CVK8002',
    () => 'this doc comment documents nothing',
    () =>
      "A doc comment stands before what it documents, on a line of its own; '//' begins any other comment.",
  ),
};
