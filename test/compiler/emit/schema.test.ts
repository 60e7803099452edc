import { describe, expect, it } from 'vitest';
import { emit } from '../../../compiler/src/emit/index.js';
import { modelOf } from '../dynamic/models.js';

const indexOf = (files: Readonly<Record<string, string>>, folder: string): string =>
  emit(modelOf(files)).find(({ path }) => path === `${folder}/index.ts`)!.text;

describe('the schema in index.ts', () => {
  it('is named otherwise where the module declares something of that name', () => {
    const files = {
      'a.idl': 'module a; const schema: u8 = 1; struct A { @1 x: u8 = schema; }',
      'b.idl': 'module b; import { A } from "./a.idl"; struct B { @1 a: A; }',
    };
    expect(indexOf(files, 'a')).toContain('export const schema_: ModuleSchema = {');
    expect(indexOf(files, 'b')).toContain("import { schema_ as aSchema } from '../a/index.js';");
    expect(indexOf(files, 'b')).toContain('imports: () => [aSchema],');
  });

  it('is imported under a name that is one, whatever the folder is called', () => {
    const files = {
      '1-of.2.idl': 'module a; struct A {}',
      'b.idl': 'module b; import { A } from "./1-of.2.idl"; struct B { @1 a: A; }',
    };
    expect(indexOf(files, 'b')).toContain("import { schema as _1_of_2Schema } from '../1-of.2/index.js';");
  });

  it('keeps what a template literal would take for its own', () => {
    const declaration = '/// `a` $' + '{b} \\n $c\nconst A: string = "`$' + '{x}\\\\`";';
    const text = indexOf({ 'a.idl': `module a;\n${declaration}` }, 'a');
    const literal = /text: (`.*`),\n\};/s.exec(text)![1]!;
    const evaluated: unknown = new Function(`return ${literal};`)();
    expect(evaluated).toBe(`module a;\n\n${declaration}\n`);
  });

  it('is left out of a module that declares nothing', () => {
    expect(indexOf({ 'a.idl': 'module a;' }, 'a')).not.toContain('schema');
  });
});
