import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../runtime/src/group/bytes.js';
import { boundedDetection } from '../../../runtime/src/group/detection/heartbeat.js';
import type { MemberId } from '../../../runtime/src/group/member.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, type Message, multicast, Order } from '../../../runtime/src/group/message.js';
import { type Bench, bench, message } from './layer-bench.js';

const self = 1;
const [other, third, fourth] = [2, 3, 4];

/** The first byte of what verification sends. */
const step = { ask: 1, answer: 2, askFor: 3, answeredFor: 4 };

const start = (options = {}): Bench => {
  const started = bench({ layers: [boundedDetection(options)], self });
  started.view(1, other, third, fourth);
  started.events.length = 0;
  return started;
};

const heartbeat = (from: MemberId, counter = 1): Message =>
  message(Kind.heartbeat, from, everyone, new ByteWriter().u32(counter).u48(self).done());

const verify = (from: MemberId, which: number, about: MemberId): Message =>
  message(Kind.verify, from, self, new ByteWriter().u8(which).u48(about).done());

/** Lets time pass in which these members send a heartbeat each 100 ms. */
const advanceWith = (at: Bench, duration: number, ...alive: readonly MemberId[]): void => {
  for (let passed = 0; passed < duration; passed += 100) {
    for (const id of alive) at.receive(heartbeat(id));
    at.advance(Math.min(100, duration - passed));
  }
};

const told = (at: Bench): string[] =>
  at.events.map(event => `${event.type} ${'member' in event ? event.member : ''}`);

const stepsOf = (messages: readonly Message[], target: MemberId): number[] =>
  messages
    .filter(({ kind, target: to }) => kind === Kind.verify && to === target)
    .map(({ body }) => body[0]!);

describe('heartbeats', () => {
  it('leave when nothing was multicast for an interval, with the view in which their sender is', () => {
    const at = start();
    at.advance(400);
    expect(at.sent).toMatchObject([{ kind: Kind.heartbeat, target: everyone, sender: self }]);
    expect(at.sent[0]!.body).toEqual(new ByteWriter().u32(1).u48(self).done());
    at.advance(2000 - 400);
    expect(at.sent.filter(({ kind }) => kind === Kind.heartbeat)).toHaveLength(5);
  });

  it('are spared by what is multicast anyway, but not by what goes to one member', () => {
    const at = start();
    for (let round = 0; round < 6; round++) {
      at.stack.down([multicast(Kind.channel, self, Buffer.from('x'), Order.fifo)]);
      at.advance(300);
    }
    expect(at.sent.filter(({ kind }) => kind === Kind.heartbeat)).toEqual([]);
    for (let round = 0; round < 4; round++) {
      at.stack.down([message(Kind.channel, self, other, 'x')]);
      at.advance(300);
    }
    expect(at.sent.filter(({ kind }) => kind === Kind.heartbeat)).toHaveLength(3);
  });

  it('begin with the first view, and end with the group', () => {
    const at = bench({ layers: [boundedDetection()], self });
    at.advance(5000);
    expect(at.sent).toEqual([]);
    at.view(1);
    at.advance(1000);
    expect(at.sent).toHaveLength(3);
    at.stack.raise({ type: 'end', reason: 'left' });
    at.advance(5000);
    expect(at.sent).toHaveLength(3);
  });

  it('go no further up, and what came with them does', () => {
    const at = start();
    const [first, second] = [
      message(Kind.channel, other, self, 'a'),
      message(Kind.channel, other, self, 'b'),
    ];
    at.receive(first, heartbeat(other), second);
    at.receive(heartbeat(other));
    expect(at.batches).toEqual([[first, second]]);
  });

  it('tell which view their sender is in, as reliable multicasts do', () => {
    const at = start();
    const { detection } = at.stack.services;
    expect(detection.viewOf(other)).toBeUndefined();
    at.receive(heartbeat(other, 7));
    expect(detection.viewOf(other)).toEqual({ counter: 7, creator: self });
    at.receive(heartbeat(other, 6));
    expect(detection.viewOf(other)).toEqual({ counter: 7, creator: self });
    const newer = multicast(Kind.channel, other, Buffer.alloc(0), Order.fifo);
    newer.view = { counter: 8, creator: third };
    at.receive(newer);
    expect(detection.viewOf(other)).toEqual({ counter: 8, creator: third });
    expect(detection.viewOf(self)).toEqual({ counter: 1, creator: self });
    expect(detection.viewOf(99)).toBeUndefined();
  });

  it('are refused by the stack when the times do not rise', () => {
    expect(() => boundedDetection({ suspectAfter: 4000 })).toThrow(RangeError);
    expect(() => boundedDetection({ interval: 0 })).toThrow(RangeError);
    expect(() => boundedDetection({ deadAfter: Number.NaN })).toThrow(RangeError);
  });
});

