/** Types, constraints and values as one writes them in a schema. */
import type { ConstraintModel, TypeModel, ValueModel } from '../model/model.js';
import type { Names } from './names.js';

export function typeText(type: TypeModel, names: Names): string {
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${typeText(type.element, names)}>`;
    case 'map':
      return `map<${typeText(type.key, names)}, ${typeText(type.value, names)}>`;
    case 'nullable':
      return `${typeText(type.inner, names)}?`;
    case 'named':
      return names.of(type.target);
  }
}

export function valueText(value: ValueModel, names: Names): string {
  switch (value.kind) {
    case 'bool':
    case 'integer':
      return String(value.value);
    case 'float':
      return Object.is(value.value, -0) ? '-0.0' : String(value.value);
    case 'string':
      return JSON.stringify(value.value);
    case 'duration':
      return durationText(value.value);
    case 'null':
      return 'null';
    case 'list':
      return `[${value.elements.map(element => valueText(element, names)).join(', ')}]`;
    case 'map': {
      const entries = value.entries.map(
        ([key, entry]) => `${valueText(key, names)}: ${valueText(entry, names)}`,
      );
      return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
    }
    case 'enum-member':
      return `${names.of(value.enum)}.${value.member.name}`;
    case 'constant':
      return names.of(value.target);
  }
}

/** ` where length(1..64)`; nothing where there are no constraints. */
export function constraintsText(constraints: readonly ConstraintModel[], type: TypeModel): string {
  if (constraints.length === 0) return '';
  return ` where ${constraints.map(constraint => constraintText(constraint, type)).join(', ')}`;
}

function constraintText(constraint: ConstraintModel, type: TypeModel): string {
  if (constraint.kind === 'pattern') return `pattern(${JSON.stringify(constraint.source)})`;
  const { kind, min, max } = constraint;
  const bound = (limit: bigint | number | undefined) => {
    if (limit === undefined) return '';
    return isDuration(type) ? durationText(Number(limit)) : String(limit);
  };
  return `${kind}(${min === max ? bound(min) : `${bound(min)}..${bound(max)}`})`;
}

const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** In the greatest unit of which it is a whole number. */
export function durationText(milliseconds: number): string {
  const [unit, size] = units.find(([, each]) => milliseconds !== 0 && milliseconds % each === 0) ?? ['ms', 1];
  return `${withoutExponent(String(milliseconds / size))}${unit}`;
}

/** Durations have none, and only one below a nanosecond would take it. */
function withoutExponent(text: string): string {
  const [, sign, whole, fraction = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text) ?? [];
  return exponent === undefined ? text : `${sign}0.${'0'.repeat(Number(exponent) - 1)}${whole}${fraction}`;
}

function isDuration(type: TypeModel): boolean {
  switch (type.kind) {
    case 'primitive':
      return type.name === 'duration';
    case 'nullable':
      return isDuration(type.inner);
    case 'named':
      return type.target.kind === 'alias' && isDuration(type.target.type);
    default:
      return false;
  }
}
