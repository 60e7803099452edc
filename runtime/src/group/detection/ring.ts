/** Who watches whom by connections. */
import type { MemberId } from '../member.js';
import { rankOf, type View } from '../view.js';

/** How many are watched on either side: when no more than twice as many in a row die at once, all are watched. */
const reach = 2;

/** The next members on either side, and others in place of those that are suspected, which may watch nobody now. */
export function neighboursOf(
  view: View,
  self: MemberId,
  dead: ReadonlySet<MemberId>,
  suspected: ReadonlySet<MemberId>,
): Set<MemberId> {
  const { members } = view;
  const own = rankOf(view, self);
  const found = new Set<MemberId>();
  if (own < 0) return found;
  for (const direction of [1, members.length - 1]) {
    for (let step = 1, left = reach; step < members.length && left > 0; step++) {
      const { id } = members[(own + step * direction) % members.length]!;
      if (dead.has(id)) continue;
      found.add(id);
      if (!suspected.has(id)) left--;
    }
  }
  return found;
}
