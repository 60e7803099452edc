/** From the checked model back to a schema's text: what it means, in one form, without the comments that are not documentation. */
import type { Declaration, ModuleModel } from '../model/model.js';
import {
  body,
  documented,
  enumMember,
  fieldMember,
  policyMember,
  procedureMember,
  repliesText,
} from './members.js';
import { createNames, type Names } from './names.js';
import { constraintsText, typeText, valueText } from './values.js';

export { schemaPath } from './names.js';

export interface PrintedModule {
  readonly text: string;
  /** Those from which the text imports. */
  readonly imports: readonly ModuleModel[];
}

/**
 * The text of a module. It compiles to the same model, but for what the module hands on: texts import a declaration from
 * where it is declared.
 *
 * @param isWanted which of the declarations are printed
 */
export function printModule(
  module: ModuleModel,
  isWanted: (declaration: Declaration) => boolean = () => true,
): PrintedModule {
  const names = createNames(module);
  const declarations = module.declarations
    .filter(isWanted)
    .map(declaration => documented(declaration, names, declarationText(declaration, names)));
  const head = documented({ doc: module.doc, annotations: [] }, names, `module ${module.name};`);
  const imports = names.imports();
  const blocks = [head, ...(imports.length === 0 ? [] : [imports.join('\n')]), ...declarations];
  return { text: `${blocks.join('\n\n')}\n`, imports: names.modules() };
}

function declarationText(declaration: Declaration, names: Names): string {
  const { name } = declaration;
  switch (declaration.kind) {
    case 'constant':
      return `const ${name}: ${typeText(declaration.type, names)} = ${valueText(declaration.value, names)};`;
    case 'alias': {
      const { type, constraints } = declaration;
      return `type ${name} = ${typeText(type, names)}${constraintsText(constraints, type)};`;
    }
    case 'enum': {
      const members = declaration.members.map(member => enumMember(member, names));
      return `${declaration.closed ? 'closed enum' : 'enum'} ${name} ${body(members)}`;
    }
    case 'struct':
    case 'error':
      return `${declaration.kind} ${name} ${body(declaration.fields.map(field => fieldMember(field, names)))}`;
    case 'union':
      return `union ${name} ${body(declaration.arms.map(arm => fieldMember(arm, names)))}`;
    case 'interface': {
      const bases = declaration.bases.map(base => names.of(base));
      const procedures = declaration.procedures.map(procedure => procedureMember(procedure, names));
      const head = bases.length === 0 ? name : `${name} extends ${bases.join(', ')}`;
      return `interface ${head} ${body(procedures, '\n\n')}`;
    }
    case 'group': {
      const { access, order, replies, policies } = declaration;
      const clauses = [`access ${access};`, `order ${order};`, `replies ${repliesText(replies)};`];
      return `group ${name} of ${names.of(declaration.interface)} ${body([...clauses, ...policies.map(policyMember)])}`;
    }
  }
}
