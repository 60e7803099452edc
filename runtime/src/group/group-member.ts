/** A member of a group, as the application holds it: views, and a channel of raw bytes. */
import type { Platform } from '../platform/platform.js';
import type { GroupDescription } from '../schema/group.js';
import type { Channel, ChannelOrder } from './channel.js';
import type { ChannelReceiver } from './channel-receiver.js';
import type { DropReason, GroupEvent } from './layer.js';
import type { Member, MemberAddress } from './member.js';
import { Kind, Order } from './message.js';
import type { RpcDispatcher } from './rpc/rpc-dispatcher.js';
import type { Stack } from './stack.js';
import type { Top } from './top.js';
import { type GroupView, publicView } from './view.js';

/** What happens to a member, and what its listeners are told. */
export interface GroupMemberEvents {
  /** The next view: what is delivered from now on was sent in it. */
  readonly view: (view: GroupView) => void;
  /** Nothing was heard of this member for a while; it may be excluded. */
  readonly suspect: (member: MemberAddress) => void;
  /** It was heard again, and stays. */
  readonly unsuspect: (member: MemberAddress) => void;
  /** More may be sent. */
  readonly room: () => void;
  /** This member is in the group no more. */
  readonly end: (reason: 'left' | 'destroyed' | 'failed') => void;
}

/** What a member counted since it joined, and what it holds now. */
export interface GroupStats {
  /** Messages that are kept because somebody may still ask for them; 0 when traffic has stopped for a while. */
  readonly buffered: number;
  /** What was dropped, and why. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

/** A process in a group. */
export interface GroupMember extends Channel, AsyncDisposable {
  /** The group's name. */
  readonly name: string;
  /** This member, as views name it. */
  readonly address: MemberAddress;
  /** The current view. */
  readonly view: GroupView;
  /** Whether this view is the primary partition: the lineage that had a majority of the view before at each step. */
  readonly primary: boolean;
  /** The client stub of a group: each of its methods calls a procedure at every member. */
  client<Client>(description: GroupDescription<Client, never>): Client;
  /** @returns how the listener stops to be told */
  on<Event extends keyof GroupMemberEvents>(event: Event, listener: GroupMemberEvents[Event]): () => void;
  /** Leaves the group: the others go on in a view without this member. Resolves when it is out, or after 3 s. */
  leave(): Promise<void>;
  /** As `leave`. */
  close(): Promise<void>;
  /** Ends the group: each member is told that it has ended. */
  destroy(): Promise<void>;
  /** What is held and what was dropped. */
  stats(): GroupStats;
}

const orders: Readonly<Record<ChannelOrder, Order>> = {
  unordered: Order.unordered,
  fifo: Order.fifo,
  causal: Order.causal,
  total: Order.total,
};

/** What a member is made of. */
export interface GroupMemberParts {
  readonly name: string;
  readonly top: Top;
  readonly stack: Stack;
  readonly rpc: RpcDispatcher;
  readonly receiver: ChannelReceiver;
  readonly platform: Platform;
}

export function createGroupMember({
  name,
  top,
  stack,
  rpc,
  receiver,
  platform,
}: GroupMemberParts): GroupMember {
  const known = new Map<MemberAddress, Member>();
  let ended: Promise<void> | undefined;
  const over = new Promise<void>(resolve => {
    top.subscribe(event => {
      if (event.type === 'view') for (const member of event.view.members) known.set(member.address, member);
      if (event.type !== 'end') return;
      // Not in the middle of what the layers do.
      platform.clock.defer(() => {
        ended ??= stack.stop();
        ended.then(resolve, resolve);
      });
    });
  });

  const leave = (how: 'leave' | 'destroy'): Promise<void> => {
    if (top.open) stack.services.membership[how]();
    stack.reschedule();
    return over;
  };

  return {
    name,
    get address() {
      return top.self.address;
    },
    get view() {
      return publicView(top.view!);
    },
    get primary() {
      return top.primary;
    },
    get writable() {
      return top.writable;
    },
    send: (bytes, { order = 'fifo', safe = false, reliable = true } = {}) => {
      if (reliable) top.multicast(Kind.channel, bytes, { order: orders[order], safe });
      else top.multicastOnce(Kind.channel, bytes);
      return top.writable;
    },
    sendTo: (members, bytes) => {
      for (const address of typeof members === 'string' ? [members] : members) {
        const member = known.get(address);
        if (member === undefined) throw new RangeError(`'${address}' was in no view of the group '${name}'`);
        if (top.view!.members.some(({ id }) => id === member.id)) top.unicast(Kind.channel, member.id, bytes);
      }
    },
    client: description => rpc.client(description),
    receive: receiver.listen,
    room: () => room(top),
    on: (event, listener) => top.subscribe(happened => tell(happened, event, listener, known)),
    leave: () => leave('leave'),
    close: () => leave('leave'),
    destroy: () => leave('destroy'),
    stats: () => ({
      buffered: stack.services.multicast.buffered,
      drops: Object.fromEntries(stack.drops),
    }),
    [Symbol.asyncDispose]: () => leave('leave'),
  };
}

function room(top: Top): Promise<void> {
  return new Promise((resolve, reject) => {
    if (top.writable) {
      resolve();
      return;
    }
    const closed = () => reject(new Error('this member has left the group: join again to send'));
    if (!top.open) {
      closed();
      return;
    }
    const unsubscribe = top.subscribe(event => {
      if (event.type === 'end') closed();
      else if (top.writable) resolve();
      else return;
      unsubscribe();
    });
  });
}

function tell<Event extends keyof GroupMemberEvents>(
  happened: GroupEvent,
  event: Event,
  listener: GroupMemberEvents[Event],
  known: ReadonlyMap<MemberAddress, Member>,
): void {
  if (happened.type !== event) return;
  const call = listener as (...values: unknown[]) => void;
  switch (happened.type) {
    case 'view':
      call(publicView(happened.view));
      return;
    case 'suspect':
    case 'unsuspect': {
      for (const { id, address } of known.values()) if (id === happened.member) call(address);
      return;
    }
    case 'end':
      call(happened.reason);
      return;
    default:
      call();
  }
}
