/** The LAN itself: who hears whom. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLan, type Lan, lanUnavailable } from './lan.js';
import { type Talking, talkTo } from './lines.js';

const reason = lanUnavailable();
if (reason !== undefined) console.warn(`tests on a LAN are skipped: ${reason}`);

const ear = new URL('../programs/multicast-ear.mjs', import.meta.url);

const listen = async (lan: Lan): Promise<Talking[]> => {
  const programs = lan.hosts.map(host => talkTo(host.start(ear, host.address)));
  await Promise.all(programs.map(each => each.until(lines => lines.includes('ready'))));
  return programs;
};

/** What it has heard. */
const heardBy = ({ lines }: Talking): string[] =>
  lines.filter(line => line !== 'ready' && !line.startsWith('>'));

/** Waits until each has heard this word. */
const heard = (word: string, ...by: readonly Talking[]): Promise<unknown> =>
  Promise.all(by.map(each => each.until(lines => lines.includes(word))));

describe.skipIf(reason !== undefined)('a LAN', () => {
  test('carries multicasts to all its hosts, and to no other LAN', async () => {
    const [lan, other] = [createLan(3), createLan(1)];
    const [one, two, three] = (await listen(lan)) as [Talking, Talking, Talking];
    const [outside] = (await listen(other)) as [Talking];
    one.say('hello');
    await heard('hello', one, two, three);
    outside.say('anyone?');
    await heard('anyone?', outside);
    expect(heardBy(outside)).toEqual(['anyone?']);
  });

  test('cuts pairs of hosts, and heals', async () => {
    const lan = createLan(3);
    const [one, two, three] = (await listen(lan)) as [Talking, Talking, Talking];
    const [first, second, third] = lan.hosts as [Lan['hosts'][0], Lan['hosts'][0], Lan['hosts'][0]];
    lan.cut(first, second);
    one.say('a');
    two.say('b');
    await heard('a', one, three);
    await heard('b', two, three);
    lan.heal();
    one.say('c');
    await heard('c', one, two, three);
    lan.partition([first], [second, third]);
    two.say('d');
    await heard('d', two, three);
    lan.heal();
    two.say('e');
    await heard('e', one, two, three);
    expect(heardBy(one)).toEqual(['a', 'c', 'e']);
    expect(heardBy(two)).toEqual(['b', 'c', 'd', 'e']);
  });

  test('loses what it is told to', async () => {
    const lan = createLan(2);
    const [one, two] = (await listen(lan)) as [Talking, Talking];
    lan.lose(0.5);
    for (let word = 1; word <= 400; word++) one.say(`word ${word}`);
    await one.until(lines => lines.includes('> word 400'));
    lan.lose(0);
    one.say('nothing is lost');
    await heard('nothing is lost', two);
    expect(heardBy(two).length).toBeGreaterThan(100);
    expect(heardBy(two).length).toBeLessThan(300);
    lan.lose(1);
    one.say('all is lost');
    await one.until(lines => lines.includes('> all is lost'));
    lan.lose(0);
    one.say('again nothing is lost');
    await heard('again nothing is lost', two);
    expect(heardBy(two)).not.toContain('all is lost');
  });

  test('is gone when its test is over', () => {
    const own = (): string[] =>
      existsSync('/run/netns')
        ? readdirSync('/run/netns').filter(name => name.startsWith(`convoke-${process.pid}-`))
        : [];
    // Of the tests before this one nothing is left.
    expect(own()).toEqual([]);
    createLan(2);
    expect(own()).toHaveLength(3);
    onTestFinished(() => {
      // Run before the LAN's own.
      expect(own()).toHaveLength(3);
    });
  });
});
