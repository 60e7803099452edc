/** Parameters and results of procedures as TypeScript types. */
import type { FieldModel, ProcedureModel } from '../model/model.js';
import { parameterName } from '../model/names.js';
import type { FileScope } from './scope.js';
import { bracketed } from './text.js';
import { typeText } from './type-text.js';

/**
 * The tuple of the arguments, as a procedure marshals them: `[id: string, owner: string | undefined]`.
 *
 * @param before how many characters stand before it in its line
 */
export function argumentsType({ parameters }: ProcedureModel, scope: FileScope, before = 0): string {
  const elements = parameters.map(
    parameter => `${parameterName(parameter.name)}: ${argumentType(parameter, scope)}`,
  );
  return bracketed('[', elements, ']', before);
}

/** What a parameter is when it has arrived, or its default has taken its place. */
export function argumentType(parameter: FieldModel, scope: FileScope): string {
  const type = typeText(parameter.type, scope);
  return parameter.optional ? `${type} | undefined` : type;
}

export function resultType({ result }: ProcedureModel, scope: FileScope): string {
  return result === undefined ? 'void' : typeText(result, scope);
}

/** The procedure's `CallShape` in the runtime. */
export function shapeOf({
  parameters,
  resultStream,
}: ProcedureModel): 'unary' | 'server-stream' | 'client-stream' | 'bidi-stream' {
  const takesStream = parameters.some(({ stream }) => stream);
  if (takesStream) return resultStream ? 'bidi-stream' : 'client-stream';
  return resultStream ? 'server-stream' : 'unary';
}

/** Whether a caller may leave a parameter out. */
export function isOmissible(parameter: FieldModel): boolean {
  return parameter.optional || parameter.default !== undefined;
}

/** In an interface `new` alone would be a constructor. */
export function methodName({ name }: ProcedureModel): string {
  return name === 'new' ? "'new'" : name;
}

/** A function's only parameter, marked as unused where an interface without procedures has no use for it. */
export function usedParameter(name: string, uses: readonly unknown[]): string {
  return uses.length > 0 ? name : `_${name}`;
}
