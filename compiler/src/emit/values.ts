/** Constants and defaults as expressions of TypeScript. */
import type { Declaration, TypeModel, ValueModel } from '../model/model.js';
import type { FileScope } from './scope.js';
import { quote } from './text.js';
import { throughAliases } from './type-text.js';

/**
 * @param type what the value is for: the same integer is a number or a bigint
 * @param mayName whether the value may refer to a constant or an enum by its name; else its own value is written
 */
export function valueText(
  value: ValueModel,
  type: TypeModel,
  scope: FileScope,
  mayName: (target: Declaration) => boolean = () => true,
): string {
  const target = throughAliases(type);
  const inner = target.kind === 'nullable' ? throughAliases(target.inner) : target;
  const text = (part: ValueModel, partType: TypeModel) => valueText(part, partType, scope, mayName);
  switch (value.kind) {
    case 'bool':
    case 'float':
    case 'duration':
      return String(value.value);
    case 'integer':
      return isBigint(inner) ? `${value.value}n` : String(value.value);
    case 'string':
      return isTimestamp(inner) ? `new Date(${quote(value.value)})` : quote(value.value);
    case 'null':
      return 'null';
    case 'list': {
      if (inner.kind !== 'list' && inner.kind !== 'set') throw misplaced(value, inner);
      const elements = `[${value.elements.map(element => text(element, inner.element)).join(', ')}]`;
      if (inner.kind === 'list') return elements;
      return value.elements.length === 0 ? 'new Set()' : `new Set(${elements})`;
    }
    case 'map': {
      if (inner.kind !== 'map') throw misplaced(value, inner);
      const entries = value.entries.map(
        ([key, item]) => `[${text(key, inner.key)}, ${text(item, inner.value)}]`,
      );
      return entries.length === 0 ? 'new Map()' : `new Map([${entries.join(', ')}])`;
    }
    case 'enum-member':
      return mayName(value.enum)
        ? `${scope.value(value.enum)}.${value.member.name}`
        : String(value.member.id);
    case 'constant':
      return mayName(value.target) ? scope.value(value.target) : text(value.target.value, type);
  }
}

export function isBigint(type: TypeModel): boolean {
  return type.kind === 'primitive' && (type.name === 'i64' || type.name === 'u64');
}

function isTimestamp(type: TypeModel): boolean {
  return type.kind === 'primitive' && type.name === 'timestamp';
}

function misplaced(value: ValueModel, type: TypeModel): Error {
  return new Error(`the checked model holds a ${value.kind} where a ${type.kind} is due; report this bug`);
}
