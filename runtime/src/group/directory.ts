/** Who is known, and where. */
import type { Clock } from '../platform/platform.js';
import type { Directory } from './layer.js';
import type { Member, MemberId } from './member.js';

/** Milliseconds for which a member that is in no view stays known. */
const kept = 60_000;

/** How many members that are in no view are known at the most: whoever makes up senders costs no more memory than this. */
const mostStrangers = 4096;

/** Makes a directory that knows nobody. */
export function createDirectory(clock: Pick<Clock, 'now'>): Directory {
  const members = new Map<MemberId, Member>();
  /** Those who are in no view, the longest known first. */
  const strangers = new Map<MemberId, { readonly member: Member; readonly since: number }>();

  const forgetOld = (): void => {
    const since = clock.now() - kept;
    for (const [id, stranger] of strangers) {
      if (stranger.since > since && strangers.size <= mostStrangers) return;
      strangers.delete(id);
    }
  };

  return {
    get: id => members.get(id) ?? strangers.get(id)?.member,
    learn: member => {
      if (members.has(member.id) || strangers.has(member.id)) return;
      strangers.set(member.id, { member, since: clock.now() });
      if (strangers.size > mostStrangers) forgetOld();
    },
    retain: view => {
      const now = clock.now();
      const stay = new Set(view.map(({ id }) => id));
      for (const [id, member] of members) if (!stay.has(id)) strangers.set(id, { member, since: now });
      members.clear();
      for (const member of view) {
        members.set(member.id, member);
        strangers.delete(member.id);
      }
      forgetOld();
    },
  };
}
