/** The demo of groups would notice a promise that is broken. */
import { describe, expect, it } from 'vitest';
import type { LineOrder, News } from '../../../examples/src/demo-group/happenings.js';
import { judge } from '../../../examples/src/demo-group/promises.js';
import { Trace } from '../../../examples/src/demo-group/trace.js';

const view = (id: string, ...members: string[]): News => ({ type: 'view', id, members, primary: true });
const sent = (text: string, order: LineOrder = 'total'): News => ({ type: 'sent', order, text });
const delivered = (text: string, order: LineOrder = 'total'): News => ({ type: 'delivered', order, text });

/** Ann is killed after her first line, which Ben and Cleo have both seen. */
const ann = [view('1', 'a', 'b', 'c'), sent('ann 1'), sent('ann 2')];
const ben = [
  view('1', 'a', 'b', 'c'),
  sent('ben 1'),
  delivered('ann 1'),
  delivered('ben 1'),
  view('2', 'b', 'c'),
];
const cleo = [view('1', 'a', 'b', 'c'), delivered('ann 1'), delivered('ben 1'), view('2', 'b', 'c')];
const journal = ['ann 1', 'ben 1'];

interface Run {
  readonly ben?: readonly News[];
  readonly cleo?: readonly News[];
  readonly journals?: readonly [string[], string[]];
  readonly recovery?: number;
}

/** The promises that are found broken. */
function broken(run: Run = {}): string[] {
  const trace = new Trace();
  const told = { ann, ben: run.ben ?? ben, cleo: run.cleo ?? cleo };
  for (const [member, news] of Object.entries(told)) {
    for (const [at, each] of news.entries()) trace.note(member, { at, ...each });
  }
  const [first, second] = run.journals ?? [journal, journal];
  const verdicts = judge({
    trace,
    everybody: ['ann', 'ben', 'cleo'],
    journals: new Map([
      ['ben', first],
      ['cleo', second],
    ]),
    killed: 'ann',
    recovery: run.recovery ?? 100,
    within: 1000,
  });
  return verdicts.filter(verdict => verdict.broken !== undefined).map(({ promise }) => promise);
}

describe('the demo of groups', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(broken()).toEqual([]);
  });

  it('notices views of one name with different members', () => {
    expect(broken({ cleo: [...cleo.slice(0, 3), view('2', 'b', 'c', 'd')] })).toEqual([
      'all that were in a view agree on its members',
    ]);
  });

  it('notices a line that one survivor has and the other has not', () => {
    expect(broken({ cleo: [cleo[0]!, cleo[2]!, cleo[3]!] })).toEqual([
      'all that went on together from one view to the next had seen the same lines',
      'and those in total order in the same order',
    ]);
  });

  it('notices two orders of the same lines, where the order is total', () => {
    const [first, ...rest] = cleo;
    const swapped = [first!, rest[1]!, rest[0]!, rest[2]!];
    expect(broken({ cleo: swapped })).toEqual(['and those in total order in the same order']);
    const inFifo = (news: News): News => (news.type === 'delivered' ? { ...news, order: 'fifo' } : news);
    expect(broken({ ben: ben.map(inFifo), cleo: swapped.map(inFifo) })).toEqual([]);
  });

  it('notices a line that came twice', () => {
    expect(broken({ cleo: [...cleo, delivered('ben 2'), delivered('ben 2')] })).toEqual([
      'no line was delivered twice in a view',
    ]);
  });

  it('notices journals that differ, lack a line, or have a gap', () => {
    expect(broken({ journals: [journal, ['ben 1', 'ann 1']] })).toEqual([
      'all journals are the same, line by line',
    ]);
    expect(broken({ journals: [['ann 1'], ['ann 1']] })).toEqual([
      'every line of everyone who is left is in the journal',
    ]);
    const gap = ['ann 2', 'ben 1'];
    expect(broken({ journals: [gap, gap] })).toEqual([
      'the lines of the killed process are in it up to one of them, without a gap',
    ]);
  });

  it('notices a new view that is late', () => {
    expect(broken({ recovery: 1001 })).toEqual(['the new view came soon after kill -9']);
  });
});
