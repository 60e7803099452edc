/** What the building blocks and group RPC see of a stack. */
import type { Clock, Random } from '../platform/platform.js';
import type { DropReason, GroupEvent } from './layer.js';
import type { Member, MemberId } from './member.js';
import type { Kind, Message, Order } from './message.js';
import type { View } from './view.js';

/** How a multicast is sent. */
export interface SendOptions {
  /** Default: fifo. */
  readonly order?: Order;
  /** Uniform agreement: delivered nowhere before a majority of the view holds it. */
  readonly safe?: boolean;
  /** Part of a call that a delivered message caused: does not wait for what that message holds back. */
  readonly nested?: boolean;
}

/** The top of a stack. */
export interface GroupPort {
  /** This member. */
  readonly self: Member;
  /** The current view; undefined before the first. */
  readonly view: View | undefined;
  /** Whether this member's view is the primary partition. */
  readonly primary: boolean;
  /** Time and timers. */
  readonly clock: Clock;
  /** Ids and jitter. */
  readonly random: Random;
  /** False once this member has left or was closed; sending throws then. */
  readonly open: boolean;
  /** False: what is sent waits inside, and more should not be sent before `room`. */
  readonly writable: boolean;
  /**
   * To all members of the view, this one included, reliably and in order. Sent in this view or, when that is just
   * changing, in the next.
   */
  multicast(kind: Kind, body: Uint8Array, options?: SendOptions): void;
  /** To all members but this one, once; may be lost or come twice. */
  multicastOnce(kind: Kind, body: Uint8Array): void;
  /** To one member, reliably and in the order of sending, unless it is excluded. To itself too. */
  unicast(kind: Kind, target: MemberId, body: Uint8Array): void;
  /** To one address or member, once; may be lost. For those outside of the view. */
  unicastOnce(kind: Kind, target: MemberId, body: Uint8Array): void;
  /** Has the listener called for each message of a kind, in the order of delivery. One listener a kind. */
  receive(kind: Kind, listener: (message: Message) => void): void;
  /** To be called once for each received multicast, when the application has begun with it. */
  consumed(message: Message): void;
  /** Counts what was dropped and why, as `LayerContext.count` does. */
  count(what: DropReason): void;
  /** Has the listener told of views, suspicions, room and the end, after the stack's layers. */
  subscribe(listener: (event: GroupEvent) => void): () => void;
  /**
   * Takes part in state transfer. Parts are saved and loaded in the order in which they were added, all at one point of
   * the message order: before the first message that this member delivers.
   */
  addState(part: StatePart): void;
}

/** One part of what a joiner is given. */
export interface StatePart {
  /** Names it among the parts; the same at all members. */
  readonly name: string;
  /** It only has something to settle. Where that holds for all parts, nothing is transferred. */
  readonly isEmpty?: true;
  /**
   * Resolves when all that was delivered to this part has been executed: before that nothing is saved or loaded. Absent
   * where every delivery is executed before the listener returns.
   */
  settle?(): Promise<void>;
  /** The state at this moment, in pieces of any length. Deliveries wait until the last piece was taken. */
  save(): AsyncIterable<Uint8Array>;
  /** Replaces the state. Deliveries wait until it has settled. */
  load(pieces: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * After a merge: takes in the state of the other side, where both had changes. Without it, members of the sides that do
   * not lead load the state of the leading side.
   */
  merge?(pieces: AsyncIterable<Uint8Array>): Promise<void>;
}

/** What stands on a stack: group RPC, a dispatcher of messages, a replicated map. Made before `join`, and handed to it. */
export interface GroupPart {
  /** Called once, before the stack starts: the place for `receive`, `subscribe` and `addState`. */
  attach(port: GroupPort): void;
}
