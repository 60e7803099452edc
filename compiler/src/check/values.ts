/** Values: from what is written to what it stands for. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { ValueModel } from '../model/model.js';
import type { NameNode, ReferenceNode, ValueNode } from '../syntax/tree.js';
import { unknownValue } from './draft.js';
import { didYouMean, resolveName } from './resolve.js';
import type { Context, Scope } from './scope.js';

export function resolveValue(context: Context, scope: Scope, node: ValueNode): ValueModel {
  switch (node.kind) {
    case 'integer':
      return { kind: 'integer', value: node.value };
    case 'float':
      return { kind: 'float', value: node.value };
    case 'string':
      return { kind: 'string', value: node.value };
    case 'duration':
      return { kind: 'duration', value: node.value };
    case 'bool':
      return { kind: 'bool', value: node.value };
    case 'null':
      return { kind: 'null' };
    case 'list':
      return { kind: 'list', elements: node.elements.map(element => resolveValue(context, scope, element)) };
    case 'map': {
      const resolve = (part: ValueNode) => resolveValue(context, scope, part);
      return { kind: 'map', entries: node.entries.map(({ key, value }) => [resolve(key), resolve(value)]) };
    }
    case 'reference':
      return resolveReference(context, scope, node);
    case 'missing':
      return unknownValue;
  }
}

function resolveReference(context: Context, scope: Scope, node: ReferenceNode): ValueModel {
  if (node.member?.kind === 'name') return resolveMember(context, scope, node.name, node.member);
  if (node.member) return unknownValue;
  const target = resolveName(context, scope, node.name, 'constant');
  return target ? { kind: 'constant', target } : unknownValue;
}

function resolveMember(context: Context, scope: Scope, name: NameNode, member: NameNode): ValueModel {
  const target = resolveName(context, scope, name, 'enum');
  if (!target) return unknownValue;
  const found = target.members.find(candidate => candidate.name === member.text);
  if (found) return { kind: 'enum-member', enum: target, member: found };
  const known = target.members.map(candidate => candidate.name);
  const hint = didYouMean(member.text, known) ?? `It has ${known.map(one => `'${one}'`).join(', ')}.`;
  context.report(diagnostics.unknownEnumMember, member.span, { name: member.text, enum: target.name, hint });
  return unknownValue;
}

/** The literal that a value stands for, constants seen through; `unknownValue` where that is not known. */
export function literalOf(value: ValueModel): Exclude<ValueModel, { kind: 'constant' }> {
  let literal = value;
  while (literal.kind === 'constant') literal = literal.target.value;
  return literal;
}

/** The value as one writes it, or what it is when that is long. */
export function describeValue(value: ValueModel): string {
  switch (value.kind) {
    case 'string':
      return JSON.stringify(value.value);
    case 'duration':
      return `${value.value}ms`;
    case 'list':
    case 'map':
      return value.kind === 'list' ? 'a list' : 'a map';
    case 'null':
      return 'null';
    case 'enum-member':
      return `${value.enum.name}.${value.member.name}`;
    case 'constant':
      return `${value.target.name} (${describeValue(literalOf(value))})`;
    default:
      return String(value.value);
  }
}
