/** The chapters of the story: each has something happen to the group, and prints what its members saw. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.js';
import { type LineOrder, now } from './happenings.js';
import { heading, listOf, milliseconds, showDeliveries, showLists, tell } from './show.js';
import type { Stay } from './trace.js';

/** The part of the run that a chapter's picture shows. */
export interface Scene {
  readonly title: string;
  /** Time, from the left edge to the right one, and what is called 0 of it. */
  readonly from: number;
  readonly to: number;
  readonly zero: number;
  /** Who is shown, from the top. */
  readonly rows: readonly string[];
  /** Whether the order of delivery is written behind each row. */
  readonly lists?: boolean;
  readonly kill?: { readonly member: string; readonly at: number };
  readonly cut?: { readonly after: string; readonly from: number; readonly to: number };
}

/** The one who founds the group, and is killed. */
export const victim = 'ann';
const others = ['ben', 'cleo', 'dan', 'eve'];
const reborn = 'ann II';

/** Milliseconds in which what was said at once has arrived. */
const settled = 150;
/** Milliseconds between two lines of one member, while all talk. */
const pace = 40;

export async function meet(cast: Cast): Promise<void> {
  heading(1, 'Five processes become a group');
  tell(
    'ann founds it. The four others ask by IP multicast who is there, and she lets them in. There is no server:',
    'what they share is a view, the list of who is in the group, and each change of it is agreed on by all.',
  );
  await cast.join(victim);
  const began = now();
  await Promise.all(others.map(name => cast.join(name)));
  await cast.trace.until('all five are in one view', () => cast.trace.areTogether(cast.names));
  const { id } = cast.trace.viewOf(victim)!;
  tell(
    '',
    `processes   ${cast.names.map(name => `${name} ${cast.pidOf(name)}`).join(', ')}`,
    `view ${viewNumber(id)}      ${listOf(cast.names)}: ${milliseconds(now() - began)} after the four processes were started`,
    `coordinator ${victim}, the first in the list`,
  );
}

export async function speakAtOnce(cast: Cast): Promise<Scene> {
  const { names, trace } = cast;
  heading(2, 'All speak at the same moment. Who was first?');
  tell(
    'Each says its name to all, at once, itself included. The columns show what each process saw, from the top:',
  );
  const fifoAt = await cast.say('fifo', new Map(names.map(name => [name, name])));
  await delivered(cast, fifoAt, 'fifo');
  const seen = names.map(name => trace.deliveredBy(name, fifoAt, 'fifo'));
  showLists(names, seen);
  const orders = new Set(seen.map(list => list.join())).size;
  tell(
    orders > 1
      ? `${orders} different stories of the same moment, and none is wrong: messages take time. Order by sender (fifo)`
      : 'This time they agree, by luck; nothing makes them. Order by sender (fifo)',
    'promises no more. For a chat that will do. For a ledger, a queue or a lock it will not. So again, and now the',
    'message says `order: total`:',
  );

  const totalAt = await cast.say('total', new Map(names.map(name => [name, `${name} 1`])));
  await delivered(cast, totalAt, 'total');
  showLists(
    names,
    names.map(name => trace.deliveredBy(name, totalAt, 'total')),
  );
  tell(
    'One list, five times, and no database in the middle: the messages go straight from each to all, and the first',
    'in the view, the coordinator, multicasts beside them nothing but their order. What if it dies?',
  );
  const flights = trace.flights(totalAt, now());
  const last = Math.max(...flights.flatMap(({ arrivals }) => arrivals.map(({ at }) => at)));
  return {
    title: 'Five lines at once, in total order: the same list at each (on the right)',
    from: totalAt - 1,
    to: last + 1,
    zero: totalAt,
    rows: names,
    lists: true,
  };
}

/** Waits until each has a line of each. */
function delivered({ names, trace }: Cast, since: number, order: LineOrder): Promise<void> {
  return trace.until('all have heard all', () =>
    names.every(name => trace.deliveredBy(name, since, order).length >= names.length),
  );
}

/** What the verdict tells of a kill. */
export interface Recovery {
  readonly scene: Scene;
  /** Milliseconds until the last survivor had the new view. */
  readonly recovery: number;
}

