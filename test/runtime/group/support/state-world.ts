/**
 * Members whose stacks end in state transfer, on a network that is no more than a script for each: the same messages in
 * the same order at all members of a view, and what is sent to one of them. A random schedule decides who goes on.
 */
import type { LayerSpec, ViewEvent } from '../../../../runtime/src/group/layer.js';
import { createMember, everyone, type MemberId } from '../../../../runtime/src/group/member.js';
import { Kind, Message, multicast, type Order } from '../../../../runtime/src/group/message.js';
import type { StatePart } from '../../../../runtime/src/group/port.js';
import type { Services } from '../../../../runtime/src/group/services.js';
import { composeStack, type Stack } from '../../../../runtime/src/group/stack.js';
import { stateTransfer } from '../../../../runtime/src/group/state-transfer.js';
import type { View } from '../../../../runtime/src/group/view.js';
import { simulate } from '../../../../runtime/src/testing/index.js';

type Item = Message | ViewEvent;

export interface StateMember {
  readonly id: MemberId;
  /** What the application saw: texts of messages, and views as `view 3`. */
  readonly seen: string[];
  /** The error of its end. */
  error: Error | undefined;
  /** How many multicasts were dropped since the state contained them. */
  consumed: number;
  readonly stack: Stack;
  readonly script: Item[];
  readonly inboxes: Map<MemberId, Message[]>;
  crashed: boolean;
}

export interface MemberOptions {
  readonly parts: (member: { readonly id: MemberId }) => StatePart[];
  /** Told of each message that the application gets. */
  readonly onMessage?: (id: MemberId, text: string) => void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class StateWorld {
  readonly members = new Map<MemberId, StateMember>();
  readonly random: () => number;
  now = 0;
  private counter = 0;
  private readonly seqs = new Map<MemberId, number>();
  private readonly views = new Map<MemberId, View>();

  constructor(seed = 1) {
    let state = seed * 2654435761;
    this.random = () => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
      return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
    };
  }

  add(id: MemberId, { parts, onMessage }: MemberOptions): StateMember {
    const self = createMember(id, { host: '127.0.0.1', port: id });
    const bottom: LayerSpec = {
      name: 'script',
      requires: [],
      provides: ['unicast', 'multicast', 'membership', 'order'],
      create: context => {
        context.provide('unicast', {} as Services['unicast']);
        context.provide('membership', {} as Services['membership']);
        context.provide('order', {} as Services['order']);
        context.provide('multicast', {
          consumed: () => member.consumed++,
        } as unknown as Services['multicast']);
        feed = context;
        return {
          down: batch => {
            for (const message of batch) this.unicast(id, message);
          },
        };
      },
    };
    let feed!: Parameters<LayerSpec['create']>[0];
    const host = simulate({ seed: 1 }).host('a');
    const member: StateMember = {
      id,
      seen: [],
      error: undefined,
      consumed: 0,
      script: [],
      inboxes: new Map(),
      crashed: false,
      stack: composeStack({
        group: 'test',
        platform: {
          ...host.platform,
          clock: { ...host.platform.clock, now: () => this.now, setTimer: () => noTimer },
        },
        self,
        directory: { get: () => undefined, learn() {}, retain() {} },
        layers: [bottom, spyTick(stateTransfer(parts({ id })), tick => this.ticks.set(id, tick))],
        up: batch => {
          for (const { kind, body } of batch) {
            const text = decoder.decode(body);
            if (kind === Kind.reply) member.seen.push(`reply ${text}`);
            else {
              member.seen.push(text);
              onMessage?.(id, text);
            }
          }
        },
        on: event => {
          if (event.type === 'view') member.seen.push(`view ${event.view.id.counter}`);
          else if (event.type === 'end') member.error = event.error;
        },
      }),
    };
    this.feeds.set(id, feed);
    this.members.set(id, member);
    return member;
  }

  private readonly feeds = new Map<MemberId, Parameters<LayerSpec['create']>[0]>();
  private readonly ticks = new Map<MemberId, () => boolean>();

  /** The next view of these members, at all of them. */
  view(
    ids: readonly MemberId[],
    joined: readonly MemberId[] = [],
    sides?: readonly (readonly MemberId[])[],
  ): View {
    const view: View = {
      id: { counter: ++this.counter, creator: ids[0]! },
      members: ids.map(id => createMember(id, { host: '127.0.0.1', port: id })),
    };
    const rest = ids.filter(id => !joined.includes(id));
    const event: ViewEvent = { type: 'view', view, joined, sides: sides ?? (rest.length > 0 ? [rest] : []) };
    for (const id of ids) {
      this.members.get(id)!.script.push(event);
      this.views.set(id, view);
      this.seqs.set(id, 0);
    }
    return view;
  }

  /** A multicast in the sender's view, to all of its members. */
  multicast(from: MemberId, text: string, order: Order = 3): void {
    const view = this.views.get(from)!;
    const seq = this.seqs.get(from)! + 1;
    this.seqs.set(from, seq);
    for (const { id } of view.members) {
      const message = multicast(Kind.channel, from, encoder.encode(text), order);
      message.view = view.id;
      message.seq = seq;
      this.members.get(id)!.script.push(message);
    }
  }

