/**
 * What a stack is made of. A layer is a state machine: batches go in by `up` and `down`, events by `on`, time by `tick`;
 * batches and events come out through its `LayerContext`. It has no promise and no timer of its own.
 */
import type { Clock, Platform, Random, SocketAddress } from '../platform/platform.js';
import type { Member, MemberId } from './member.js';
import type { Batch } from './message.js';
import type { Services } from './services.js';
import type { View } from './view.js';

/** As `requires` and `provides` name services. */
export type ServiceName = keyof Services;

/** The next view, and how it came about. */
export interface ViewEvent {
  /** Tells the events apart. */
  readonly type: 'view';
  /** What begins. */
  readonly view: View;
  /** The members that were in no view before. */
  readonly joined: readonly MemberId[];
  /** The members of the views before, a list for each that was merged; the one whose state counts comes first. */
  readonly sides: readonly (readonly MemberId[])[];
}

/**
 * What happens to a group, as the layers tell each other. Each layer is told, from the lowest to the highest.
 *
 * @prop type - tells the events apart
 * @prop member - whom it is about
 * @prop reason - why it ended
 * @prop error - what made it fail
 */
export type GroupEvent =
  /** The next view begins. What is sent from now on belongs to it. */
  | ViewEvent
  /** Nothing was heard of a member for too long; it is being asked. */
  | { readonly type: 'suspect'; readonly member: MemberId }
  /** It was heard again, before it was excluded. */
  | { readonly type: 'unsuspect'; readonly member: MemberId }
  /** It was asked and did not answer, or the system that it ran on said that it is gone: to be excluded. */
  | { readonly type: 'dead'; readonly member: MemberId }
  /** Nothing new may be sent in this view: the next one is being agreed on. */
  | { readonly type: 'block' }
  /** Undoes `block` where the view stays. */
  | { readonly type: 'unblock' }
  /** What was held back may be sendable now. */
  | { readonly type: 'room' }
  /** Members told that they hold more than before; raised while `MulticastService.watched` is set. */
  | { readonly type: 'held' }
  /** This member was excluded, or has left, or the group was destroyed: nothing is sent or delivered any more. */
  | { readonly type: 'end'; readonly reason: 'left' | 'destroyed' | 'failed'; readonly error?: Error };

/** One layer of a stack. A layer without `up` or `down` passes batches on as they are. */
export interface Layer {
  /** What comes from below: its own messages are taken, the others passed on. */
  up?(batch: Batch): void;
  /** What comes from above. */
  down?(batch: Batch): void;
  /** What happened to the group. */
  on?(event: GroupEvent): void;
  /**
   * Asked after `on`. True: the layers above, and what stands on the stack, are not told; the layer tells them by
   * `LayerContext.pass`, then or later. So an event keeps its place among messages that are held back.
   */
  keeps?(event: GroupEvent): boolean;
  /** When `tick` wants to be called, on the monotonic clock; `Infinity` or absent: not at all. */
  readonly wakeAt?: number;
  /** Called at `wakeAt` or later. */
  tick?(now: number): void;
  /** Opens sockets; from the lowest layer to the highest, before anything is sent. */
  start?(): Promise<void>;
  /** The last chance to send; from the highest layer to the lowest. */
  stop?(): void | Promise<void>;
}

/** What a layer may do and knows. */
export interface LayerContext {
  /** The name of the group. */
  readonly group: string;
  /** This member. Its address is known once the transport has started; to be read again then. */
  readonly self: Member;
  /** The services of layers below, as `requires` names them. */
  readonly services: Services;
  /** Time, for reading. */
  readonly clock: Pick<Clock, 'now'>;
  /** Ids and jitter. */
  readonly random: Random;
  /** For transports, discovery and detection by connections alone. */
  readonly platform: Platform;
  /** Who is known, and where: by views, by discovery, by what they sent. */
  readonly directory: Directory;
  /** Hands a batch to the layer above. */
  up(batch: Batch): void;
  /** Hands a batch to the layer below. */
  down(batch: Batch): void;
  /** Tells all layers, from the lowest to the highest, before it returns. */
  raise(event: GroupEvent): void;
  /** Tells the layers above this one, and what stands on the stack, of an event that this layer kept. */
  pass(event: GroupEvent): void;
  /** Calls back when the current turn's work is done, before time passes. */
  defer(callback: () => void): void;
  /** The transport's `start` tells where this member is. */
  setSelf(at: SocketAddress): void;
  /** `wakeAt` was changed by something other than `up`, `down`, `on` and `tick`, such as a socket's callback. */
  reschedule(): void;
  /** Counts what was dropped and why, for `stats()`: nothing is dropped in silence. */
  count(what: DropReason): void;
}

/** Why a packet or a message went no further. */
export type DropReason =
  | 'damaged'
  | 'foreign-group'
  | 'forged'
  | 'replayed'
  | 'malformed'
  | 'not-a-member'
  | 'other-view'
  | 'duplicate'
  | 'too-far-ahead'
  | 'incomplete'
  | 'predecessor-lost'
  | 'fault'
  | 'flood'
  | 'overflow'
  | 'unreachable';

/** Who is known, and where. */
export interface Directory {
  /** Undefined when nothing is known of it. */
  get(id: MemberId): Member | undefined;
  /** Notes a member; what is known already stays. */
  learn(member: Member): void;
  /**
   * A new view: its members are where it says, whatever was known of them. Forgets all others but those that were learnt,
   * or were in the view before, within the last minute.
   */
  retain(members: readonly Member[]): void;
}

/** A layer before it is part of a stack: the parts of the list that `join` takes as `stack`. */
export interface LayerSpec {
  /** For messages about the stack: `reliable-multicast`. */
  readonly name: string;
  /** Services that layers below must provide. */
  readonly requires: readonly ServiceName[];
  /** Services that layers above may use. */
  readonly provides: readonly ServiceName[];
  /** Makes the layer, and enters what it provides into `context.services` by `provide`. */
  create(
    context: LayerContext & { provide<Name extends ServiceName>(name: Name, service: Services[Name]): void },
  ): Layer;
}
