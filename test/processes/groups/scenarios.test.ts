/** Scenarios of groups, as processes on a LAN of their own: the simulated ones are in `test/simulation/groups`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { GroupMember, Happening } from './group-member.js';
import { createLan } from './lan.js';
import { deliveredOf, joinOn, lanIsMissing, numbered, startGroup } from './lan-group.js';

const repliesTo = (member: GroupMember, text: string) =>
  member.happenings.find(
    (each): each is Happening & { type: 'replies' } => each.type === 'replies' && each.text === text,
  )?.replies;

/** What a member is told becomes of its question. */
async function ask(
  member: GroupMember,
  text: string,
  replies: 'first' | 'majority' | 'all' | 'none' | { n: number },
): Promise<string[]> {
  member.tell({ type: 'cast', text, replies, deadline: 20_000 });
  await member.until(() => repliesTo(member, text) !== undefined);
  return repliesTo(member, text)!.map(({ kind }) => kind);
}

describe.skipIf(lanIsMissing !== undefined)('a group on a LAN', () => {
  test('1. ten first joins at once come to be one view', async () => {
    const members = createLan(10).hosts.map(host => joinOn(host));
    await Promise.all(members.map(member => member.until(({ view }) => view?.members.length === 10)));
    expect(new Set(members.map(({ view }) => view!.id)).size).toBe(1);
  });

  test('13. 10 % loss both ways', async () => {
    const { lan, members } = await startGroup(3);
    lan.lose(0.1);
    for (const member of members) member.tell({ type: 'send', text: 'a', count: 200, every: 1 });
    await Promise.all(members.map(member => member.delivers(600)));
    for (const member of members) {
      for (const sender of members) expect(deliveredOf(member, sender)).toEqual(numbered('a', 200));
    }
  });

  test('19. a message reaches some, its sender dies: all or none', async () => {
    const { lan, members } = await startGroup(4);
    const [sender, heard, ...others] = members as [GroupMember, GroupMember, ...GroupMember[]];
    // Of all others, one still hears the sender.
    for (const host of lan.hosts.slice(2)) lan.cut(lan.hosts[0]!, host);
    sender.tell({ type: 'send', text: 'last' });
    await heard.delivers(1);
    sender.signal('SIGKILL');
    await Promise.all([heard, ...others].map(member => member.sees(heard, ...others)));
    for (const member of others) expect(member.texts).toEqual(['last']);
  });

  test('23. three senders, one list', async () => {
    const { members } = await startGroup(3);
    for (const member of members) member.tell({ type: 'send', text: 'a', count: 200, order: 'total' });
    await Promise.all(members.map(member => member.delivers(600)));
    for (const member of members) expect(listOf(member)).toEqual(listOf(members[0]!));
  });

  test('24. the sequencer dies in mid-stream', async () => {
    const { members } = await startGroup(4);
    const [sequencer, ...others] = members as [GroupMember, ...GroupMember[]];
    for (const member of others)
      member.tell({ type: 'send', text: 'a', count: 150, every: 2, order: 'total' });
    await others[0]!.delivers(100);
    sequencer.signal('SIGKILL');
    await Promise.all(others.map(member => member.delivers(450)));
    for (const member of others) expect(listOf(member)).toEqual(listOf(others[0]!));
  });

  test('26. {A, B} and {C, D}: exactly one merge view', async () => {
    const { lan, members } = await startGroup(4);
    const [a, b, c, d] = members as [GroupMember, GroupMember, GroupMember, GroupMember];
    lan.partition(lan.hosts.slice(0, 2), lan.hosts.slice(2));
    await Promise.all([a.sees(a, b), b.sees(a, b), c.sees(c, d), d.sees(c, d)]);
    const before = members.map(({ views }) => views.length);
    lan.heal();
    await Promise.all(members.map(member => member.sees(...members)));
    expect(new Set(members.map(({ view }) => view!.id)).size).toBe(1);
    expect(members.map(({ views }, index) => views.length - before[index]!)).toEqual([1, 1, 1, 1]);
  });

  test('30. a slow member: senders wait, and are freed when it is excluded', async () => {
    const { members } = await startGroup(3);
    const [sender, slow, other] = members as [GroupMember, GroupMember, GroupMember];
    slow.signal('SIGSTOP');
    const text = 'x'.repeat(1000);
    sender.tell({ type: 'send', text, count: 3000 });
    await sender.sees(sender, other);
    await sender.until(({ happenings }) => happenings.some(({ type }) => type === 'sent'));
    await other.delivers(3000);
    const types = sender.happenings.map(({ type }) => type);
    // It had not sent all before the slow one was excluded.
    expect(types.indexOf('sent')).toBeGreaterThan(types.lastIndexOf('view'));
    expect(deliveredOf(other, sender)).toEqual(numbered(text, 3000));
  });

  test('34. transfer under load, equal state at the end', async () => {
    const { lan, members } = await startGroup(2, () => ({ state: true }));
    for (const member of members)
      member.tell({ type: 'send', text: 'a', count: 300, every: 2, order: 'total' });
    await members[0]!.delivers(50);
    const joiner = joinOn(lan.hosts[1]!, { state: true });
    await Promise.all(members.map(member => member.delivers(600)));
    const state = () =>
      joiner.happenings.find((each): each is Happening & { type: 'state' } => each.type === 'state')?.texts ??
      [];
    await joiner.until(({ texts }) => state().length + texts.length >= 600);
    expect([...state(), ...joiner.texts]).toEqual(members[0]!.texts);
    expect(state().length).toBeGreaterThan(0);
  });

  test("36. `all`, and a member leaves: its reply is 'suspected', nothing hangs", async () => {
    const { members } = await startGroup(3, index => ({ silent: index === 2 }));
    const [first, , leaver] = members as [GroupMember, GroupMember, GroupMember];
    const asked = ask(first, 'who is there?', 'all');
    await sleep(500);
    leaver.tell({ type: 'leave' });
    expect((await asked).sort()).toEqual(['suspected', 'value', 'value']);
    const gone = repliesTo(first, 'who is there?')!.find(({ kind }) => kind === 'suspected');
    expect(gone?.member).toBe(leaver.address);
  });

  test('37. `first`, `majority`, `n(k)`, `none`', async () => {
    const { members } = await startGroup(3, index => ({ silent: index === 2 }));
    const [first] = members as [GroupMember];
    expect(await ask(first, 'first?', 'first')).toEqual(['value']);
    expect(await ask(first, 'majority?', 'majority')).toEqual(['value', 'value']);
    expect(await ask(first, 'two?', { n: 2 })).toEqual(['value', 'value']);
    expect(await ask(first, 'none?', 'none')).toEqual([]);
  });
});

/** Who said what, in the order of delivery. */
function listOf({ happenings }: GroupMember): string[] {
  return happenings.flatMap(each => (each.type === 'message' ? [`${each.from} ${each.text}`] : []));
}
