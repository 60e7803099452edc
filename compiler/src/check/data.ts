/** Passes 4 and 6: the members of enums, which values may name, and later those of structs, unions and errors. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { AnnotationModel, FieldModel } from '../model/model.js';
import { resolveAnnotations } from './annotations.js';
import { type FieldRole, resolveField } from './fields.js';
import { checkMembers, memberId, memberName } from './members.js';
import { type Context, type EntryOf, entriesOf } from './scope.js';

export function resolveEnums(context: Context): void {
  const annotated: (() => void)[] = [];
  for (const { node, model, scope } of entriesOf(context, 'enum')) {
    model.closed = node.closed;
    checkMembers(context, 'member', node.members, node.reserved);
    if (node.members.length === 0) {
      context.report(diagnostics.emptyEnum, node.name.span, { name: model.name });
    }
    for (const member of node.members) {
      const annotations: AnnotationModel[] = [];
      const { doc } = member;
      model.members.push({ id: memberId(member.id), name: memberName(member.name), doc, annotations });
      annotated.push(() => annotations.push(...resolveAnnotations(context, scope, member)));
    }
  }
  // Once all members are known, because an annotation may name one.
  for (const annotate of annotated) annotate();
}

export function resolveData(context: Context): void {
  for (const entry of entriesOf(context, 'struct', 'error')) {
    entry.model.fields.push(...resolveFields(context, entry, 'field'));
  }
  for (const entry of entriesOf(context, 'union')) {
    const { node, model } = entry;
    if (node.fields.length === 0) {
      context.report(diagnostics.emptyUnion, node.name.span, { name: model.name });
    }
    model.arms.push(...resolveFields(context, entry, 'arm'));
  }
}

function resolveFields(
  context: Context,
  { node, scope }: EntryOf<'struct' | 'error' | 'union'>,
  role: FieldRole,
): FieldModel[] {
  checkMembers(context, role, node.fields, node.reserved);
  return node.fields.map(field => resolveField(context, scope, field, role));
}