describe('a silent member', () => {
  it('is suspected after 2 s, asked directly and through two others, and dead after more than 3 s', () => {
    const at = start();
    advanceWith(at, 1900, third, fourth);
    expect(told(at)).toEqual([]);
    advanceWith(at, 400, third, fourth);
    expect(told(at)).toEqual(['suspect 2']);
    expect(stepsOf(at.sent, other)).toContain(step.ask);
    expect(stepsOf(at.sent, third)).toContain(step.askFor);
    expect(stepsOf(at.sent, fourth)).toContain(step.askFor);
    advanceWith(at, 800, third, fourth);
    expect(stepsOf(at.sent, other).length).toBeGreaterThan(3);
    advanceWith(at, 10_000, third, fourth);
    expect(told(at)).toEqual(['suspect 2', 'dead 2']);
    expect(at.events[1]!.at).toBeGreaterThan(3000);
    expect(at.events[1]!.at).toBeLessThan(4500);
  });

  it('is trusted again by anything that it sends', () => {
    const at = start();
    advanceWith(at, 2500, third, fourth);
    at.receive(message(Kind.channel, other, everyone, 'x'));
    expect(told(at)).toEqual(['suspect 2', 'unsuspect 2']);
    const asked = stepsOf(at.sent, other).length;
    advanceWith(at, 1500, third, fourth);
    expect(told(at)).toHaveLength(2);
    expect(stepsOf(at.sent, other)).toHaveLength(asked);
  });

  it('is not taken to live because others send again what it had sent', () => {
    const at = start();
    for (let round = 0; round < 50; round++) {
      const again = multicast(Kind.channel, other, Buffer.from('x'), Order.fifo);
      again.from = third;
      at.receive(again);
      at.receive(heartbeat(fourth));
      at.advance(100);
    }
    expect(told(at)).toEqual(['suspect 2', 'dead 2']);
  });

  it('lives when another member has heard it answer', () => {
    const at = start();
    advanceWith(at, 3000, third, fourth);
    at.receive(verify(third, step.answeredFor, other));
    expect(told(at)).toEqual(['suspect 2', 'unsuspect 2']);
  });

  it('is not found dead by the words of those who are no members', () => {
    const at = start();
    advanceWith(at, 3000, third, fourth);
    at.receive(verify(99, step.answeredFor, other));
    at.receive(verify(99, step.askFor, other));
    expect(told(at)).toEqual(['suspect 2']);
    expect(at.stack.drops.get('not-a-member')).toBe(2);
  });

  it('is dead once in a view, and watched anew when the next view has it still', () => {
    const at = start();
    advanceWith(at, 6000, third, fourth);
    // From a view that it has left since.
    at.receive(heartbeat(other, 0));
    expect(told(at)).toEqual(['suspect 2', 'dead 2']);
    at.view(2, other, third);
    advanceWith(at, 2900, third);
    expect(told(at)).toEqual(['suspect 2', 'dead 2', 'view ', 'suspect 2']);
    advanceWith(at, 3000, third);
    expect(told(at).slice(3)).toEqual(['suspect 2', 'dead 2']);
  });

  it('that speaks in this view again, before anybody has excluded it, is trusted again', () => {
    const at = start();
    advanceWith(at, 6000, third, fourth);
    at.receive(heartbeat(other));
    expect(told(at)).toEqual(['suspect 2', 'dead 2', 'unsuspect 2']);
    advanceWith(at, 6000, third, fourth);
    expect(told(at).slice(3)).toEqual(['suspect 2', 'dead 2']);
  });

  it('that was proven to be dead stays so, whatever of it was still under way', () => {
    const at = start();
    at.stack.raise({ type: 'dead', member: other });
    at.receive(heartbeat(other));
    expect(told(at)).toEqual(['dead 2']);
  });

  it('stays suspected from one view to the next', () => {
    const at = start();
    advanceWith(at, 2500, third, fourth);
    at.view(2, other, third);
    at.receive(heartbeat(other));
    expect(told(at)).toEqual(['suspect 2', 'view ', 'unsuspect 2']);
  });

  it('is not found dead again where something else has told so', () => {
    const at = start();
    at.stack.raise({ type: 'dead', member: other });
    advanceWith(at, 10_000, third, fourth);
    expect(told(at)).toEqual(['dead 2']);
  });
});

