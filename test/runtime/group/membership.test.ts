import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedBytes } from '../../../runtime/src/group/bytes.js';
import { createMember } from '../../../runtime/src/group/member.js';
import { Admission } from '../../../runtime/src/group/membership/admission.js';
import { type MembershipFrame, readFrame, writeFrame } from '../../../runtime/src/group/membership/frames.js';
import {
  compareBallots,
  composeNext,
  cutOf,
  mergeViews,
  type NextView,
} from '../../../runtime/src/group/membership/next-view.js';
import { Pieces } from '../../../runtime/src/group/membership/pieces.js';
import { memberOf, seeded, viewOf } from './layer-support.js';

const view = viewOf(3, 1, 2, 3);

describe('the cut', () => {
  test('is for each sender the longest prefix that any survivor has, of whom the sender itself is asked first', () => {
    const survivors = [
      { id: 1, received: [9, 4, 7] },
      { id: 2, received: [9, 6, 5] },
    ];
    expect(cutOf(view, survivors)).toEqual({ cut: [9, 6, 7], holders: [1, 2, 1] });
  });
});

describe('the next view', () => {
  const change = {
    view,
    isPrimary: true,
    creator: 1,
    survivors: view.members,
    leaving: new Set<number>(),
    joining: [],
    destroyed: false,
  };

  test('keeps the ranks, drops those that leave, and puts those that join at the end', () => {
    const next = composeNext({ ...change, leaving: new Set([1]), joining: [memberOf(9)] });
    expect(next.view.members.map(({ id }) => id)).toEqual([2, 3, 9]);
    expect(next.view.id).toEqual({ counter: 4, creator: 1 });
    expect(next.joined).toEqual([9]);
    expect(next.sides).toEqual([[2, 3]]);
  });

  test.each([
    ['more than half of the view', [1, 2], true],
    ['less than half', [3], false],
  ])('of %s: primary or not', (_, ids, primary) => {
    expect(composeNext({ ...change, survivors: ids.map(memberOf) }).primary).toBe(primary);
  });

  test('of half of the view is primary where the first member is', () => {
    const four = { ...change, view: viewOf(3, 1, 2, 3, 4) };
    expect(composeNext({ ...four, survivors: [1, 4].map(memberOf) }).primary).toBe(true);
    expect(composeNext({ ...four, survivors: [2, 3].map(memberOf) }).primary).toBe(false);
  });

  test('what has lost its primary partition does not get it back by itself', () => {
    expect(composeNext({ ...change, isPrimary: false }).primary).toBe(false);
  });

  test('has nobody when the group is destroyed, or the last one leaves', () => {
    expect(composeNext({ ...change, destroyed: true }).view.members).toEqual([]);
    const last = { ...change, survivors: [memberOf(1)], leaving: new Set([1]), joining: [memberOf(9)] };
    expect(composeNext(last).view.members).toEqual([]);
  });

  test('of several views begins with the primary partition, and is later than all', () => {
    const side = (counter: number, primary: boolean, ...ids: number[]) => ({
      id: { counter, creator: ids[0]! },
      primary,
      members: ids.map(memberOf),
    });
    const next = mergeViews([side(9, false, 5, 6, 7), side(4, true, 3), side(5, false, 8)], 8);
    expect(next.sides).toEqual([[3], [5, 6, 7], [8]]);
    expect(next.view.id).toEqual({ counter: 10, creator: 8 });
    expect(next.primary).toBe(true);
  });
});

test('a later attempt is the one with the higher number, then with the higher leader', () => {
  expect(compareBallots({ number: 2, leader: 1 }, { number: 1, leader: 9 })).toBeGreaterThan(0);
  expect(compareBallots({ number: 1, leader: 1 }, { number: 1, leader: 9 })).toBeLessThan(0);
});

const next: NextView = {
  view: viewOf(4, 1, 2, 9),
  joined: [9],
  sides: [[1, 2]],
  primary: true,
  destroyed: false,
};
const ballot = { number: 3, leader: 2 };
const proposal = { ballot, next, cut: [1, 2, 3], holders: [1, 2, 2] };
const id = { counter: 3, creator: 1 };

