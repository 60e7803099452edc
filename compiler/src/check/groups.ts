/** Pass 8: groups, whose policies speak of an interface's procedures. */
import { diagnostics } from '../diagnostics/catalogue.js';
import { isGroupProcedure, maybePolicy } from '../model/groups.js';
import type { DeliveryOrder, InterfaceModel, ProcedureModel, ReplyPolicy } from '../model/model.js';
import type { GroupNode, GroupPolicyNode, RepliesNode } from '../syntax/tree.js';
import type { DraftOf } from './draft.js';
import { allProcedures } from './interfaces.js';
import { didYouMean, resolveName } from './resolve.js';
import { type Context, type EntryOf, entriesOf } from './scope.js';

type Policy = Pick<GroupNode, 'order' | 'replies'>;

export function resolveGroups(context: Context): void {
  for (const entry of entriesOf(context, 'group')) resolveGroup(context, entry);
}

function resolveGroup(context: Context, { node, model, scope }: EntryOf<'group'>): void {
  model.access = node.access?.kind === 'word' ? node.access.text : model.access;
  model.order = orderOf(node) ?? model.order;
  model.replies = repliesOf(node) ?? model.replies;
  for (const policy of [node, ...node.policies]) checkReplies(context, policy);

  if (node.interface.kind === 'missing') return;
  const target = resolveName(context, scope, node.interface, 'interface');
  if (!target) return;
  model.interface = target;
  checkNotEmpty(context, node, target);
  const seen = new Set<string>();
  for (const policy of node.policies) {
    const name = policy.procedure.text;
    if (seen.has(name)) context.report(diagnostics.duplicatePolicy, policy.procedure.span, { name });
    seen.add(name);
    const procedure = findProcedure(context, target, policy);
    if (procedure) addPolicy(context, model, policy, procedure);
  }
}

/** An interface that has nothing yet may have a group; one whose procedures can all not be called is a mistake. */
function checkNotEmpty(context: Context, { interface: name }: GroupNode, target: InterfaceModel): void {
  const procedures = [...allProcedures(target).values()];
  if (procedures.length === 0 || procedures.some(isGroupProcedure)) return;
  context.report(diagnostics.groupOfStreams, name.span, { interface: target.name });
}

function findProcedure(
  context: Context,
  target: InterfaceModel,
  { procedure: name }: GroupPolicyNode,
): ProcedureModel | undefined {
  const known = allProcedures(target);
  const found = known.get(name.text);
  if (!found) {
    const hint = didYouMean(name.text, known.keys());
    const parameters = { name: name.text, interface: target.name, hint };
    context.report(diagnostics.unknownProcedure, name.span, parameters);
  }
  return found;
}

function addPolicy(
  context: Context,
  model: DraftOf<'group'>,
  node: GroupPolicyNode,
  procedure: ProcedureModel,
): void {
  const { name } = procedure;
  const isMaybe = procedure.semantics === 'maybe';
  const defaults = isMaybe ? maybePolicy : model;
  const order = orderOf(node) ?? defaults.order;
  const replies = repliesOf(node) ?? defaults.replies;
  if (!isGroupProcedure(procedure)) {
    context.report(diagnostics.streamPolicy, node.procedure.span, { name });
  } else if (isMaybe && (order !== 'unordered' || replies.kind !== 'none')) {
    context.report(diagnostics.maybePolicy, node.procedure.span, { name });
  }
  model.policies.push({ procedure, order, replies });
}

function checkReplies(context: Context, { replies }: Policy): void {
  const count = replies?.kind === 'replies' ? replies.count : undefined;
  if (count?.kind === 'integer' && (count.value < 1n || count.value > 65_535n)) {
    context.report(diagnostics.replyCount, count.span, { count: count.value });
  }
}

function orderOf({ order }: Policy): DeliveryOrder | undefined {
  return order?.kind === 'word' ? order.text : undefined;
}

function repliesOf({ replies }: Policy): ReplyPolicy | undefined {
  return replies?.kind === 'replies' ? replyPolicy(replies) : undefined;
}

function replyPolicy({ policy, count }: RepliesNode): ReplyPolicy {
  if (policy !== 'n') return { kind: policy };
  return { kind: 'n', count: count?.kind === 'integer' ? Number(count.value) : 0 };
}
