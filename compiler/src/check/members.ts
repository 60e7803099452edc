/** Rules for whatever has members with ids and names: enums, structs, unions, errors, interfaces, parameter lists. */
import { diagnostics } from '../diagnostics/catalogue.js';
import type { IdNode, MissingNode, NameNode, ReservedNode } from '../syntax/tree.js';
import { checkName } from './declare.js';
import type { Context } from './scope.js';

const greatestId = 65_535;

interface MemberNode {
  readonly id: IdNode | MissingNode;
  readonly name: NameNode | MissingNode;
}

interface IdRange {
  readonly first: number;
  readonly last: number;
}

/** @param what one member is called: `field` */
export function checkMembers(
  context: Context,
  what: string,
  members: readonly MemberNode[],
  reserved: readonly ReservedNode[] = [],
): void {
  checkIds(context, members, checkReservedIds(context, reserved));
  checkNames(context, what, members, reserved);
}

/** The id of a member in a model. Zero is no id: it stands where an error is reported. */
export function memberId(id: IdNode | MissingNode): number {
  return id.kind === 'id' && isId(id.value) ? Number(id.value) : 0;
}

export function memberName(name: NameNode | MissingNode): string {
  return name.kind === 'name' ? name.text : '';
}

function isId(value: bigint): boolean {
  return value >= 1n && value <= greatestId;
}

function checkIds(context: Context, members: readonly MemberNode[], reserved: readonly IdRange[]): void {
  const taken = new Map<number, MemberNode>();
  const highest = Math.max(
    0,
    ...members.map(member => memberId(member.id)),
    ...reserved.map(range => range.last),
  );
  const free = highest < greatestId ? highest + 1 : undefined;
  for (const member of members) {
    const node = member.id;
    if (node.kind === 'missing') continue;
    if (!isId(node.value)) {
      context.report(diagnostics.idOutOfRange, node.span, { id: node.value });
      continue;
    }
    const id = Number(node.value);
    const first = taken.get(id);
    if (first) {
      const related = [{ span: first.id.span, message: 'first used here' }];
      context.report(
        diagnostics.duplicateId,
        node.span,
        { id, first: memberName(first.name), free },
        related,
      );
    } else if (reserved.some(range => range.first <= id && id <= range.last)) {
      context.report(diagnostics.reservedId, node.span, { id, free });
    }
    if (!first) taken.set(id, member);
  }
}

function checkReservedIds(context: Context, reserved: readonly ReservedNode[]): readonly IdRange[] {
  const ranges: IdRange[] = [];
  for (const item of reserved.flatMap(node => node.items)) {
    if (item.kind === 'string') continue;
    const { first, last } = item;
    if (first > last || !isId(first) || !isId(last)) {
      context.report(diagnostics.reservedRange, item.span, { first, last });
    } else {
      ranges.push({ first: Number(first), last: Number(last) });
    }
  }
  return ranges;
}

function checkNames(
  context: Context,
  what: string,
  members: readonly MemberNode[],
  reserved: readonly ReservedNode[],
): void {
  const refused = new Set(
    reserved.flatMap(node => node.items).flatMap(item => (item.kind === 'string' ? [item.value] : [])),
  );
  const taken = new Map<string, NameNode>();
  for (const { name } of members) {
    if (name.kind === 'missing') continue;
    checkName(context.report, name);
    const first = taken.get(name.text);
    if (first) {
      const related = [{ span: first.span, message: 'the first stands here' }];
      context.report(diagnostics.duplicateMember, name.span, { what, name: name.text }, related);
    } else if (refused.has(name.text)) {
      context.report(diagnostics.reservedMember, name.span, { what, name: name.text });
    }
    if (!first) taken.set(name.text, name);
  }
}
