/** From the checked model to TypeScript: the files of every module, in the order of the modules. */
import { groupsOf } from '../model/groups.js';
import type { Model, ModuleModel } from '../model/model.js';
import { clientFile } from './client-file.js';
import { codecFile } from './codec-file.js';
import { dispatcherFile } from './dispatcher-file.js';
import { createPrinter, type EmittedFile, type Printer, type Statement } from './file.js';
import { groupFile } from './group-file.js';
import { indexFile } from './index-file.js';
import type { FileName, FileScope } from './scope.js';
import { serverFile } from './server-file.js';
import { typesFile } from './types-file.js';

export type { EmittedFile } from './file.js';

interface FileContent {
  readonly scope: FileScope;
  readonly statements: readonly Statement[];
}

/** In the order in which each stands on those before it. */
const files: readonly [FileName, (module: ModuleModel) => FileContent][] = [
  ['types', typesFile],
  ['codec', codecFile],
  ['client', clientFile],
  ['server', serverFile],
  ['dispatcher', dispatcherFile],
];

/** Only where a module declares groups. */
const group: (typeof files)[number] = ['group', groupFile];

/** What stands in a file for which a module declares nothing: imports of it hold, whatever the schema has. */
const nothing: readonly Statement[] = ['export {};'];

/** Emits all modules, each with all of its files. The same model gives the same bytes. */
export function emit(model: Model): EmittedFile[] {
  const printer = createPrinter();
  return model.modules.flatMap(module => emitModule(module, printer));
}

function emitModule(module: ModuleModel, printer: Printer): EmittedFile[] {
  const wanted = groupsOf(module).length === 0 ? files : [...files, group];
  const contents = wanted.map(([name, content]) => ({ name, ...content(module) }));
  const names = contents.map(({ name }) => name);
  return [...contents, { name: 'index' as const, ...indexFile(module, names) }].map(
    ({ name, scope, statements }) =>
      printer.print(module, name, scope, statements.length > 0 ? statements : nothing),
  );
}
