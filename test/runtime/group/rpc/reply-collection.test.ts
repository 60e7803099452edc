import { describe, expect, it } from 'vitest';
import { NoSuchKey } from '../../../../generated/testing/registry/index.js';
import { createMember } from '../../../../runtime/src/group/member.js';
import { type AnyReply, ReplyCollection } from '../../../../runtime/src/group/rpc/reply-collection.js';
import { CallError } from '../../../../runtime/src/schema/errors.js';

const members = [1, 2, 3, 4, 5].map(id => createMember(id, { host: '10.0.0.1', port: 7000 + id }));
const value = (at: number): AnyReply => ({ kind: 'value', member: members[at]!.address, value: at });
const declared = (at: number): AnyReply => ({
  kind: 'error',
  member: members[at]!.address,
  error: new NoSuchKey({ key: 'k' }),
});
const failed = (at: number): AnyReply => ({
  kind: 'error',
  member: members[at]!.address,
  error: new CallError('internal', 'x', { outcome: 'executed' }),
});

describe('a collection', () => {
  it('has enough of a majority when more than half of those who were asked have answered', () => {
    const collection = new ReplyCollection('majority');
    collection.ask(members.slice(0, 4));
    for (const at of [0, 1]) collection.add(members[at]!.id, value(at), true);
    expect(collection.complete).toBe(false);
    collection.add(members[3]!.id, declared(3), true);
    expect(collection.complete).toBe(true);
    expect(collection.result([])).toEqual([value(0), value(1), declared(3)]);
  });

  it('does not know a majority before it knows who is asked', () => {
    const collection = new ReplyCollection('majority');
    for (const at of [0, 1, 2]) collection.add(members[at]!.id, value(at), true);
    expect(collection.complete).toBe(false);
    collection.ask(members);
    expect(collection.complete).toBe(true);
  });

  it('does not count failures among so many answers', () => {
    const collection = new ReplyCollection({ n: 2 });
    collection.ask(members.slice(0, 3));
    collection.add(members[0]!.id, failed(0), false);
    collection.add(members[1]!.id, value(1), true);
    expect(collection.complete).toBe(false);
    collection.add(members[2]!.id, value(2), true);
    expect(collection.complete).toBe(true);
    expect(collection.result([])).toEqual([value(1), value(2)]);
  });

  it('ends when nobody is left, and gives all that it knows, what failed last', () => {
    const collection = new ReplyCollection('first');
    collection.ask(members.slice(0, 3));
    collection.add(members[2]!.id, failed(2), false);
    collection.retain(members.slice(2));
    expect(collection.complete).toBe(true);
    expect(collection.result([])).toEqual([
      failed(2),
      { kind: 'suspected', member: members[0]!.address },
      { kind: 'suspected', member: members[1]!.address },
    ]);
  });

  it('takes one reply of a member, and none of who owes none', () => {
    const collection = new ReplyCollection('all');
    collection.add(members[4]!.id, value(4), true);
    collection.add(members[0]!.id, value(0), true);
    collection.add(members[0]!.id, failed(0), false);
    collection.ask(members.slice(0, 2));
    collection.add(members[3]!.id, value(3), true);
    expect(collection.complete).toBe(false);
    collection.add(members[1]!.id, value(1), true);
    expect(collection.result([])).toEqual([value(0), value(1)]);
  });

  it('of a call that was delivered nowhere says so of the view', () => {
    const collection = new ReplyCollection('all');
    collection.add(members[1]!.id, value(1), true);
    expect(collection.complete).toBe(false);
    expect(collection.result(members.slice(0, 2))).toEqual([
      value(1),
      { kind: 'timed-out', member: members[0]!.address },
    ]);
  });

  it('without replies ends when it was delivered', () => {
    const collection = new ReplyCollection('none');
    expect(collection.complete).toBe(false);
    collection.ask(members);
    expect(collection.complete).toBe(true);
    expect(collection.result([])).toEqual([]);
  });
});
