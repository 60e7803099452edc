/** Constraints: what each fits, and whether its bounds make sense. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { ConstraintModel, PrimitiveName, TypeModel, ValueModel } from '../model/model.js';
import type { BoundsNode, ConstraintNode, PatternNode, ValueNode } from '../syntax/tree.js';
import { anchored } from './constraint-values.js';
import { unknownType, unknownValue } from './draft.js';
import { type IntegerRange, integerRange } from './primitives.js';
import type { Context, Scope } from './scope.js';
import { baseType, describe } from './types.js';
import { describeValue, literalOf, resolveValue } from './values.js';

type ConstraintKind = ConstraintModel['kind'];

interface Fitting {
  /** For the message. */
  readonly fits: string;
  readonly primitives: readonly PrimitiveName[];
  readonly collections: boolean;
}

const fittings: Readonly<Record<ConstraintKind, Fitting>> = {
  length: { fits: 'string and bytes', primitives: ['string', 'bytes'], collections: false },
  pattern: { fits: 'string', primitives: ['string'], collections: false },
  range: {
    fits: 'numbers and durations',
    primitives: ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'f32', 'f64', 'duration'],
    collections: false,
  },
  count: { fits: 'list, set and map', primitives: [], collections: true },
};

/** The constraints on a type; those that are at fault are reported and left out. */
export function resolveConstraints(
  context: Context,
  scope: Scope,
  nodes: readonly ConstraintNode[],
  type: TypeModel,
): ConstraintModel[] {
  const constraints: ConstraintModel[] = [];
  const seen = new Set<ConstraintKind>();
  for (const node of nodes) {
    if (node.kind === 'missing') continue;
    const kind = node.kind === 'bounds' ? node.constraint.text : 'pattern';
    if (!fitsType(context, node, kind, type)) continue;
    if (seen.has(kind)) {
      context.report(diagnostics.duplicateConstraint, node.span, { constraint: kind });
      continue;
    }
    seen.add(kind);
    const constraint =
      node.kind === 'bounds' ? resolveBounds(context, scope, node, type) : resolvePattern(context, node);
    if (constraint) constraints.push(constraint);
  }
  return constraints;
}

function fitsType(
  context: Context,
  node: BoundsNode | PatternNode,
  kind: ConstraintKind,
  type: TypeModel,
): boolean {
  const base = baseType(type);
  if (base === unknownType) return true;
  if (accepts(kind, base)) return true;
  const likely = (Object.keys(fittings) as ConstraintKind[]).find(
    other => other !== 'pattern' && accepts(other, base),
  );
  context.report(diagnostics.constraintMismatch, node.span, {
    constraint: kind,
    type: describe(type),
    fits: fittings[kind].fits,
    hint: likely && `did you mean '${likely}'?`,
  });
  return false;
}

function accepts(kind: ConstraintKind, base: TypeModel): boolean {
  const { primitives, collections } = fittings[kind];
  if (base.kind === 'primitive') return primitives.includes(base.name);
  return collections && (base.kind === 'list' || base.kind === 'set' || base.kind === 'map');
}

function resolvePattern(context: Context, node: PatternNode): ConstraintModel | undefined {
  const { value: source } = node.source;
  try {
    // Alone first: `a)(b` is wrong, although `^(?:a)(b)$` is not.
    new RegExp(source, 'u');
    anchored(source);
    return { kind: 'pattern', source };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const reason = text.replace(/^Invalid regular expression: \/.*\/u: /s, '').toLowerCase();
    context.report(diagnostics.invalidPattern, node.source.span, { reason });
    return undefined;
  }
}

function resolveBounds(
  context: Context,
  scope: Scope,
  node: BoundsNode,
  type: TypeModel,
): ConstraintModel | undefined {
  const bound = chooseBound(node, type);
  const resolve = (end: ValueNode | undefined) => end && resolveBound(context, scope, end, bound);
  const min = resolve(node.min);
  const max = node.max === node.min ? min : resolve(node.max);
  if (min === 'invalid' || max === 'invalid') return undefined;
  if (min !== undefined && max !== undefined && min > max) {
    context.report(diagnostics.boundsReversed, node.span, { min, max });
    return undefined;
  }
  const kind = node.constraint.text;
  return kind === 'range' ? { kind, min, max } : { kind, min: toNumber(min), max: toNumber(max) };
}

interface Bound {
  /** For the message. */
  readonly wanted: string;
  /** `undefined` when the literal is not one. */
  convert(literal: ValueModel): bigint | number | undefined;
}

function chooseBound({ constraint }: BoundsNode, type: TypeModel): Bound {
  if (constraint.text !== 'range') {
    return integerBound('an integer from 0 to 4294967295', integerRange('u32')!, value => Number(value));
  }
  const base = baseType(type);
  if (base.kind !== 'primitive' || base === unknownType) return anyBound;
  const range = integerRange(base.name);
  if (range) return integerBound(`an integer that ${base.name} holds`, range, value => value);
  return base.name === 'duration' ? durationBound : floatBound;
}

function integerBound(
  wanted: string,
  range: IntegerRange,
  convert: (value: bigint) => bigint | number,
): Bound {
  return {
    wanted,
    convert: literal =>
      literal.kind === 'integer' && literal.value >= range.min && literal.value <= range.max
        ? convert(literal.value)
        : undefined,
  };
}

const floatBound: Bound = {
  wanted: 'a number',
  convert: literal =>
    literal.kind === 'integer' || literal.kind === 'float' ? Number(literal.value) : undefined,
};

const durationBound: Bound = {
  wanted: 'a duration such as 500ms',
  convert: literal => (literal.kind === 'duration' ? literal.value : undefined),
};

/** Of a type that is not known: nothing more can be said. */
const anyBound: Bound = { wanted: 'a number', convert: () => 0 };

function resolveBound(
  context: Context,
  scope: Scope,
  node: ValueNode,
  { wanted, convert }: Bound,
): bigint | number | 'invalid' {
  const value = resolveValue(context, scope, node);
  const literal = literalOf(value);
  if (literal === unknownValue) return 'invalid';
  const bound = convert(literal);
  if (bound !== undefined) return bound;
  context.report(diagnostics.invalidBound, node.span, { value: describeValue(value), wanted });
  return 'invalid';
}

function toNumber(bound: bigint | number | undefined): number | undefined {
  return bound === undefined ? undefined : Number(bound);
}