export async function killCoordinator(cast: Cast): Promise<Recovery> {
  const { trace } = cast;
  heading(3, 'The coordinator is killed in mid-sentence');
  tell(
    `All five talk without a pause, a line every ${pace} ms each, and each writes all lines into a journal. Then ann, who`,
    'orders them, gets `kill -9`: no goodbye, and perhaps a last line that has reached some and not the others.',
    'What the four others saw, around the moment at which they were told that she is gone:',
  );
  cast.talk(pace);
  await sleep(10 * pace);
  const killedAt = await cast.kill(victim);
  await trace.until('the survivors have a new view', () => trace.areTogether(others));
  await sleep(5 * pace);
  await cast.hush();
  const spoken = others.flatMap(name => trace.sentBy(name, 'total'));
  await trace.until('all lines of the survivors have arrived', () => {
    return others.every(name => spoken.every(text => hasSeen(trace.staysOf(name), text)));
  });

  const stays = others.map(name => trace.staysOf(name));
  const recovery = Math.max(...stays.map(list => list.at(-1)!.at)) - killedAt;
  const before = stays.map(list => list.at(-2)!.ordered);
  const after = stays.map(list => list.at(-1)!.ordered);
  const shown = 4;
  const total = before[0]!.length;
  showDeliveries(others, [
    ...Array.from({ length: shown }, (_, index) => {
      const place = total - shown + index;
      return [`line ${place + 1}`, before.map(list => list[place])] as const;
    }),
    ['─ new view', others.map(() => '───────────')],
    ...Array.from({ length: shown }, (_, index) => {
      return [`line ${total + index + 1}`, after.map(list => list[index])] as const;
    }),
  ]);

  const lastWords = before.map(list => list.findLast(text => text.startsWith(`${victim} `)) ?? 'none');
  const successor = trace.nameOf(trace.viewOf('ben')!.members[0]!);
  const held = trace
    .flights(killedAt, killedAt + recovery)
    .filter(({ arrivals }) => arrivals.length > 0 && arrivals.every(({ at }) => at > killedAt)).length;
  tell(
    `${milliseconds(recovery)} after the kill all four have a new view. It is remarkable what holds between the two views:`,
    `· Her last line is ${[...new Set(lastWords)].map(text => `"${text}"`).join(' here and there ')} for all of them: what a dead process said has reached all or none.`,
    `· The ${total} lines before the new view are the same, in one order, though she who ordered them is gone.`,
    `· The ${held} lines that they said meanwhile waited, and came all. ${successor} orders them from now on.`,
    'So each knows, at the moment of the change, exactly what the others know, without asking. The textbook calls it',
    'virtual synchrony: as if nothing had been on its way when she died.',
  );
  return {
    recovery,
    scene: {
      title: `kill -9 of the coordinator: new view after ${milliseconds(recovery)}`,
      from: killedAt - 40,
      to: killedAt + recovery + 60,
      zero: killedAt,
      rows: [victim, ...others],
      kill: { member: victim, at: killedAt },
    },
  };
}

export async function comeBack(cast: Cast): Promise<void> {
  const { trace } = cast;
  heading(4, 'She comes back');
  await cast.join(reborn);
  await trace.until('all are in one view', () => trace.areTogether(cast.names));
  const journal = (await cast.journals()).get(reborn)!;
  tell(
    'A new process joins in her place. For the group it is somebody new, ann II: nothing that was meant for the dead one',
    `can reach it. It was handed the journal as it stood between two messages: ${journal.length} lines, none missing, none twice.`,
  );
}

export interface Reunion {
  readonly scene: Scene;
  /** Milliseconds until all had one view again. */
  readonly reunion: number;
}

export async function split(cast: Cast): Promise<Reunion> {
  const { trace } = cast;
  const majority = ['ben', 'cleo', 'dan'];
  const minority = ['eve', reborn];
  const all = [...majority, ...minority];
  const known = (await cast.journals()).get('ben')!.length;

  heading(5, 'The network is cut in two');
  tell(
    'ben, cleo and dan no longer hear eve and ann II. All five live and speak, but from afar the silent look like the dead.',
    'After a few seconds each side asks the others whether they live, hears nothing, and goes on without them …',
  );
  await cast.split(majority, minority);
  const splitAt = now();
  await cast.say('total', numbered(all, 'alone 1'));
  await trace.until('each side has a view of its own', () => {
    return trace.areTogether(majority) && trace.areTogether(minority);
  });
  const noticed = now() - splitAt;
  await cast.say('total', numbered(all, 'alone 2'));
  await sleep(settled);
  const journals = await cast.journals();
  showLists(
    all,
    all.map(name => journals.get(name)!.slice(known).map(shortened)),
  );
  const primaryOf = (name: string): boolean => trace.viewOf(name)!.primary;
  tell(
    `After ${milliseconds(noticed)} there are two views, and two continuations of the journal. Each side can know which it is:`,
    `\`member.primary\` is ${primaryOf('ben')} for the three, who are most of the five, and ${primaryOf('eve')} for the two. A bank would`,
    'now serve its customers on the side of the three only.',
  );

  heading(6, 'The network heals');
  tell('All hear each other again. What becomes of two views, and of two journals?');
  const healedAt = now();
  await cast.heal();
  await trace.until('all have one view again', () => trace.areTogether(all));
  const reunion = Math.max(...all.map(name => trace.viewOf(name)!.at)) - healedAt;
  await cast.say('total', numbered(all, 'together'));
  const lines = all.flatMap(name => trace.sentBy(name, 'total'));
  await trace.until('all lines have arrived', () => {
    return majority.every(name => lines.every(text => hasSeen(trace.staysOf(name), text)));
  });
  await sleep(settled);
  const merged = await cast.journals();
  showLists(
    all,
    all.map(name => merged.get(name)!.slice(known).map(shortened)),
  );
  tell(
    `${milliseconds(reunion)} later all five are in one view. The journal of the majority counts: eve and ann II were handed it,`,
    'saw that their own lines are not in it, and said them again. Nothing is lost, nothing is there twice, and the',
    'order is one.',
  );
  return {
    reunion,
    scene: {
      title: `The network is cut in two, and heals: one view after ${milliseconds(reunion)}`,
      from: splitAt - 300,
      to: now() + 100,
      zero: splitAt,
      rows: all,
      cut: { after: 'dan', from: splitAt, to: healedAt },
    },
  };
}

export function viewNumber(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function numbered(names: readonly string[], what: string): Map<string, string> {
  return new Map(names.map(name => [name, `${name} ${what}`]));
}

/** For narrow columns. */
function shortened(text: string): string {
  return text.replace('alone ', '').replace('together', '✓');
}

function hasSeen(stays: readonly Stay[], text: string): boolean {
  return stays.some(({ ordered }) => ordered.includes(text));
}
