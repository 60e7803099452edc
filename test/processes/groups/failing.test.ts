/** Members that stop, freeze and die, as processes on a LAN of their own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type GroupMember, startMember } from './group-member.js';
import { createLan, type LanHost, lanUnavailable } from './lan.js';

const reason = lanUnavailable();
if (reason !== undefined) console.warn(`tests on a LAN are skipped: ${reason}`);

const joinOn = ({ address, ...host }: LanHost): GroupMember =>
  startMember(
    { address: `udp+multicast://239.255.7.1:7400?interface=${address}&ttl=1`, name: 'failing' },
    { address, ...host },
  );

/** A member on each host; those that join later come later in the view. */
const group = async (size: number): Promise<GroupMember[]> => {
  const members: GroupMember[] = [];
  for (const host of createLan(size).hosts) {
    members.push(joinOn(host));
    await Promise.all(
      members.map(member => member.until(({ view }) => view?.members.length === members.length)),
    );
  }
  return members;
};

const happened = (member: GroupMember, type: string): number =>
  member.happenings.filter(each => each.type === type).length;

describe.skipIf(reason !== undefined)('a group on a LAN', () => {
  test('9. a member that is stopped for 2 s stays in the view', async () => {
    const members = await group(4);
    const [first, , third] = members as [GroupMember, GroupMember, GroupMember];
    const { view } = first;
    for (const stopped of [third, first]) {
      stopped.signal('SIGSTOP');
      await sleep(2000);
      stopped.signal('SIGCONT');
      await sleep(1500);
    }
    for (const member of members) {
      expect(member.view).toEqual(view);
      expect(happened(member, 'unsuspect')).toBe(happened(member, 'suspect'));
      expect(happened(member, 'end')).toBe(0);
    }
  });

  test('10. a member that is frozen for good is excluded', async () => {
    const members = await group(4);
    const [first, second, third, fourth] = members as [GroupMember, GroupMember, GroupMember, GroupMember];
    second.signal('SIGSTOP');
    await Promise.all([first, third, fourth].map(member => member.sees(first, third, fourth)));
    expect(happened(first, 'suspect')).toBe(1);
  });

  test('11. a member that is killed is excluded, and so is the coordinator', async () => {
    const members = await group(5);
    const [first, second, third, fourth, fifth] = members as [
      GroupMember,
      GroupMember,
      GroupMember,
      GroupMember,
      GroupMember,
    ];
    for (const member of members) member.tell({ type: 'send', text: 'a', count: 100, every: 5 });
    third.signal('SIGKILL');
    const without = [first, second, fourth, fifth];
    await Promise.all(without.map(member => member.sees(...without)));
    first.signal('SIGKILL');
    const left = [second, fourth, fifth];
    await Promise.all(left.map(member => member.sees(...left)));
    await Promise.all(
      left.map(member => member.until(({ happenings }) => happenings.some(({ type }) => type === 'sent'))),
    );
    // All that the survivors sent is delivered by each of them, once.
    for (const member of left) {
      await member.until(() =>
        left.every(
          ({ address }) =>
            member.happenings.filter(each => each.type === 'message' && each.from === address).length === 100,
        ),
      );
    }
  });
});
