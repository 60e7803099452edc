/** The schema's constraints, checked of values by the model. */
import { checkCount, checkLength, checkPattern, checkRange } from '@convoke/runtime/codegen';
import { anchored } from '../check/constraint-values.js';
import type { ConstraintModel } from '../model/model.js';

/**
 * Returns the value when it keeps all constraints; null keeps any.
 *
 * @throws MarshalError
 */
export function constrained(value: unknown, constraints: readonly ConstraintModel[], path: string): unknown {
  if (value === null) return value;
  for (const constraint of constraints) check(value as never, constraint, path);
  return value;
}

function check(value: never, constraint: ConstraintModel, path: string): void {
  switch (constraint.kind) {
    case 'length':
    case 'count': {
      const { kind, min = 0, max = Number.POSITIVE_INFINITY } = constraint;
      if (kind === 'length') checkLength(value, min, max, path);
      else checkCount(value, min, max, path);
      return;
    }
    case 'range': {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = constraint;
      checkRange(value, min, max, path);
      return;
    }
    case 'pattern':
      checkPattern(value, anchored(constraint.source), path);
  }
}
