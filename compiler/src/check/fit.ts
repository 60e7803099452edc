/** Whether a value fits its type and the constraints on it. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { ConstraintModel, PrimitiveName, TypeModel, ValueModel } from '../model/model.js';
import { representations } from '../model/representations.js';
import type { ValueNode } from '../syntax/tree.js';
import { constraintText, satisfies } from './constraint-values.js';
import { unknownType, unknownValue } from './draft.js';
import { greatestF32, integerRange, literalKinds, textForms } from './primitives.js';
import type { Context } from './scope.js';
import { aliasesOf, baseType, describe, isNullable } from './types.js';
import { describeValue, literalOf } from './values.js';

/**
 * Reports what does not fit, on the part of `node` that is at fault.
 *
 * @param constraints those that stand beside the type, not those of its aliases, which are known from the type
 * @returns false when an error is reported, here or earlier
 */
export function checkFit(
  context: Context,
  node: ValueNode,
  value: ValueModel,
  type: TypeModel,
  constraints: readonly ConstraintModel[] = [],
): boolean {
  const literal = literalOf(value);
  const wanted = baseType(type);
  if (literal === unknownValue || wanted === unknownType) return false;
  if (literal.kind === 'null' && isNullable(type)) return true;
  if (value.kind === 'constant' && representation(value.target.type) !== representation(type)) {
    const { name, type: from } = value.target;
    context.report(diagnostics.constantType, node.span, { name, from: describe(from), to: describe(type) });
    return false;
  }
  if (!fitsBase(context, node, value, wanted, describe(type))) return false;

  const all = [...aliasesOf(type).flatMap(alias => alias.constraints), ...constraints];
  const broken = all.find(constraint => !satisfies(constraint, literal));
  if (!broken) return true;
  const parameters = { value: describeValue(value), constraint: constraintText(broken) };
  context.report(diagnostics.breaksConstraint, node.span, parameters);
  return false;
}

/** A type that is neither an alias nor nullable. */
function fitsBase(
  context: Context,
  node: ValueNode,
  value: ValueModel,
  wanted: TypeModel,
  type: string,
): boolean {
  const literal = literalOf(value);
  if (wanted.kind === 'primitive') return fitsPrimitive(context, node, value, wanted.name, type);
  if (wanted.kind === 'named') {
    if (wanted.target.kind !== 'enum') {
      context.report(diagnostics.noLiteral, node.span, { type });
      return false;
    }
    if (literal.kind === 'enum-member' && literal.enum === wanted.target) return true;
    const example = `${wanted.target.name}.${wanted.target.members[0]?.name ?? 'member'}`;
    return mismatch(context, node, value, type, `Name a member: \`${example}\`.`);
  }
  if (wanted.kind === 'map') {
    if (literal.kind !== 'map') return mismatch(context, node, value, type, 'Write `{ key: value, … }`.');
    const nodes = node.kind === 'map' ? node.entries : undefined;
    const parts = literal.entries.map(([key, entry], at) => {
      const keyFits = checkFit(context, nodes?.[at]?.key ?? node, key, wanted.key);
      return checkFit(context, nodes?.[at]?.value ?? node, entry, wanted.value) && keyFits;
    });
    const keys = literal.entries.map(([key], at) => ({ value: key, node: nodes?.[at]?.key ?? node }));
    return parts.every(fits => fits) && areDistinct(context, keys, 'map');
  }
  if (wanted.kind === 'nullable') return checkFit(context, node, value, wanted.inner);
  if (literal.kind !== 'list') return mismatch(context, node, value, type, 'Write `[value, …]`.');
  const elements = literal.elements.map((element, at) => ({
    value: element,
    node: node.kind === 'list' ? (node.elements[at] ?? node) : node,
  }));
  const fits = elements.map(element => checkFit(context, element.node, element.value, wanted.element));
  return fits.every(fit => fit) && (wanted.kind === 'list' || areDistinct(context, elements, 'set'));
}

function fitsPrimitive(
  context: Context,
  node: ValueNode,
  value: ValueModel,
  name: PrimitiveName,
  type: string,
): boolean {
  const literal = literalOf(value);
  const kinds = literalKinds[name];
  if (kinds.length === 0) {
    context.report(diagnostics.noLiteral, node.span, { type });
    return false;
  }
  if (!kinds.includes(literal.kind)) {
    return mismatch(context, node, value, type, primitiveHint(literal, name));
  }
  const text = describeValue(value);
  const range = integerRange(name) ?? (name === 'f32' ? { min: -greatestF32, max: greatestF32 } : undefined);
  if (range && (literal.kind === 'integer' || literal.kind === 'float')) {
    if (literal.value >= range.min && literal.value <= range.max) return true;
    context.report(diagnostics.valueOutOfRange, node.span, { value: text, type, ...range });
    return false;
  }
  const form = textForms[name];
  if (!form || literal.kind !== 'string' || form.accepts(literal.value)) return true;
  context.report(diagnostics.malformedText, node.span, { value: text, type, example: form.example });
  return false;
}

function primitiveHint(literal: ValueModel, wanted: PrimitiveName): string | undefined {
  if (wanted === 'duration' && literal.kind === 'integer') return `Give it a unit: \`${literal.value}ms\`.`;
  if (wanted === 'bool') return 'Write `true` or `false`.';
  const form = textForms[wanted];
  if (form) return `Write it like "${form.example}".`;
  return wanted === 'string' ? 'Write it in quotes.' : undefined;
}

function mismatch(
  context: Context,
  node: ValueNode,
  value: ValueModel,
  type: string,
  hint: string | undefined,
): boolean {
  context.report(diagnostics.valueMismatch, node.span, { value: describeValue(value), type, hint });
  return false;
}

function areDistinct(
  context: Context,
  parts: readonly { readonly value: ValueModel; readonly node: ValueNode }[],
  where: string,
): boolean {
  const seen = new Set<string>();
  for (const { value, node } of parts) {
    const text = describeValue(literalOf(value));
    if (seen.has(text)) {
      context.report(diagnostics.duplicateElement, node.span, { value: text, where });
      return false;
    }
    seen.add(text);
  }
  return true;
}

/** What a value of the type is in TypeScript. */
function representation(type: TypeModel): string {
  const base = baseType(type);
  switch (base.kind) {
    case 'primitive':
      return representations[base.name];
    case 'list':
    case 'set':
      return `${base.kind}<${representation(base.element)}>`;
    case 'map':
      return `map<${representation(base.key)}, ${representation(base.value)}>`;
    case 'named':
      return base.target.fullName;
    case 'nullable':
      return representation(base.inner);
  }
}
