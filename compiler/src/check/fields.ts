/** Fields of structs and errors, arms of unions, parameters of procedures: one form, and mostly the same rules. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { ConstraintModel, FieldModel, TypeModel, ValueModel } from '../model/model.js';
import type { FieldNode, ParameterNode } from '../syntax/tree.js';
import { resolveAnnotations } from './annotations.js';
import { resolveConstraints } from './constraints.js';
import { checkFit } from './fit.js';
import { memberId, memberName } from './members.js';
import type { Context, Scope } from './scope.js';
import { checkType, isNullable, resolveType } from './types.js';
import { resolveValue } from './values.js';

export type FieldRole = 'field' | 'arm' | 'parameter';

export function resolveField(
  context: Context,
  scope: Scope,
  node: FieldNode | ParameterNode,
  role: FieldRole,
): FieldModel {
  const type = resolveType(context, scope, node.type);
  checkType(context, node.type, type);
  const constraints = resolveConstraints(context, scope, node.constraints, type);
  const isAllowed = checkPresence(context, node, type, role);
  return {
    id: memberId(node.id),
    name: memberName(node.name),
    type,
    optional: node.optional,
    default: resolveDefault(context, scope, node, type, constraints, isAllowed),
    constraints,
    stream: node.kind === 'parameter' && node.stream !== undefined,
    doc: node.doc,
    annotations: resolveAnnotations(context, scope, node),
    span: node.name.span,
  };
}

/** What may be absent, null or have a default; false when a default is already objected to. */
function checkPresence(
  { report }: Context,
  node: FieldNode | ParameterNode,
  type: TypeModel,
  role: FieldRole,
): boolean {
  const member = { what: role, name: memberName(node.name) };
  const at = node.name.span;
  const preset = node.default;
  if (role === 'arm') {
    if (node.optional) report(diagnostics.optionalArm, at, member);
    if (preset) report(diagnostics.defaultOfArm, preset.span, member);
    return !preset;
  }
  if (node.kind === 'parameter' && node.stream) {
    if (node.optional || preset) report(diagnostics.optionalStream, at, member);
    return !preset;
  }
  if (node.optional && isNullable(type)) {
    report(diagnostics.optionalNullable, at, member);
    return false;
  }
  if (preset && node.optional) {
    report(diagnostics.optionalDefault, at, member);
    return false;
  }
  if (preset && isNullable(type)) {
    report(diagnostics.nullableDefault, preset.span, member);
    return false;
  }
  return true;
}

function resolveDefault(
  context: Context,
  scope: Scope,
  node: FieldNode | ParameterNode,
  type: TypeModel,
  constraints: readonly ConstraintModel[],
  isAllowed: boolean,
): ValueModel | undefined {
  if (!node.default) return undefined;
  const value = resolveValue(context, scope, node.default);
  if (isAllowed) checkFit(context, node.default, value, type, constraints);
  return value;
}
