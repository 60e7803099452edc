/** Constants and defaults as the values that they stand for. */
import { baseType } from '../check/types.js';
import { literalOf } from '../check/values.js';
import type { TypeModel, ValueModel } from '../model/model.js';

/** @param type what the value is for: the same integer is a number or a bigint */
export function literalValue(value: ValueModel, type: TypeModel): unknown {
  const literal = literalOf(value);
  const base = baseType(type);
  switch (literal.kind) {
    case 'null':
      return null;
    case 'integer':
      return isBigint(base) ? literal.value : Number(literal.value);
    case 'string':
      return isPrimitive(base, 'timestamp') ? new Date(literal.value) : literal.value;
    case 'enum-member':
      return literal.member.id;
    case 'list': {
      if (base.kind !== 'list' && base.kind !== 'set') throw misplaced(literal, base);
      const elements = literal.elements.map(element => literalValue(element, base.element));
      return base.kind === 'list' ? elements : new Set(elements);
    }
    case 'map': {
      if (base.kind !== 'map') throw misplaced(literal, base);
      return new Map(
        literal.entries.map(([key, entry]) => [literalValue(key, base.key), literalValue(entry, base.value)]),
      );
    }
    default:
      return literal.value;
  }
}

function isBigint(type: TypeModel): boolean {
  return isPrimitive(type, 'i64') || isPrimitive(type, 'u64');
}

function isPrimitive(type: TypeModel, name: string): boolean {
  return type.kind === 'primitive' && type.name === name;
}

function misplaced(value: ValueModel, type: TypeModel): Error {
  return new Error(`the checked model holds a ${value.kind} where a ${type.kind} is due; report this bug`);
}
