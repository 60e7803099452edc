import type { JoinOptions } from '@convoke/runtime/group';
import { expect } from 'vitest';
import { Kind } from '../../../../runtime/src/group/message.js';
import type { Actor } from '../actor.js';
import { atFirst, hasKind } from '../packets.js';
import type { GroupStage, Scenario } from '../stage.js';

/** The state of one member: all that was ever delivered in the group, in its order, and some weight to carry. */
class Journal {
  lines: string[] = [];
  private readonly weight: number;

  constructor(weight: number) {
    this.weight = weight;
  }

  readonly state: NonNullable<JoinOptions['state']> = {
    save: () => this.save(),
    load: pieces => this.load(pieces),
  };

  private async *save(): AsyncIterable<Uint8Array> {
    yield Buffer.from(`${this.lines.join('\n')}\n\n`);
    for (let at = 0; at < this.weight; at += 20_000) yield Buffer.alloc(20_000, 0x20);
  }

  private async load(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    let text = '';
    for await (const piece of pieces) text += Buffer.from(piece).toString('utf8');
    this.lines = text.slice(0, text.indexOf('\n\n')).split('\n').filter(Boolean);
  }
}

/** Joins with a journal that each delivery is written into. */
async function joinWithJournal(stage: GroupStage, name: string, weight: number): Promise<[Actor, Journal]> {
  const journal = new Journal(weight);
  const actor = await stage.join(
    name,
    { state: journal.state },
    {
      contained: () => journal.lines,
      onDelivery: ({ sender, number }) => journal.lines.push(`${sender}#${number}`),
    },
  );
  return [actor, journal];
}

async function joinAllWithJournals(stage: GroupStage, names: string, weight: number) {
  const joined: [Actor, Journal][] = [];
  for (const name of names) joined.push(await joinWithJournal(stage, name, weight));
  await stage.viewOf(names);
  return joined;
}

function expectSame(journals: readonly Journal[], count: number): void {
  const [first, ...others] = journals;
  expect(first!.lines).toHaveLength(count);
  for (const { lines } of others) expect(lines).toEqual(first!.lines);
}

export const state: readonly Scenario[] = [
  {
    number: 34,
    title: 'transfer under load, equal state at the end',
    async run(stage) {
      const joined = await joinAllWithJournals(stage, 'abc', stage.pick([0, 500_000]));
      const actors = joined.map(([actor]) => actor);
      const traffic = stage.traffic(actors, 60, { order: 'total' }, 10);
      await stage.world.sleep(200 * stage.random());
      joined.push(await joinWithJournal(stage, 'd', 0));
      await stage.viewOf('abcd');
      await traffic;
      const journals = joined.map(([, journal]) => journal);
      await stage.until('180 lines everywhere', () => journals.every(({ lines }) => lines.length === 180));
      expectSame(journals, 180);
    },
  },
  {
    number: 35,
    title: 'the provider dies half-way: another takes over',
    async run(stage) {
      const joined = await joinAllWithJournals(stage, 'abc', 2_000_000);
      const actors = joined.map(([actor]) => actor);
      await stage.traffic(actors, 10, { order: 'total' }, 5);
      await stage.delivered(actors, 30);
      const providing = atFirst(stage, packet => packet.to === 'd' && hasKind(packet, Kind.state));
      const joining = joinWithJournal(stage, 'd', 0);
      const { from } = await providing;
      await stage.world.sleep(stage.between(1, 30));
      stage.fail(from, stage.pick(['crash', 'kill'] as const));
      joined.push(await joining);
      const left = joined.filter(([{ name }]) => name !== from);
      await stage.viewOf(left.map(([{ name }]) => name));
      await stage.traffic([left[0]![0]], 5, { order: 'total' });
      const journals = left.map(([, journal]) => journal);
      await stage.until('35 lines everywhere', () => journals.every(({ lines }) => lines.length === 35));
      expectSame(journals, 35);
    },
  },
];
