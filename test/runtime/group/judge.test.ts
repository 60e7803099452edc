/** The judge of groups catches a breach of each invariant, and has nothing against a good history. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryOrder } from '../../../runtime/src/schema/group.js';
import { GroupJudge } from '../../judge/group-judge.js';

let judge: GroupJudge;
let excused: Set<string>;
let now = 0;

beforeEach(() => {
  now = 0;
  excused = new Set();
  judge = new GroupJudge({ excused: member => excused.has(member) }, () => now);
});

/** All of them install a view. */
function install(id: string, members: string, of = members): void {
  for (const member of of) judge.view(member, { id, members: [...members] });
}

function send(member: string, order: DeliveryOrder = 'fifo', safe = false): Buffer {
  let sent = Buffer.alloc(0);
  judge.send(member, { order, safe, length: 50 }, bytes => {
    sent = Buffer.from(bytes);
  });
  return sent;
}

/** The members, a letter each, deliver what `from` sent. */
function deliver(members: string, from: string, ...messages: readonly Uint8Array[]): void {
  for (const member of members) for (const bytes of messages) judge.deliver(member, from, bytes);
}

function expectOnly(pattern: RegExp): void {
  expect(judge.violations).toHaveLength(1);
  expect(judge.violations[0]).toMatch(pattern);
}

function expectSome(pattern: RegExp): void {
  expect(
    judge.violations.some(each => pattern.test(each)),
    judge.violations.join('\n'),
  ).toBe(true);
}

