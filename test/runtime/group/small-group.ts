/** Hosts of a simulated world with a stack each; whoever tests them says which views there are. */
import type { GroupEvent, LayerSpec } from '../../../runtime/src/group/layer.js';
import { createMember, everyone, type Member, type MemberId } from '../../../runtime/src/group/member.js';
import type { Batch, Message } from '../../../runtime/src/group/message.js';
import { composeStack, type Stack } from '../../../runtime/src/group/stack.js';
import type { Host, World } from '../../../runtime/src/testing/index.js';

export interface SmallGroup {
  readonly members: readonly SmallGroupMember[];
  /** These are in the next view, at all of them at once. */
  view(...members: readonly SmallGroupMember[]): void;
  /** For each packet to each receiver: whether it is lost. */
  loses: (from: SmallGroupMember, to: SmallGroupMember, message: Message) => boolean;
  stop(): Promise<void>;
}

export interface SmallGroupMember {
  readonly id: MemberId;
  readonly host: Host;
  readonly stack: Stack;
  /** What was raised, with the time. */
  readonly events: (GroupEvent & { readonly at: number })[];
  /** What the layers sent. */
  readonly sent: Message[];
}

/** A packet takes so many milliseconds. */
const latency = 1;

/** The members' ids are counted from 1, their hosts are called `a`, `b`, … */
export async function smallGroup(
  world: World,
  size: number,
  layers: (id: MemberId) => readonly LayerSpec[],
): Promise<SmallGroup> {
  const known = new Map<MemberId, Member>();
  const ups = new Map<MemberId, (batch: Batch) => void>();
  const members: SmallGroupMember[] = [];
  let counter = 0;

  const transportOf = (id: MemberId): LayerSpec => ({
    name: 'hub',
    requires: [],
    provides: ['transport'],
    create: context => {
      context.provide('transport', { maxBody: 1000 } as never);
      const up = (batch: Batch): void => {
        context.up(batch);
        context.reschedule();
      };
      ups.set(id, up);
      return {
        down: batch => {
          const from = members.find(member => member.id === id)!;
          for (const message of batch) {
            from.sent.push(message);
            for (const to of members) {
              if (to.id === id || (message.target !== everyone && message.target !== to.id)) continue;
              if (group.loses(from, to, message)) continue;
              // On the receiver's clock: it stands still with its process, and ends with it.
              to.host.platform.clock.setTimer(latency, () => ups.get(to.id)!([message]));
            }
          }
        },
      };
    },
  });

  const group: SmallGroup = {
    members,
    loses: () => false,
    view: (...present) => {
      const id = { counter: ++counter, creator: present[0]!.id };
      const view = { id, members: present.map(member => known.get(member.id)!) };
      for (const { stack, host } of present) {
        if (host.isUp) stack.raise({ type: 'view', view, joined: [], sides: [] });
      }
    },
    stop: async () => {
      for (const { stack, host } of members) if (host.isUp) await stack.stop();
    },
  };

  for (let id = 1; id <= size; id++) {
    const host = world.host(String.fromCharCode(96 + id));
    const self = createMember(id, { host: host.address, port: 7000 });
    known.set(id, self);
    const events: (GroupEvent & { at: number })[] = [];
    const stack = composeStack({
      group: 'small',
      platform: host.platform,
      self,
      directory: { get: each => known.get(each), learn: () => {}, retain: () => {} },
      layers: [transportOf(id), ...layers(id)],
      up: () => {},
      on: event => void events.push({ ...event, at: world.now }),
    });
    members.push({ id, host, stack, events, sent: [] });
  }
  for (const { stack } of members) await stack.start();
  return group;
}