describe('questions', () => {
  it('are answered, whoever asks, and passed on for other members', () => {
    const at = start();
    at.receive(verify(other, step.ask, other));
    at.receive(verify(other, step.ask, third));
    at.receive(verify(99, step.ask, 99));
    expect(at.sent.map(({ target, body }) => [target, body[0], body[6]])).toEqual([
      [other, step.answer, other],
      [other, step.answer, third],
      [99, step.answer, 99],
    ]);
    at.sent.length = 0;
    at.receive(verify(other, step.askFor, third));
    at.receive(verify(third, step.answer, other));
    expect(at.sent.map(({ target, body }) => [target, body[0], body[6]])).toEqual([
      [third, step.ask, other],
      [other, step.answeredFor, third],
    ]);
  });

  it('are counted when they are none', () => {
    const at = start();
    at.receive(message(Kind.verify, other, self, ''));
    at.receive(message(Kind.verify, other, self, Buffer.alloc(8, 1)));
    at.receive(verify(other, 9, third));
    at.receive(message(Kind.heartbeat, other, everyone, 'short'));
    expect(at.stack.drops.get('malformed')).toBe(4);
    expect(at.sent).toEqual([]);
  });

  it('begin at once on demand, and end in death where nothing answers', () => {
    const at = start();
    advanceWith(at, 1000, other, third, fourth);
    at.stack.services.detection.verify(other);
    at.stack.services.detection.verify(99);
    expect(stepsOf(at.sent, other)).toEqual([step.ask]);
    advanceWith(at, 10_000, third, fourth);
    expect(told(at)).toEqual(['suspect 2', 'dead 2']);
    const silence = at.events[1]!.at - 900;
    expect(silence).toBeGreaterThan(3400);
    expect(silence).toBeLessThan(3800);
  });

  it('end in nothing where an answer comes before there was a suspicion', () => {
    const at = start();
    at.stack.services.detection.verify(other);
    at.receive(verify(other, step.answer, self));
    advanceWith(at, 1500, third, fourth);
    expect(told(at)).toEqual([]);
    expect(stepsOf(at.sent, other)).toEqual([step.ask]);
  });
});

describe('a process that was stopped itself', () => {
  it('suspects nobody for the time in which it did not run', () => {
    const at = start();
    advanceWith(at, 1000, other, third, fourth);
    at.stall(60_000);
    at.advance(0);
    expect(told(at)).toEqual([]);
    // It has something to say itself.
    expect(at.sent.at(-1)).toMatchObject({ kind: Kind.heartbeat });
    at.advance(1500);
    expect(told(at)).toEqual([]);
    at.advance(5000);
    expect(told(at)).toEqual(['suspect 2', 'suspect 3', 'suspect 4', 'dead 2', 'dead 3', 'dead 4']);
  });

  it('gives the time to those whose packets it has not read yet, too', () => {
    const at = start();
    advanceWith(at, 3500, third, fourth);
    expect(told(at)).toEqual(['suspect 2']);
    at.stall(2000);
    at.receive(heartbeat(third));
    expect(told(at)).toEqual(['suspect 2']);
    at.advance(100);
    expect(told(at)).toEqual(['suspect 2']);
    at.receive(heartbeat(other));
    expect(told(at)).toEqual(['suspect 2', 'unsuspect 2']);
  });

  it('reads what waits in its socket before it finds anyone dead', () => {
    const at = start();
    advanceWith(at, 3500, third, fourth);
    // Too short to be noticed.
    at.stall(450);
    at.advance(0);
    at.receive(heartbeat(other));
    at.advance(100);
    expect(told(at)).toEqual(['suspect 2', 'unsuspect 2']);
  });
});

it('never finds a member dead before 3 s of silence, and always within 4.5 s, whatever came before', () => {
  const gap = fc.integer({ min: 1, max: 4000 });
  const stall = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6000 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, stall), { maxLength: 12 }), schedule => {
      const at = start();
      let heardAt = 0;
      let stalled = 0;
      const isDead = (): boolean => at.events.some(event => event.type === 'dead' && event.member === other);
      const check = (): void => {
        const death = at.events.find(event => event.type === 'dead' && event.member === other);
        if (death === undefined) expect(at.now - heardAt - stalled).toBeLessThanOrEqual(4500);
        else expect(death.at - heardAt).toBeGreaterThanOrEqual(3000);
      };
      for (const [silence, pause] of schedule) {
        at.advance(silence);
        check();
        if (isDead()) return;
        at.stall(pause);
        at.receive(heartbeat(other));
        heardAt = at.now;
        stalled = 0;
      }
      // Frozen for good, while this process itself stops for a while.
      const last = schedule.at(-1)?.[1] ?? 0;
      at.advance(1000);
      at.stall(last);
      stalled = last > 0 ? last + 400 : 0;
      at.advance(5000);
      check();
      expect(isDead()).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('finds nobody dead who answers, whatever the pauses below 2 s', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2400 }), { minLength: 1, maxLength: 15 }), pauses => {
      const at = start();
      for (const pause of pauses) {
        at.advance(pause);
        at.receive(heartbeat(other), heartbeat(other));
        at.receive(heartbeat(third));
        at.receive(heartbeat(fourth));
      }
      expect(told(at).filter(text => text.startsWith('dead'))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
