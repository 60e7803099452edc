/** Constraints as they apply to literals. The runtime checks the same of what arrives. */
import type { ConstraintModel, ValueModel } from '../model/model.js';

/** Whether a literal of a fitting type is allowed. */
export function satisfies(constraint: ConstraintModel, literal: ValueModel): boolean {
  if (constraint.kind === 'pattern') {
    return literal.kind !== 'string' || anchored(constraint.source).test(literal.value);
  }
  const size = measure(constraint.kind, literal);
  if (size === undefined) return true;
  const { min, max } = constraint;
  return (min === undefined || size >= min) && (max === undefined || size <= max);
}

/** @throws SyntaxError where the source is not a regular expression */
export function anchored(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, 'u');
}

/** The constraint as one writes it: `length(1..64)`. */
export function constraintText(constraint: ConstraintModel): string {
  if (constraint.kind === 'pattern') return `pattern(${JSON.stringify(constraint.source)})`;
  const { kind, min, max } = constraint;
  return `${kind}(${min === max ? min : `${min ?? ''}..${max ?? ''}`})`;
}

function measure(kind: 'length' | 'count' | 'range', literal: ValueModel): bigint | number | undefined {
  switch (literal.kind) {
    case 'string':
      return kind === 'length' ? [...literal.value].length : undefined;
    case 'list':
      return literal.elements.length;
    case 'map':
      return literal.entries.length;
    case 'integer':
    case 'float':
    case 'duration':
      return literal.value;
    default:
      return undefined;
  }
}