  crash(id: MemberId): void {
    this.members.get(id)!.crashed = true;
  }

  /** Sends to one; what is for a crashed member is lost. */
  unicast(from: MemberId, message: Message): void {
    const target = this.members.get(message.target);
    if (target === undefined || this.members.get(from)!.crashed) return;
    message.seq = 0;
    const inbox = target.inboxes.get(from) ?? [];
    target.inboxes.set(from, inbox);
    inbox.push(message);
  }

  /** Gives a message to a member at once. */
  give(id: MemberId, kind: Kind, text: string, reliable: boolean, from: MemberId = 99): void {
    const message = new Message(kind, from, reliable ? id : everyone, encoder.encode(text));
    message.reliable = reliable;
    this.feeds.get(id)!.up([message]);
  }

  drops(id: MemberId): ReadonlyMap<string, number> {
    return this.members.get(id)!.stack.drops;
  }

  /** Takes the next item of a member's script. */
  step(id: MemberId): boolean {
    const member = this.members.get(id)!;
    const item = member.script.shift();
    if (item === undefined || member.crashed) return false;
    if ('type' in item) this.feeds.get(id)!.raise(item);
    else this.feeds.get(id)!.up([item]);
    return true;
  }

  /** Takes the next unicast that a member got from another one. */
  stepUnicast(id: MemberId, from: MemberId): boolean {
    const member = this.members.get(id)!;
    const message = member.inboxes.get(from)?.shift();
    if (message === undefined || member.crashed) return false;
    this.feeds.get(id)!.up([message]);
    return true;
  }

  /** Promises get on. */
  async turn(): Promise<void> {
    for (let count = 0; count < 20; count++) await undefined;
  }

  /** One random step. @returns false when there was nothing to do for the member that was drawn */
  async randomStep(): Promise<boolean> {
    const ids = [...this.members.keys()];
    const id = ids[Math.floor(this.random() * ids.length)]!;
    const from = ids[Math.floor(this.random() * ids.length)]!;
    if (this.random() < 0.3) await this.turn();
    return this.random() < 0.4 ? this.step(id) : this.stepUnicast(id, from);
  }

  /** Until nothing happens any more, at whatever pace of each. */
  async settle(): Promise<void> {
    for (let idle = 0, rounds = 0; idle < 20; rounds++) {
      if (rounds > 300) throw new Error('it does not come to rest');
      if (idle < 3) {
        for (let count = 0; count < 50 * this.members.size; count++) if (await this.randomStep()) idle = 0;
      }
      await new Promise(resolve => setImmediate(resolve));
      const ids = [...this.members.keys()];
      for (const id of ids) {
        if (this.step(id)) idle = 0;
        for (const from of ids) if (this.stepUnicast(id, from)) idle = 0;
      }
      idle++;
      if (await this.pass(60)) idle = 0;
    }
  }

  /** Lets time pass. @returns whether anybody had waited for it */
  async pass(time: number): Promise<boolean> {
    this.now += time;
    let isAwaited = false;
    for (const [id, tick] of this.ticks) if (!this.members.get(id)!.crashed && tick()) isAwaited = true;
    await this.turn();
    return isAwaited;
  }
}

const noTimer = { cancel() {}, unref() {} };

/** The harness has no timers: it ticks the layer itself. */
function spyTick(spec: LayerSpec, tell: (tick: () => boolean) => void): LayerSpec {
  return {
    ...spec,
    create: context => {
      const layer = spec.create(context);
      tell(() => {
        const now = context.clock.now();
        const isDue = (layer.wakeAt ?? Number.POSITIVE_INFINITY) <= now;
        if (isDue) layer.tick!(now);
        return isDue;
      });
      return layer;
    },
  };
}

/** The state of one member: a list of texts. */
export interface ListState {
  readonly list: string[];
  readonly part: StatePart;
  saves: number;
}

export function listState(
  name: string,
  options: {
    readonly merge?: boolean;
    readonly failSave?: () => boolean;
    readonly failLoad?: () => boolean;
  } = {},
): ListState {
  const state: ListState = {
    list: [],
    saves: 0,
    part: {
      name,
      async *save() {
        state.saves++;
        const count = state.list.length;
        for (const text of state.list) {
          yield encoder.encode(`${text}\n`);
          await undefined;
          // Deliveries wait: nothing may come in between.
          if (state.list.length !== count) throw new Error('the state changed while it was saved');
          if (options.failSave?.()) throw new Error('the disk is full');
        }
      },
      async load(pieces) {
        const list = await collect(pieces);
        if (options.failLoad?.()) throw new Error('no room for it');
        state.list.splice(0, state.list.length, ...list);
      },
      ...(options.merge
        ? {
            async merge(pieces: AsyncIterable<Uint8Array>) {
              const list = await collect(pieces);
              state.list.push(...list.filter(text => !state.list.includes(text)));
            },
          }
        : {}),
    },
  };
  return state;
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<string[]> {
  let text = '';
  for await (const piece of pieces) text += decoder.decode(piece);
  return text.split('\n').filter(Boolean);
}
