/** The constant in `index.ts` that holds the module's schema, which servers tell by reflection. */
import type { ModuleModel } from '../model/model.js';
import { generatedNames, lowerFirst } from '../model/names.js';
import { printModule, schemaPath } from '../print/print.js';
import type { FileScope } from './scope.js';
import { bracketed, indent, quote } from './text.js';

/** `schema`, unless the module exports something of that name. */
export function schemaName(module: ModuleModel): string {
  const taken = new Set([
    ...module.declarations.flatMap(({ kind, name }) => generatedNames(kind, name)),
    ...module.reexports.flatMap(({ target, localName }) => generatedNames(target.kind, localName)),
  ]);
  let name = 'schema';
  while (taken.has(name)) name += '_';
  return name;
}

export function moduleSchema(module: ModuleModel, scope: FileScope): string {
  const { text, imports } = printModule(module);
  const others = imports.map(other => scope.fromIndex(other, schemaName(other), localName(other)));
  const entries = [
    `path: ${quote(schemaPath(module))}`,
    `imports: () => ${bracketed('[', others, ']', 17)}`,
  ].map(indent);
  // The lines of the text are its own: nothing indents them.
  const value = `{\n${[...entries, `  text: ${templateLiteral(text)}`].map(entry => `${entry},\n`).join('')}}`;
  const type = scope.runtimeType('ModuleSchema');
  return `/** What the module declares, for reflection. */\nexport const ${schemaName(module)}: ${type} = ${value};`;
}

/** `moneySchema` for the module in the folder `money`. */
function localName({ folder }: ModuleModel): string {
  const words = folder.split('/').at(-1)!.replace(/\W+/g, '_').replace(/^\d/, '_$&');
  return `${lowerFirst(words)}Schema`;
}

function templateLiteral(text: string): string {
  return `\`${text.replace(/\\|`|\$(?=\{)/g, '\\$&')}\``;
}
