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
  const ids = latest.members.map(({ id }) => id).filter(id => id !== self);
  const before = event.sides.length > 1 ? event.sides[0]! : holdersOf(event);
  const best = ids.filter(id => before.includes(id)).reverse();
  const askers = event.view.members.filter(({ id }) => !before.includes(id));
  const place = askers.findIndex(({ id }) => id === self);
  const turn = best.length === 0 ? 0 : Math.max(0, place) % best.length;
  const spread = [...best.slice(turn), ...best.slice(0, turn)];
  const others = ids.filter(id => !best.includes(id));
  const leader = leaderOf(event, latest);
  if (event.sides.length < 2 || !isMerged || leader === self || rankOf(latest, leader) < 0) {
    return [...spread, ...others];
  }
  return [leader, ...[...spread, ...others].filter(id => id !== leader)];
}
