/** Views: who is in the group, as its members agree on it one after the other. */
import type { Member, MemberAddress, MemberId } from './member.js';

/** Tells one view from another: who created it, and how many went before. Ids rise at each member. */
export interface ViewId {
  /** Higher than that of the view before; after a merge, than the highest of those merged. */
  readonly counter: number;
  /** The member that proposed it. */
  readonly creator: MemberId;
}

/** A view as the layers see it. */
export interface View {
  /** Its id. */
  readonly id: ViewId;
  /** By rank, the longest in the group first; the first is the coordinator. */
  readonly members: readonly Member[];
}

/** Whether two ids name the same view. */
export function sameView(one: ViewId, other: ViewId): boolean {
  return one === other || (one.counter === other.counter && one.creator === other.creator);
}

/** Negative when `one` comes first, 0 when they are the same. */
export function compareViews(one: ViewId, other: ViewId): number {
  return one.counter - other.counter || one.creator - other.creator;
}

/** The place of a member in the view; -1 when it is not in it. */
export function rankOf(view: View, id: MemberId): number {
  return view.members.findIndex(member => member.id === id);
}

/** More than half of the members. */
export function majorityOf(view: View): number {
  return Math.floor(view.members.length / 2) + 1;
}

/** What applications are told of a view. */
export interface GroupView {
  /** Printable: `3/0a1b2c3d4e5f`, the counter and the creator's incarnation. Rises at each member. */
  readonly id: string;
  /** The member that is asked to admit others, and that orders messages where the order is total. */
  readonly coordinator: MemberAddress;
  /** By rank, the longest in the group first: the coordinator. */
  readonly members: readonly MemberAddress[];
}

/** As `GroupView.id` has it. */
export function viewText({ counter, creator }: ViewId): string {
  return `${counter}/${creator.toString(16).padStart(12, '0')}`;
}

/** What applications are told of a view. */
export function publicView({ id, members }: View): GroupView {
  return {
    id: viewText(id),
    coordinator: members[0]!.address,
    members: members.map(({ address }) => address),
  };
}