const frames: readonly MembershipFrame[] = [
  { type: 'join', member: createMember(7, { host: '::1', port: 9 }), token: 12 },
  { type: 'challenge', token: 2 ** 47 },
  { type: 'leave', view: id },
  { type: 'destroy', view: id },
  { type: 'flush', view: id, ballot, gone: [3] },
  { type: 'flushed', view: id, ballot, received: [1, 0, 7], committed: undefined },
  { type: 'flushed', view: id, ballot, received: [], committed: proposal },
  { type: 'outdated', view: id, ballot },
  { type: 'prepare', view: id, proposal },
  { type: 'prepared', view: id, ballot },
  { type: 'install', next },
  { type: 'installed', view: id },
  { type: 'where', view: id },
  { type: 'elsewhere', view: id, current: undefined },
  { type: 'elsewhere', view: id, current: { counter: 9, creator: 9 } },
  { type: 'merge', merge: 5, view: id },
  { type: 'merging', merge: 5, side: { id, primary: false, members: view.members } },
  { type: 'unite', merge: 5, next },
  { type: 'united', merge: 5 },
  { type: 'proceed', merge: 5 },
  { type: 'cancel', merge: 5 },
];

describe('messages about views', () => {
  test.each(frames.map(frame => [frame.type, frame] as const))('%s is read as it was written', (_, frame) => {
    expect(readFrame(writeFrame(frame))).toEqual(frame);
  });

  test.each(frames.map(frame => [frame.type, frame] as const))(
    '%s cut off anywhere is malformed',
    (_, frame) => {
      const bytes = writeFrame(frame);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => readFrame(bytes.subarray(0, length))).toThrow(MalformedBytes);
      }
    },
  );

  test('random bytes are malformed or a message, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        try {
          readFrame(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a view with a member twice is malformed', () => {
    const twice = { ...next, view: { ...next.view, members: [memberOf(1), memberOf(1)] } };
    expect(() => readFrame(writeFrame({ type: 'install', next: twice }))).toThrow(MalformedBytes);
  });
});

describe('pieces', () => {
  const body = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 255));

  test('a long message is joined again, in whatever order its pieces come, and once', () => {
    const pieces = new Pieces().split(body, 100);
    expect(pieces.length).toBeGreaterThan(10);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(100);
    const receiver = new Pieces();
    const joined = [...pieces].reverse().map(piece => receiver.join(7, piece));
    expect(joined.filter(each => each !== undefined)).toEqual([body]);
    expect(joined.at(-1)).toEqual(body);
  });

  test('pieces of two senders, and of an older message, are not mixed', () => {
    const [one, other] = [new Pieces(), new Pieces()];
    const first = one.split(body, 600);
    const second = one.split(Buffer.concat([body, body]), 1200);
    const strange = other.split(body, 600);
    const receiver = new Pieces();
    expect(receiver.join(7, first[0]!)).toBeUndefined();
    expect(receiver.join(8, strange[1]!)).toBeUndefined();
    expect(receiver.join(7, second[0]!)).toBeUndefined();
    expect(receiver.join(7, first[1]!)).toBeUndefined();
    expect(receiver.join(8, strange[0]!)).toEqual(body);
  });

  test('a count that cannot be true is malformed', () => {
    expect(() => new Pieces().join(7, Buffer.from([0, 0, 0, 1, 0, 5, 0, 5]))).toThrow(MalformedBytes);
    expect(() => new Pieces().join(7, Buffer.from([0, 0, 0, 1, 0, 0, 0xff, 0xff]))).toThrow(MalformedBytes);
  });
});

describe('admission', () => {
  const admission = (now: () => number, count: (what: string) => void = () => {}) =>
    new Admission({ clock: { now }, random: seeded(1), count } as never);

  test('a token is good for one id at one address', () => {
    const here = admission(() => 0);
    const member = createMember(5, { host: '10.0.0.1', port: 9 });
    const token = here.tokenFor(member);
    expect(here.isToken(member, token)).toBe(true);
    expect(here.isToken(member, 0)).toBe(false);
    expect(here.isToken(createMember(6, member.at), token)).toBe(false);
    expect(here.isToken(createMember(5, { host: '10.0.0.2', port: 9 }), token)).toBe(false);
  });

  test('a flood of questions is answered in part, and counted', () => {
    let now = 0;
    const counted: string[] = [];
    const here = admission(
      () => now,
      what => counted.push(what),
    );
    const answered = Array.from({ length: 1000 }, () => here.mayAnswer()).filter(Boolean).length;
    expect(answered).toBe(500);
    expect(counted).toHaveLength(500);
    now = 1000;
    expect(here.mayAnswer()).toBe(true);
  });
});
