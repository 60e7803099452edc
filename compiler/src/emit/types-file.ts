/** `types.ts`: what the schema's declarations are in TypeScript. */
import { StructureKind } from 'ts-morph';
import type {
  AliasModel,
  ConstantModel,
  Declaration,
  EnumModel,
  ErrorModel,
  FieldModel,
  ModuleModel,
  UnionModel,
} from '../model/model.js';
import { derivedNames, typescriptName } from '../model/names.js';
import { type Documented, docs, docText } from './docs.js';
import { emptyInterface, type Statement } from './file.js';
import { createScope, type FileScope } from './scope.js';
import { indent, object, quote } from './text.js';
import { throughAliases, typeText } from './type-text.js';
import { valueText } from './values.js';

export function typesFile(module: ModuleModel): { scope: FileScope; statements: Statement[] } {
  const scope = createScope(module, 'types', ownNames(module));
  const done = new Set<Declaration>();
  const statements = module.declarations.flatMap(declaration => {
    const emitted = declarationStatements(declaration, scope, target => done.has(target));
    done.add(declaration);
    return emitted;
  });
  return { scope, statements };
}

function ownNames(module: ModuleModel): string[] {
  return module.declarations.flatMap(({ kind, name }) =>
    kind === 'error' ? [typescriptName(name), derivedNames.data(name)] : [typescriptName(name)],
  );
}

function declarationStatements(
  declaration: Declaration,
  scope: FileScope,
  isDone: (target: Declaration) => boolean,
): Statement[] {
  switch (declaration.kind) {
    case 'constant':
      return [constant(declaration, scope, isDone)];
    case 'alias':
      return [alias(declaration, scope)];
    case 'enum':
      return enumeration(declaration);
    case 'struct':
      return [fieldsInterface(typescriptName(declaration.name), declaration, declaration.fields, scope)];
    case 'union':
      return [union(declaration, scope)];
    case 'error':
      return error(declaration, scope);
    case 'interface':
    case 'group':
      return [];
  }
}

/** Modules may import each other in a circle, so that only what stands above in this file is sure to have a value. */
function constant(
  { name, type, value, ...rest }: ConstantModel,
  scope: FileScope,
  isDone: (target: Declaration) => boolean,
): string {
  const isLiteral = throughAliases(type).kind === 'primitive';
  const annotation = isLiteral ? '' : `: ${typeText(type, scope)}`;
  return `${docText(rest)}export const ${typescriptName(name)}${annotation} = ${valueText(value, type, scope, isDone)};`;
}

function alias(declaration: AliasModel, scope: FileScope): string {
  return `${docText(declaration)}export type ${typescriptName(declaration.name)} = ${typeText(declaration.type, scope)};`;
}

function enumeration(declaration: EnumModel): string[] {
  const name = typescriptName(declaration.name);
  const members = declaration.members.map(member => `${docText(member)}${member.name}: ${member.id}`);
  const open = declaration.closed ? '' : ' | (number & {})';
  return [
    `${docText(declaration)}export const ${name} = ${object(members)} as const;`,
    // The constant's comment is the type's too: to TypeScript they are one symbol.
    `export type ${name} = (typeof ${name})[keyof typeof ${name}]${open};`,
  ];
}

function union(declaration: UnionModel, scope: FileScope): string {
  const arms = declaration.arms.map(
    arm => `${docText(arm)}| { kind: ${quote(arm.name)}; value: ${typeText(arm.type, scope)} }`,
  );
  arms.push("| { kind: '$unknown'; id: number; raw: Uint8Array }");
  return `${docText(declaration)}export type ${typescriptName(declaration.name)} =\n${indent(arms.join('\n'))};`;
}

function error(declaration: ErrorModel, scope: FileScope): Statement[] {
  const data = derivedNames.data(declaration.name);
  const initializer = declaration.fields.every(({ optional }) => optional) ? { initializer: '{}' } : {};
  return [
    fieldsInterface(
      data,
      { doc: `The fields of \`${declaration.name}\`.`, annotations: [] },
      declaration.fields,
      scope,
    ),
    {
      kind: StructureKind.Class,
      isExported: true,
      name: typescriptName(declaration.name),
      extends: `${scope.runtime('DeclaredError')}<${data}>`,
      docs: docs(declaration),
      properties: [
        { name: 'name', hasOverrideKeyword: true, isReadonly: true, initializer: quote(declaration.name) },
      ],
      ctors: [
        {
          parameters: [{ name: 'data', type: data, ...initializer }],
          statements: [`super(${quote(declaration.fullName)}, data);`],
        },
      ],
    },
  ];
}

function fieldsInterface(
  name: string,
  documented: Documented,
  fields: readonly FieldModel[],
  scope: FileScope,
): Statement {
  if (fields.length === 0) return emptyInterface(name, documented);
  return {
    kind: StructureKind.Interface,
    isExported: true,
    name,
    docs: docs(documented),
    properties: fields.map(field => ({
      name: field.name,
      type: typeText(field.type, scope),
      hasQuestionToken: field.optional,
      docs: docs(field),
    })),
  };
}
