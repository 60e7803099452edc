/** What follows from the declaration of a group. */
import { offeredProcedures } from './interfaces.js';
import type {
  Declaration,
  DeliveryOrder,
  GroupModel,
  GroupPolicyModel,
  ModuleModel,
  ProcedureModel,
  ReplyPolicy,
} from './model.js';
import { shapeOf } from './procedures.js';

/** What always holds for `maybe` procedures in a group: one multicast that nobody answers. */
export const maybePolicy: { readonly order: DeliveryOrder; readonly replies: ReplyPolicy } = {
  order: 'unordered',
  replies: { kind: 'none' },
};

export function groupsOf(module: ModuleModel): GroupModel[] {
  return module.declarations.filter(isGroup);
}

function isGroup(declaration: Declaration): declaration is GroupModel {
  return declaration.kind === 'group';
}

/** Whether a group can have it: streams are left out. */
export function isGroupProcedure(procedure: ProcedureModel): boolean {
  return shapeOf(procedure) === 'unary';
}

/** The policy of each procedure that the group has, in the order in which its interface offers them. */
export function groupPolicies({
  interface: target,
  order,
  replies,
  policies,
}: GroupModel): GroupPolicyModel[] {
  const own = new Map(policies.map(policy => [policy.procedure, policy]));
  return offeredProcedures(target)
    .filter(isGroupProcedure)
    .map(procedure => {
      if (procedure.semantics === 'maybe') return { procedure, ...maybePolicy };
      return own.get(procedure) ?? { procedure, order, replies };
    });
}
