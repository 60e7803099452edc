/** A stack of a few layers whose clock, network and view are in a test's hands. */
import type { GroupEvent, LayerSpec } from '../../../runtime/src/group/layer.js';
import { createMember, type MemberId } from '../../../runtime/src/group/member.js';
import { type Batch, type Kind, Message } from '../../../runtime/src/group/message.js';
import { composeStack, type Stack } from '../../../runtime/src/group/stack.js';
import type { View } from '../../../runtime/src/group/view.js';
import type { Platform } from '../../../runtime/src/platform/platform.js';
import { createPrng } from '../../../runtime/src/testing/prng.js';

export interface BenchOptions {
  /** From the lowest to the highest; below them stands what the bench has instead of a transport. */
  readonly layers: readonly LayerSpec[];
  readonly self?: MemberId;
  readonly seed?: number | string;
}

export interface Bench {
  readonly stack: Stack;
  readonly now: number;
  /** What the lowest layer sent. */
  readonly sent: Message[];
  /** What the highest layer handed on. */
  readonly taken: Message[];
  readonly batches: Batch[];
  /** What was raised, with the time. */
  readonly events: (GroupEvent & { readonly at: number })[];
  /** Lets time pass. */
  advance(duration: number): void;
  /** Lets time pass without anything being called back, as when the process is stopped. */
  stall(duration: number): void;
  /** A packet arrives. */
  receive(...batch: Message[]): void;
  /** Called for each packet that is sent. */
  onSend: (batch: Batch) => void;
  /** A view of these begins; the bench's own member is the first, if it is not among them. */
  view(counter: number, ...others: readonly MemberId[]): void;
}

export function bench({ layers, self = 1, seed = 0 }: BenchOptions): Bench {
  let now = 0;
  let timers: { readonly at: number; readonly callback: () => void }[] = [];
  let lower: (batch: Batch) => void = () => {};
  const sent: Message[] = [];
  const taken: Message[] = [];
  const batches: Batch[] = [];
  const events: (GroupEvent & { at: number })[] = [];

  const wire: LayerSpec = {
    name: 'wire',
    requires: [],
    provides: ['transport'],
    create: context => {
      lower = batch => context.up(batch);
      context.provide('transport', { maxBody: 1000 } as never);
      return {
        down: batch => {
          sent.push(...batch);
          made.onSend(batch);
        },
      };
    },
  };
  const platform = {
    clock: {
      now: () => now,
      wallTime: () => now,
      setTimer: (delay: number, callback: () => void) => {
        const timer = { at: now + delay, callback };
        timers.push(timer);
        return {
          cancel: () => {
            timers = timers.filter(other => other !== timer);
          },
          unref: () => {},
        };
      },
      defer: (callback: () => void) => callback(),
      afterInput: (callback: () => void) => callback(),
    },
    random: createPrng(`bench/${seed}`),
  } as unknown as Platform;

  const stack = composeStack({
    group: 'bench',
    platform,
    self: memberOf(self),
    directory: { get: memberOf, learn: () => {}, retain: () => {} },
    layers: [wire, ...layers],
    up: batch => {
      batches.push(batch);
      taken.push(...batch);
    },
    on: event => void events.push({ ...event, at: now }),
  });

  const made: Bench = {
    stack,
    get now() {
      return now;
    },
    sent,
    taken,
    batches,
    events,
    onSend: () => {},
    advance: duration => {
      const end = now + duration;
      for (;;) {
        const next = timers.reduce((least, { at }) => Math.min(least, at), Infinity);
        if (next > end) break;
        now = Math.max(now, next);
        const timer = timers.find(({ at }) => at === next)!;
        timers = timers.filter(other => other !== timer);
        timer.callback();
      }
      now = Math.max(now, end);
    },
    stall: duration => {
      now += duration;
    },
    receive: (...batch) => {
      lower(batch);
      stack.reschedule();
    },
    view: (counter, ...others) =>
      stack.raise({ type: 'view', view: viewOf(counter, self, ...others), joined: [], sides: [] }),
  };
  return made;
}

export function memberOf(id: MemberId): ReturnType<typeof createMember> {
  return createMember(id, { host: '10.0.0.1', port: id });
}

/** Its creator is the first member. */
export function viewOf(counter: number, ...ids: readonly MemberId[]): View {
  return { id: { counter, creator: ids[0]! }, members: ids.map(memberOf) };
}

export function message(
  kind: Kind,
  from: MemberId,
  target: MemberId,
  body: string | Uint8Array = '',
): Message {
  return new Message(kind, from, target, typeof body === 'string' ? Buffer.from(body) : body);
}
