/** Parameters and results of procedures as TypeScript types. */
import type { FieldModel, ProcedureModel } from '../model/model.js';
import { parameterName } from '../model/names.js';
import { plainParameters } from '../model/procedures.js';
import type { FileScope } from './scope.js';
import { bracketed } from './text.js';
import { typeText } from './type-text.js';
import { valueText } from './values.js';

/**
 * The tuple of the arguments, as a procedure marshals them: `[id: string, owner: string | undefined]`.
 *
 * @param before how many characters stand before it in its line
 */
export function argumentsType(procedure: ProcedureModel, scope: FileScope, before = 0): string {
  const elements = plainParameters(procedure).map(
    parameter => `${parameterName(parameter.name)}: ${argumentType(parameter, scope)}`,
  );
  return bracketed('[', elements, ']', before);
}

/** What a service gets for a parameter: what has arrived, or the default in its place. */
export function argumentType(parameter: FieldModel, scope: FileScope): string {
  const type = typeText(parameter.type, scope);
  if (parameter.stream) return `${scope.runtimeType('ItemStream')}<${type}>`;
  return parameter.optional ? `${type} | undefined` : type;
}

/** The type of a result, or of an item where the result is a stream. */
export function resultType({ result }: ProcedureModel, scope: FileScope): string {
  return result === undefined ? 'void' : typeText(result, scope);
}

/** Whether a caller may leave a parameter out. */
function isOmissible(parameter: FieldModel): boolean {
  return parameter.optional || parameter.default !== undefined;
}

/** The parameters of a client stub's method as its interface has them, but for the options: `id?: string`. */
export function callerParameters(procedure: ProcedureModel, scope: FileScope): string[] {
  return procedure.parameters.map(parameter => {
    const type = typeText(parameter.type, scope);
    const passed = parameter.stream ? `${scope.runtimeType('ItemSource')}<${type}>` : type;
    return `${parameterName(parameter.name)}${isOmissible(parameter) ? '?' : ''}: ${passed}`;
  });
}

/** A method of a client stub: what it calls its parameters, and its text up to the arrow. */
export function stubMethod(
  { name, parameters }: ProcedureModel,
  scope: FileScope,
): { names: string[]; head: string } {
  const local = scope.locals();
  const names = parameters.map(parameter => local(parameterName(parameter.name)));
  const declared = parameters.map(({ default: value, type }, index) =>
    value === undefined ? names[index]! : `${names[index]} = ${valueText(value, type, scope)}`,
  );
  const list = declared.length === 0 ? 'options' : `(${declared.join(', ')}, options)`;
  return { names, head: `${name}: ${list} =>` };
}

/** In an interface `new` alone would be a constructor. */
export function methodName({ name }: ProcedureModel): string {
  return name === 'new' ? "'new'" : name;
}

/** A function's only parameter, marked as unused where an interface without procedures has no use for it. */
export function usedParameter(name: string, uses: readonly unknown[]): string {
  return uses.length > 0 ? name : `_${name}`;
}