describe('a good history', () => {
  test('has no violations', () => {
    install('1/a', 'abc');
    const one = send('a', 'total', true);
    const two = send('b', 'causal');
    deliver('abc', 'a', one);
    deliver('abc', 'b', two);
    judge.suspect('a', 'b');
    judge.unsuspect('a', 'b');
    judge.suspect('a', 'c');
    judge.crash('c');
    install('2/a', 'ab');
    const three = send('b', 'unordered');
    const four = send('b', 'unordered');
    deliver('ab', 'b', four, three);
    judge.leaving('b');
    install('3/a', 'a');
    judge.end('b', 'left');
    judge.drained('a', 0);
    judge.verify();
    expect(judge.violations).toEqual([]);
    expect(judge.recent).toContain('a view 3/a a');
  });

  test('partitions and merges', () => {
    install('1/a', 'abc');
    const cause = send('c', 'fifo');
    excused.add('c');
    install('2/a', 'ab');
    install('2/c', 'c');
    deliver('c', 'c', send('c', 'fifo'));
    deliver('ab', 'a', send('a', 'fifo'));
    excused.clear();
    install('3/a', 'abc');
    deliver('abc', 'c', send('c', 'causal'));
    judge.verify();
    // The message that nobody delivered is the only thing: it was lost on the way from one view to the next.
    expectOnly(/c lives, and never delivered its own c#1/);
    expect(cause.length).toBe(50);
  });
});

describe('views', () => {
  test('ids rise', () => {
    install('2/a', 'ab');
    install('1/a', 'ab');
    expectSome(/goes from view 2\/a back to 1\/a/);
  });

  test('the counter is a number, and counts before the creator', () => {
    install('9/b', 'ab');
    install('10/a', 'ab');
    expect(judge.violations).toEqual([]);
  });

  test('the same id has the same members', () => {
    install('1/a', 'ab', 'a');
    install('1/a', 'ba', 'b');
    expectOnly(/has the members a,b and b,a/);
  });

  test('I am in my view', () => {
    install('1/a', 'bc', 'a');
    expectOnly(/a is not in its view/);
  });

  test('no member stands in a view twice', () => {
    install('1/a', 'abb', 'a');
    expectOnly(/has a member twice/);
  });

  test('no view after the end', () => {
    install('1/a', 'a');
    judge.leaving('a');
    judge.end('a', 'left');
    install('2/a', 'a');
    expectOnly(/and has ended/);
  });

  test('a member that is alive and within reach is not excluded', () => {
    install('1/a', 'abc');
    install('2/a', 'ab', 'a');
    expectOnly(/c, alive and within reach, is not in view 2\/a/);
  });

  test('a member that is alive and within reach is not told that it was', () => {
    install('1/a', 'abc');
    judge.end('c', 'failed');
    expectOnly(/c was excluded, alive and within reach/);
  });

  test('nobody leaves unasked or ends twice', () => {
    install('1/a', 'ab');
    judge.end('a', 'left');
    judge.end('a', 'left');
    expectSome(/a has left, and was not asked to/);
    expectSome(/a ends twice/);
  });

  test('who went on first is judged for it, not who was left behind', () => {
    install('1/a', 'abc');
    excused.add('c');
    install('2/a', 'ab');
    excused.clear();
    install('2/c', 'c');
    expect(judge.violations).toEqual([]);
  });
});

describe('suspicions', () => {
  beforeEach(() => install('1/a', 'ab'));

  test('trusted again only when suspected', () => {
    judge.unsuspect('a', 'b');
    expectOnly(/which it did not suspect/);
  });

  test('suspected twice', () => {
    judge.suspect('a', 'b');
    judge.suspect('a', 'b');
    expectOnly(/suspects b twice/);
  });

  test('a stranger is not suspected', () => {
    judge.suspect('a', 'x');
    expectOnly(/which is not in its view/);
  });

  test('each suspicion ends', () => {
    judge.suspect('a', 'b');
    judge.verify();
    expectOnly(/still suspects b/);
  });
});

describe('messages', () => {
  beforeEach(() => install('1/a', 'abc'));

  test('none is created', () => {
    deliver('a', 'b', Buffer.from('a message'));
    expectOnly(/delivers what nobody sent/);
  });

  test('none comes in the name of another', () => {
    deliver('a', 'b', send('c'));
    expectOnly(/delivers what nobody sent, in the name of b/);
  });

  test('one that could not be sent was not sent', () => {
    let kept = Buffer.alloc(0);
    const failing = () =>
      judge.send('a', { order: 'fifo', safe: false, length: 0 }, bytes => {
        kept = Buffer.from(bytes);
        throw new Error('closed');
      });
    expect(failing).toThrow('closed');
    deliver('a', 'a', kept);
    expectOnly(/delivers what nobody sent/);
  });

  test('none is altered', () => {
    const bytes = send('b');
    bytes[bytes.length - 1]! ^= 1;
    deliver('a', 'b', bytes);
    expectOnly(/altered/);
  });

  test('none is delivered twice', () => {
    deliver('a', 'b', ...Array<Buffer>(2).fill(send('b', 'unordered')));
    expectOnly(/twice/);
  });

  test('none comes outside of a view', () => {
    deliver('x', 'b', send('b'));
    expectOnly(/outside of any view/);
  });

  test('none comes to a member that has ended', () => {
    judge.leaving('c');
    judge.end('c', 'left');
    deliver('c', 'b', send('b'));
    expectOnly(/outside of any view \(left\)/);
  });

  test('none comes in a view that its sender is not in', () => {
    judge.leaving('c');
    const bytes = send('c');
    install('2/a', 'ab');
    deliver('a', 'c', bytes);
    expectOnly(/which lacks its sender/);
  });

  test('each comes in the view in which it was sent', () => {
    const bytes = send('b');
    deliver('b', 'b', bytes);
    install('2/a', 'abc', 'a');
    deliver('a', 'b', bytes);
    expectOnly(/in 2\/a, and others did in 1\/a/);
  });

  test('none comes in a view before that in which it was sent', () => {
    install('2/a', 'abc', 'b');
    deliver('a', 'b', send('b'));
    expectOnly(/before 2\/a in which it was sent/);
  });

  test('a living sender has its own', () => {
    send('a');
    judge.verify();
    expectOnly(/a lives, and never delivered its own a#1/);
  });

  test('buffers drain', () => {
    judge.drained('a', 3);
    expectOnly(/still keeps 3 messages/);
  });
});

describe('order', () => {
  beforeEach(() => install('1/a', 'abc'));

  test('fifo: no gap', () => {
    const [one, , three] = [send('b'), send('b', 'causal'), send('b', 'total')];
    deliver('a', 'b', one!, three!);
    expectOnly(/number 3, right after number 1/);
  });

  test('fifo: not the wrong way round', () => {
    const [one, two] = [send('b'), send('b')];
    deliver('a', 'b', two!, one!);
    expectOnly(/number 1, right after number 2/);
  });

  test('no gap at the beginning of a view', () => {
    const [one, two] = [send('b'), send('b')];
    deliver('bc', 'b', one!, two!);
    deliver('a', 'b', two!);
    judge.verify();
    expectSome(/a begins 1\/a with b#2, and b#1 was before it/);
  });

  test('unordered: any order, but no gap when the view ends', () => {
    const messages = [send('b', 'unordered'), send('b', 'unordered'), send('b', 'unordered')];
    deliver('abc', 'b', messages[2]!, messages[0]!);
    install('2/a', 'abc', 'a');
    expectOnly(/with a gap in what b sent unordered/);
  });

  test('causal: not before its cause', () => {
    const cause = send('a', 'causal');
    deliver('ab', 'a', cause);
    const effect = send('b', 'causal');
    deliver('c', 'b', effect);
    expectOnly(/before its cause a#1/);
  });

  test('causal: the cause came before in another view', () => {
    const cause = send('a', 'causal');
    deliver('abc', 'a', cause);
    install('2/a', 'abcd');
    deliver('d', 'b', send('b', 'causal'));
    expect(judge.violations).toEqual([]);
  });

  test('total: one list', () => {
    const [one, two] = [send('a', 'total'), send('b', 'total')];
    deliver('a', 'a', one);
    deliver('a', 'b', two);
    deliver('b', 'b', two);
    deliver('b', 'a', one);
    install('2/a', 'abc', 'ab');
    expectOnly(/in total order where b delivered/);
  });
});

describe('agreement', () => {
  beforeEach(() => install('1/a', 'abc'));

  test('who goes on together has the same', () => {
    deliver('ab', 'b', send('b'));
    install('2/a', 'abc');
    expectSome(/a delivered b#1 and c did not, in 1\/a, and both went to 2\/a/);
  });

  test('who has more than the first that went has too much', () => {
    const bytes = send('b');
    install('2/a', 'abc', 'a');
    deliver('b', 'b', bytes);
    install('2/a', 'abc', 'b');
    expectSome(/b delivered b#1 and a did not/);
  });

  test('who goes different ways may differ', () => {
    deliver('c', 'c', send('c'));
    excused = new Set('abc');
    install('2/a', 'ab');
    install('2/c', 'c');
    judge.verify();
    expect(judge.violations).toEqual([]);
  });

  test('who is in one view at the end has the same', () => {
    deliver('ab', 'b', send('b'));
    judge.verify();
    expectOnly(/a delivered b#1 and c did not, in 1\/a$/);
  });

  test('what a joiner was given as state is as good as delivered', () => {
    install('2/a', 'abcd', 'abc');
    deliver('abc', 'b', send('b'));
    install('2/a', 'abcd', 'd');
    judge.contain('d', ['b#1']);
    deliver('abcd', 'b', send('b'));
    install('3/a', 'abcd');
    expect(judge.violations).toEqual([]);
    judge.contain('d', ['b#7']);
    expectSome(/the state of d contains b#7, which nobody sent/);
  });

  test('what is not safe may die with who delivered it', () => {
    deliver('c', 'c', send('c', 'total'));
    judge.crash('c');
    install('2/a', 'ab');
    judge.verify();
    expect(judge.violations).toEqual([]);
  });

  test('what is safe may not', () => {
    deliver('c', 'c', send('c', 'total', true));
    judge.crash('c');
    install('2/a', 'ab');
    expectOnly(/c died, and nobody else delivered the safe c#1/);
  });

  test('what is safe, and was delivered by a member that the others excluded later, has their order', () => {
    const [one, two] = [send('a', 'total', true), send('b', 'total', true)];
    deliver('c', 'b', two);
    deliver('c', 'a', one);
    deliver('ab', 'a', one);
    deliver('ab', 'b', two);
    judge.crash('c');
    install('2/a', 'ab');
    expectOnly(/c died having delivered b#1 where a delivered a#1/);
  });

  test('a minority may not know what the majority did', () => {
    install('2/a', 'abcde');
    deliver('cde', 'c', send('c', 'total', true));
    for (const member of 'cde') judge.crash(member);
    install('3/a', 'ab');
    judge.verify();
    expect(judge.violations).toEqual([]);
  });
});

describe('calls', () => {
  const call = { key: 'call', caller: 'a', replies: 'all', until: 1000 } as const;
  const value = (member: string) => ({ kind: 'value', member, value: 1 }) as const;

  beforeEach(() => {
    install('1/a', 'ab');
    judge.calls.begin(call);
  });

  test('a good one', () => {
    judge.calls.execute('call', 'a');
    judge.calls.execute('call', 'b');
    judge.calls.end('call', [value('a'), value('b')]);
    judge.verify();
    expect(judge.violations).toEqual([]);
  });

  test('it ends', () => {
    judge.verify();
    expectOnly(/call never ended/);
  });

  test('it executes once at a member, and only when it was made', () => {
    judge.calls.execute('call', 'a');
    judge.calls.execute('call', 'a');
    judge.calls.execute('other', 'a');
    expect(judge.violations).toEqual(['a executes call again', 'a executes other, which nobody called']);
  });

  test('a value comes from an execution', () => {
    judge.calls.execute('call', 'a');
    judge.calls.end('call', [value('a'), value('b')]);
    expectOnly(/has a value of b, which did not execute it/);
  });

  test('all are all', () => {
    judge.calls.execute('call', 'a');
    judge.calls.end('call', [value('a')]);
    expectOnly(/replies of a, which are no view/);
  });

  test('a member replies once, and is a member', () => {
    judge.calls.execute('call', 'a');
    judge.calls.execute('call', 'x');
    judge.calls.end('call', [value('a'), value('a'), value('x')]);
    expectSome(/two replies of a member/);
    expectSome(/a reply of x, which was in no view/);
  });

  test('who is suspected is out of the view', () => {
    judge.calls.execute('call', 'a');
    judge.calls.end('call', [value('a'), { kind: 'suspected', member: 'b' }]);
    expectOnly(/takes b for suspected, and it is in the view/);
  });

  test('timed out is said at the deadline', () => {
    judge.calls.execute('call', 'a');
    judge.calls.end('call', [value('a'), { kind: 'timed-out', member: 'b' }]);
    expectOnly(/takes b for timed out before its deadline/);
  });

  test('it does not outlast its deadline', () => {
    judge.calls.execute('call', 'a');
    now = 2000;
    judge.calls.end('call', [value('a'), { kind: 'timed-out', member: 'b' }]);
    expectOnly(/ends after its deadline/);
  });
});
