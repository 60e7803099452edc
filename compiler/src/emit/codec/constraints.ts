/** Reading with the schema's constraints checked. */
import type { ConstraintModel, TypeModel } from '../../model/model.js';
import { throughAliases } from '../type-text.js';
import { isBigint } from '../values.js';
import type { CodecContext } from './context.js';
import { readExpression } from './marshal.js';

/**
 * An expression that reads a value and checks it; null is not checked.
 *
 * @param path the expression of the field's name for errors
 * @param patternName what a regular expression is called, should there be one
 */
export function readConstrained(
  type: TypeModel,
  constraints: readonly ConstraintModel[],
  path: string,
  patternName: string,
  context: CodecContext,
): string {
  if (constraints.length === 0) return readExpression(type, context, path);
  const seen = throughAliases(type);
  if (seen.kind === 'nullable') {
    const inner = readConstrained(seen.inner, constraints, path, patternName, context);
    return `reader.takeNil() ? null : ${inner}`;
  }
  return constraints.reduce(
    (value, constraint) => checked(value, constraint, isBigint(seen), path, patternName, context),
    readExpression(type, context, path),
  );
}

function checked(
  value: string,
  constraint: ConstraintModel,
  areBigints: boolean,
  path: string,
  patternName: string,
  context: CodecContext,
): string {
  const { scope } = context;
  switch (constraint.kind) {
    case 'length':
    case 'count': {
      const check = scope.runtime(constraint.kind === 'length' ? 'checkLength' : 'checkCount');
      return `${check}(${value}, ${constraint.min ?? 0}, ${constraint.max ?? 'Infinity'}, ${path})`;
    }
    case 'range': {
      const bound = (limit: bigint | number | undefined, open: string) =>
        limit === undefined ? open : areBigints ? `${limit}n` : String(limit);
      const min = bound(constraint.min, '-Infinity');
      return `${scope.runtime('checkRange')}(${value}, ${min}, ${bound(constraint.max, 'Infinity')}, ${path})`;
    }
    case 'pattern': {
      const pattern = new RegExp(`^(?:${constraint.source})$`, 'u');
      return `${scope.runtime('checkPattern')}(${value}, ${context.constant(patternName, String(pattern))}, ${path})`;
    }
  }
}
