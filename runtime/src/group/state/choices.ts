/** Who has the state with which a view begins, and who is asked for it. */
import type { ViewEvent } from '../layer.js';
import type { MemberId } from '../member.js';
import { compareViews, rankOf, type View } from '../view.js';
import type { Standing } from './frames.js';

/** The members that were in the group before; of a group that begins, its first member. */
export function holdersOf({ view, joined }: ViewEvent): MemberId[] {
  const ids = view.members.map(({ id }) => id);
  const holders = ids.filter(id => !joined.includes(id));
  return holders.length > 0 ? holders : ids.slice(0, 1);
}

/** Who goes on with its own state: the first of the side whose state counts, as far as it is there. */
export function leaderOf({ sides }: ViewEvent, latest: View): MemberId {
  const leading = sides.length > 1 ? latest.members.find(({ id }) => sides[0]!.includes(id)) : undefined;
  return (leading ?? latest.members[0]!).id;
}

/**
 * Who goes on with its own state when nobody has one to give: all that know the same come to the same choice.
 *
 * @param standings of all that are in question, oneself among them
 * @param event with whose beginning oneself waits
 */
export function bestOf(
  standings: ReadonlyMap<MemberId, Standing>,
  event: ViewEvent,
  latest: View,
): MemberId | undefined {
  const leads = (id: MemberId): number => (event.sides.length > 1 && event.sides[0]!.includes(id) ? 1 : 0);
  const ids = latest.members.map(({ id }) => id).filter(id => (standings.get(id)?.grade ?? 0) > 0);
  return ids.sort((one, other) => {
    const [mine, theirs] = [standings.get(one)!, standings.get(other)!];
    return (
      theirs.grade - mine.grade ||
      compareViews(theirs.before, mine.before) ||
      leads(other) - leads(one) ||
      rankOf(latest, one) - rankOf(latest, other)
    );
  })[0];
}

/**
 * Whom to ask for the state with which a view begins, the best one first. Several that ask are spread over those that
 * have it, the last ones in the view first: the coordinator has enough to do.
 *
 * @param latest who is still there
 * @param isMerged whether states are merged: that is the leader's work, so it has the state first
 */
export function candidatesFor(self: MemberId, event: ViewEvent, latest: View, isMerged: boolean): MemberId[] {
  const ids = event.view.members.map(({ id }) => id);
  const before = event.sides.length > 1 ? event.sides[0]! : holdersOf(event);
  const best = ids.filter(id => before.includes(id) && id !== self).reverse();
  const askers = ids.filter(id => !before.includes(id));
  const turn = best.length === 0 ? 0 : Math.max(0, askers.indexOf(self)) % best.length;
  const leader = leaderOf(event, latest);
  const all = [
    ...(event.sides.length > 1 && isMerged ? [leader] : []),
    ...best.slice(turn),
    ...best.slice(0, turn),
    ...latest.members.map(({ id }) => id),
  ];
  return [...new Set(all)].filter(id => id !== self && rankOf(latest, id) >= 0);
}

/**
 * Who asks this member first for the state with which a view begins. It waits for them before it delivers anything in that
 * view, so that they deliver the same in it as all others do.
 */
export function askersOf(self: MemberId, event: ViewEvent, latest: View, isMerged: boolean): MemberId[] {
  const isMerge = event.sides.length > 1;
  const leader = leaderOf(event, latest);
  const have = !isMerge ? holdersOf(event) : isMerged ? [leader] : event.sides[0]!;
  return latest.members
    .map(({ id }) => id)
    .filter(
      id =>
        rankOf(event.view, id) >= 0 &&
        !have.includes(id) &&
        candidatesFor(id, event, latest, isMerged)[0] === self,
    );
}
