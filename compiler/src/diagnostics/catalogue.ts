/** Every diagnostic of the compiler, an area a file. */
import { declarations } from './catalogue/declarations.js';
import { groups } from './catalogue/groups.js';
import { interfaces } from './catalogue/interfaces.js';
import { lint } from './catalogue/lint.js';
import { names } from './catalogue/names.js';
import { support } from './catalogue/support.js';
import { syntax } from './catalogue/syntax.js';

export const diagnostics = {
  ...syntax,
  ...names,
  ...declarations,
  ...interfaces,
  ...groups,
  ...lint,
  ...support,
};
