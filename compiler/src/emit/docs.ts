/** Doc comments of the schema as JSDoc. */
import type { JSDocStructure, OptionalKind } from 'ts-morph';
import type { AnnotationModel, ProcedureModel } from '../model/model.js';
import { typescriptName } from '../model/names.js';

export interface Documented {
  readonly doc: string | undefined;
  readonly annotations: readonly AnnotationModel[];
}

/** The lines of a declaration's JSDoc; none when it has neither a comment nor a deprecation. */
function docLines({ doc, annotations }: Documented, tags: readonly string[]): string[] {
  const text = doc === undefined ? [] : doc.replaceAll('*/', '*\\/').trim().split('\n');
  const allTags = [...tags, ...annotations.filter(({ name }) => name === 'deprecated').map(deprecation)];
  return [
    ...text.map(line => line.trimEnd()),
    ...(text.length > 0 && allTags.length > 0 ? [''] : []),
    ...allTags,
  ];
}

function deprecation(annotation: AnnotationModel): string {
  const [reason] = annotation.arguments;
  return reason?.kind === 'string' ? `@deprecated ${reason.value.replaceAll('*/', '*\\/')}` : '@deprecated';
}

/** JSDoc for a ts-morph structure. */
export function docs(documented: Documented, tags: readonly string[] = []): OptionalKind<JSDocStructure>[] {
  const lines = docLines(documented, tags);
  if (lines.length === 0) return [];
  return [{ description: lines.length === 1 ? lines[0]! : `\n${lines.join('\n')}` }];
}

/** JSDoc for a procedure in the interface of a stub, with the errors that it declares. */
export function procedureDocs(procedure: ProcedureModel): OptionalKind<JSDocStructure>[] {
  return docs(
    procedure,
    procedure.throws.map(({ name }) => `@throws ${typescriptName(name)}`),
  );
}

/** JSDoc as text that ends with a line break, or nothing. */
export function docText(documented: Documented): string {
  const lines = docLines(documented, []);
  if (lines.length === 0) return '';
  if (lines.length === 1) return `/** ${lines[0]} */\n`;
  return `/**\n${lines.map(line => ` *${line === '' ? '' : ` ${line}`}\n`).join('')} */\n`;
}
