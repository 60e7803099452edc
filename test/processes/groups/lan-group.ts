/** Groups of processes on a LAN of their own. */
import { type GroupMember, type MemberOptions, startMember } from './group-member.js';
import { createLan, type Lan, type LanHost, lanUnavailable } from './lan.js';

/** Why tests on a LAN cannot run here; undefined: they can. */
export const lanIsMissing = lanUnavailable();
if (lanIsMissing !== undefined) console.warn(`tests on a LAN are skipped: ${lanIsMissing}`);

/** What a member is beside where it is. */
export type LanMemberOptions = Pick<MemberOptions, 'state' | 'silent'>;

/** Starts a member on a host. */
export function joinOn({ address, ...host }: LanHost, options: LanMemberOptions = {}): GroupMember {
  return startMember(
    { address: `udp+multicast://239.255.7.1:7400?interface=${address}&ttl=1`, name: 'lan', ...options },
    { address, ...host },
  );
}

export interface LanGroup {
  readonly lan: Lan;
  /** One on each host, all in one view, the longest in the group first. */
  readonly members: readonly GroupMember[];
}

/** A member on each host of a new LAN, in one view of all. */
export async function startGroup(
  size: number,
  optionsOf: (index: number) => LanMemberOptions = () => ({}),
): Promise<LanGroup> {
  const lan = createLan(size);
  const members: GroupMember[] = [];
  for (const [index, host] of lan.hosts.entries()) {
    members.push(joinOn(host, optionsOf(index)));
    await Promise.all(
      members.map(member => member.until(({ view }) => view?.members.length === members.length)),
    );
  }
  return { lan, members };
}

/** What one member delivered of another. */
export function deliveredOf(member: GroupMember, sender: GroupMember): string[] {
  const { address } = sender;
  return member.happenings.flatMap(each =>
    each.type === 'message' && each.from === address ? [each.text] : [],
  );
}

/** `a 0`, `a 1`, …, as members number what they send. */
export const numbered = (text: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${text} ${index}`);
