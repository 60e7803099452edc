/** The view that is to follow, as it is proposed, agreed on and installed. */
import type { Member, MemberId } from '../member.js';
import type { Cut } from '../services.js';
import { compareViews, type View, type ViewId } from '../view.js';

/** A view, and how it follows from those before. */
export interface NextView {
  readonly view: View;
  /** Those of its members that were in no view before. */
  readonly joined: readonly MemberId[];
  /** The members of each view before it, the one whose state counts first. */
  readonly sides: readonly (readonly MemberId[])[];
  /** Whether it is of the lineage that had a majority of the view before at each step. */
  readonly primary: boolean;
  /** The group ends with it: it has no members. */
  readonly destroyed: boolean;
}

/** One attempt to change the view; a later one has a higher number. */
export interface Ballot {
  readonly number: number;
  /** Who leads it. */
  readonly leader: MemberId;
}

/** Negative when `one` was before `other`. */
export function compareBallots(one: Ballot, other: Ballot): number {
  return one.number - other.number || one.leader - other.leader;
}

/** What all members of the view that ends agree on. */
export interface Proposal {
  /** In which attempt it was made. */
  readonly ballot: Ballot;
  readonly next: NextView;
  /** By rank in the view that ends: how many messages of each member are delivered in it. */
  readonly cut: Cut;
  /** By rank in the view that ends: who has them all. */
  readonly holders: readonly MemberId[];
}

/** What a survivor of the view that ends has. */
export interface Survivor {
  readonly id: MemberId;
  readonly received: Cut;
}

/** The longest prefix of each member's messages that any survivor has, and who has it. */
export function cutOf(view: View, survivors: readonly Survivor[]): { cut: Cut; holders: MemberId[] } {
  const cut: number[] = [];
  const holders: MemberId[] = [];
  view.members.forEach(({ id }, rank) => {
    let longest = -1;
    let holder = id;
    for (const survivor of survivors) {
      const received = survivor.received[rank] ?? 0;
      // Of several, the sender itself: the others are spared.
      if (received > longest || (received === longest && survivor.id === id)) {
        longest = received;
        holder = survivor.id;
      }
    }
    cut.push(Math.max(longest, 0));
    holders.push(holder);
  });
  return { cut, holders };
}

/** What changes with a view. */
export interface ViewChange {
  readonly view: View;
  readonly isPrimary: boolean;
  /** Who proposes the next one. */
  readonly creator: MemberId;
  /** Of the view that ends, those that can be reached. */
  readonly survivors: readonly Member[];
  readonly leaving: ReadonlySet<MemberId>;
  readonly joining: readonly Member[];
  readonly destroyed: boolean;
}

/** The view that follows by joining, leaving and failing. */
export function composeNext({
  view,
  isPrimary,
  creator,
  survivors,
  leaving,
  joining,
  destroyed,
}: ViewChange): NextView {
  const staying = destroyed ? [] : survivors.filter(({ id }) => !leaving.has(id));
  const known = new Set(view.members.map(({ id }) => id));
  const joined = destroyed || staying.length === 0 ? [] : joining.filter(({ id }) => !known.has(id));
  return {
    view: { id: { counter: view.id.counter + 1, creator }, members: [...staying, ...joined] },
    joined: joined.map(({ id }) => id),
    sides: [staying.map(({ id }) => id)],
    primary: isPrimary && isMajority(view, survivors),
    destroyed,
  };
}

/** More than half of the view, or half of it with its first member. */
function isMajority({ members }: View, survivors: readonly Member[]): boolean {
  const twice = survivors.length * 2;
  return twice > members.length || (twice === members.length && survivors[0]?.id === members[0]?.id);
}

/** The first view of a group. */
export function firstView(self: Member): NextView {
  return {
    view: { id: { counter: 1, creator: self.id }, members: [self] },
    joined: [self.id],
    sides: [],
    primary: true,
    destroyed: false,
  };
}

/** One of several views that become one. */
export interface Side {
  readonly id: ViewId;
  readonly primary: boolean;
  readonly members: readonly Member[];
}

/** The view that several become: the primary partition's members first, then the larger sides before the smaller. */
export function mergeViews(sides: readonly Side[], creator: MemberId): NextView {
  const sorted = [...sides].sort(
    (a, b) =>
      Number(b.primary) - Number(a.primary) ||
      b.members.length - a.members.length ||
      compareViews(a.id, b.id),
  );
  const counter = Math.max(...sides.map(({ id }) => id.counter)) + 1;
  return {
    view: { id: { counter, creator }, members: sorted.flatMap(({ members }) => members) },
    joined: [],
    sides: sorted.map(({ members }) => members.map(({ id }) => id)),
    primary: sides.some(({ primary }) => primary),
    destroyed: false,
  };
}
