/** `index.ts`: all that a module offers, and the descriptions of its interfaces and groups. */
import { groupsOf } from '../model/groups.js';
import { allBases, interfacesOf } from '../model/interfaces.js';
import type { Declaration, GroupModel, ImportModel, InterfaceModel, ModuleModel } from '../model/model.js';
import { derivedNames, typescriptName } from '../model/names.js';
import { codecNames } from './codec-file.js';
import { docText } from './docs.js';
import type { Statement } from './file.js';
import { documentedGroup } from './group-file.js';
import { moduleSchema, schemaName } from './schema.js';
import { createScope, type FileName, type FileScope, relativeFolder } from './scope.js';
import { bracketed, object, property, quote } from './text.js';

/** @param files the other files that were emitted for the module */
export function indexFile(
  module: ModuleModel,
  files: readonly FileName[],
): { scope: FileScope; statements: Statement[] } {
  const interfaces = interfacesOf(module);
  const groups = groupsOf(module);
  const scope = createScope(module, 'index', [
    schemaName(module),
    ...[...interfaces, ...groups].map(({ name }) => typescriptName(name)),
  ]);
  const exports = [
    ...module.reexports.map(reexport => exportDeclaration(reexport, module)),
    ...files.map(file => `export * from './${file}.js';`),
  ];
  const descriptions = [
    ...interfaces.map(declaration => description(declaration, scope)),
    ...groups.map(declaration => groupDescription(declaration, scope)),
  ];
  const schema = module.declarations.length === 0 ? [] : [moduleSchema(module, scope)];
  const statements = [...(exports.length === 0 ? [] : [exports.join('\n')]), ...schema, ...descriptions];
  return { scope, statements: statements.length === 0 ? ['export {};'] : statements };
}

function description(declaration: InterfaceModel, scope: FileScope): string {
  const client = scope.derivedType(declaration, derivedNames.client, 'client');
  const service = scope.derivedType(declaration, derivedNames.service, 'server');
  const type = `${scope.runtimeType('InterfaceDescription')}<${client}, ${service}>`;
  const value = object([
    ...interfaceEntries(declaration, declaration.module, scope),
    property('createClient', scope.derived(declaration, derivedNames.createClient, 'client')),
    createDispatcher(declaration, scope),
  ]);
  return `${docText(declaration)}export const ${typescriptName(declaration.name)}: ${type} = ${value};`;
}

function groupDescription(group: GroupModel, scope: FileScope): string {
  const client = scope.derivedType(group, derivedNames.client, 'group');
  const service = scope.derivedType(group.interface, derivedNames.service, 'server');
  const type = `${scope.runtimeType('GroupDescription')}<${client}, ${service}>`;
  const value = object([
    `group: ${quote(group.fullName)}`,
    `access: ${quote(group.access)}`,
    ...interfaceEntries(group.interface, group.module, scope),
    `policies: Object.values(${scope.derived(group, derivedNames.policies, 'group')})`,
    property('createGroupClient', scope.derived(group, derivedNames.createClient, 'group')),
    createDispatcher(group.interface, scope),
  ]);
  return `${docText(documentedGroup(group))}export const ${typescriptName(group.name)}: ${type} = ${value};`;
}

/** What the descriptions of an interface and of its groups have in common. */
function interfaceEntries(declaration: InterfaceModel, module: ModuleModel, scope: FileScope): string[] {
  const bases = allBases(declaration).map(({ fullName }) => quote(fullName));
  return [
    `name: ${quote(declaration.fullName)}`,
    `bases: ${bracketed('[', bases, ']', 9)}`,
    property('schema', schemaName(module)),
    `procedures: Object.values(${scope.derived(declaration, derivedNames.procedures, 'codec')})`,
  ];
}

function createDispatcher(declaration: InterfaceModel, scope: FileScope): string {
  return property(
    'createDispatcher',
    scope.derived(declaration, derivedNames.createDispatcher, 'dispatcher'),
  );
}

/** An exported name, and how it follows from the declaration's. */
interface ExportedName {
  readonly of: (name: string) => string;
  readonly isType: boolean;
}

const type = (of: (name: string) => string): ExportedName => ({ of, isType: true });
const value = (of: (name: string) => string): ExportedName => ({ of, isType: false });

/** What the module of a declaration exports for it. */
function exportedNames(declaration: Declaration): ExportedName[] {
  const derived = [derivedNames.writer, derivedNames.reader, derivedNames.procedures];
  const codec = codecNames(declaration);
  const fromCodec = derived.filter(of => codec.includes(of(declaration.name))).map(value);
  switch (declaration.kind) {
    case 'constant':
      return [value(typescriptName)];
    case 'alias':
    case 'struct':
    case 'union':
      return [type(typescriptName), ...fromCodec];
    case 'enum':
      return [value(typescriptName), ...fromCodec];
    case 'error':
      return [value(typescriptName), type(derivedNames.data), ...fromCodec];
    case 'interface':
      return [
        value(typescriptName),
        type(derivedNames.client),
        type(derivedNames.service),
        ...[derivedNames.createClient, derivedNames.createServerStub, derivedNames.createDispatcher].map(
          value,
        ),
        ...fromCodec,
      ];
    case 'group':
      return [
        value(typescriptName),
        type(derivedNames.client),
        value(derivedNames.createClient),
        value(derivedNames.policies),
      ];
  }
}

function exportDeclaration({ localName, target }: ImportModel, module: ModuleModel): string {
  const items = exportedNames(target).map(({ of, isType }) => {
    const [from, to] = [of(target.name), of(localName)];
    return `${isType ? 'type ' : ''}${from === to ? from : `${from} as ${to}`}`;
  });
  const from = ` from ${quote(`${relativeFolder(module.folder, target.module.folder)}/index.js`)};`;
  return `export ${bracketed('{ ', items, ' }', 7 + from.length)}${from}`;
}
