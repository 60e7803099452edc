/** CVK2xxx: names and imports. */
import { error } from '../diagnostic.js';

export interface Unknown {
  readonly name: string;
  /** The likely fix, as a sentence. */
  readonly hint: string | undefined;
}

const hintOf = ({ hint }: Unknown): string | undefined => hint;

export const names = {
  duplicateDeclaration: error<{ name: string }>(
    'CVK2001',
    ({ name }) => `'${name}' is declared twice in this file`,
    () => 'Names are shared by all kinds of declarations: rename one of the two.',
  ),
  builtInName: error<{ name: string }>(
    'CVK2002',
    ({ name }) => `'${name}' is a built-in type and cannot be declared`,
    ({ name }) => `Choose another name, such as '${name.charAt(0).toUpperCase()}${name.slice(1)}'.`,
  ),
  forbiddenName: error<{ name: string }>(
    'CVK2003',
    ({ name }) => `nothing can be named '${name}': in JavaScript it is an object's prototype`,
    () => 'Choose another name.',
  ),
  unknownType: error<Unknown>('CVK2004', ({ name }) => `there is no type '${name}'`, hintOf),
  unknownConstant: error<Unknown>('CVK2005', ({ name }) => `there is no constant '${name}'`, hintOf),
  unknownEnum: error<Unknown>('CVK2006', ({ name }) => `there is no enum '${name}'`, hintOf),
  unknownEnumMember: error<Unknown & { enum: string }>(
    'CVK2007',
    ({ name, enum: of }) => `enum '${of}' has no member '${name}'`,
    hintOf,
  ),
  unknownError: error<Unknown>('CVK2008', ({ name }) => `there is no error '${name}'`, hintOf),
  unknownInterface: error<Unknown>('CVK2009', ({ name }) => `there is no interface '${name}'`, hintOf),
  notAType: error<{ name: string; kind: string }>(
    'CVK2010',
    ({ name, kind }) => `'${name}' is ${kind}, not a type`,
    () => 'Types are the built-in ones, and what `type`, `enum`, `struct` and `union` declare.',
  ),
  notAConstant: error<{ name: string; kind: string }>(
    'CVK2011',
    ({ name, kind }) => `'${name}' is ${kind}, not a constant`,
    ({ name, kind }) => (kind === 'an enum' ? `Name one of its members: \`${name}.member\`.` : undefined),
  ),
  notAnEnum: error<{ name: string; kind: string }>(
    'CVK2012',
    ({ name, kind }) => `'${name}' is ${kind}, not an enum, and has no members`,
    ({ name, kind }) => (kind === 'a constant' ? `Name the constant alone: \`${name}\`.` : undefined),
  ),
  notAnError: error<{ name: string; kind: string }>(
    'CVK2013',
    ({ name, kind }) => `'${name}' is ${kind}, not an error, and cannot be thrown`,
    ({ name }) => `Declare it with \`error ${name} { … }\`.`,
  ),
  notAnInterface: error<{ name: string; kind: string }>(
    'CVK2014',
    ({ name, kind }) => `'${name}' is ${kind}, not an interface`,
  ),
  importNotFound: error<{ specifier: string; path: string }>(
    'CVK2015',
    ({ specifier, path }) => `cannot find "${specifier}": there is no file '${path}'`,
    () => 'Imports are relative to the importing file.',
  ),
  importMalformed: error<{ specifier: string }>(
    'CVK2016',
    ({ specifier }) => `"${specifier}" is not an import path`,
    () => 'Write a relative path that begins with `./` or `../` and ends in `.idl`.',
  ),
  importOfItself: error<{ specifier: string }>(
    'CVK2017',
    ({ specifier }) => `"${specifier}" is this file itself`,
    () => 'Names that a file declares are known in all of it: remove the import.',
  ),
  notExported: error<Unknown & { specifier: string }>(
    'CVK2018',
    ({ name, specifier }) => `"${specifier}" does not declare '${name}'`,
    hintOf,
  ),
  importClash: error<{ name: string }>(
    'CVK2019',
    ({ name }) => `the imported name '${name}' is taken in this file`,
    ({ name }) => `Import it under another name: \`${name} as Other${name}\`.`,
  ),
  exportClash: error<{ name: string }>(
    'CVK2020',
    ({ name }) => `this file hands on two things named '${name}'`,
    ({ name }) => `Hand one on under another name: \`${name} as Other${name}\`.`,
  ),
  exportCycle: error<{ name: string }>(
    'CVK2021',
    ({ name }) => `'${name}' is only ever re-exported: the files name each other and none declares it`,
    () => 'Re-export it from the file that declares it.',
  ),
  duplicateFullName: error<{ fullName: string; file: string }>(
    'CVK2022',
    ({ fullName, file }) => `'${fullName}' is also declared in '${file}': on the wire the two would be one`,
    () => 'Give the two files different module names, or rename one of the declarations.',
  ),
  generatedClash: error<{ name: string; generated: string; other: string }>(
    'CVK2023',
    ({ name, generated, other }) =>
      `in generated code '${name}' needs the name '${generated}', which '${other}' needs too`,
    () => 'Rename one of the two.',
  ),
};
