/** What layers offer to those above them, by name. A stack is checked for them when it is composed. */
import type { SocketAddress } from '../platform/platform.js';
import type { MemberId } from './member.js';
import type { Message } from './message.js';
import type { View, ViewId } from './view.js';

/** All services, by the names that `requires` and `provides` have for them. */
export interface Services {
  /** Packets to one member and to all. Provided by every transport. */
  readonly transport: TransportService;
  /** Finds members of the group. */
  readonly discovery: DiscoveryService;
  /** Watches members. */
  readonly detection: DetectionService;
  /** Messages with `reliable` to one member. */
  readonly unicast: UnicastService;
  /** Messages with `reliable` to everyone. */
  readonly multicast: MulticastService;
  /** Views. */
  readonly membership: MembershipService;
  /** Messages longer than a packet. */
  readonly fragmentation: FragmentationService;
  /** Orders. */
  readonly order: OrderService;
  /** Whether the application may send. */
  readonly flow: FlowService;
}

/** Carries packets. */
export interface TransportService {
  /** The longest body that one packet takes. */
  readonly maxBody: number;
  /**
   * Where members may be that nobody knows yet, by IP address: what discovery and merging send to everyone goes there too.
   * Set by discovery.
   */
  places: readonly SocketAddress[];
}

/** Finds members of the group. */
export interface DiscoveryService {
  /**
   * Looks for members once: asks, and calls back with who answered, after `timeout` milliseconds or when a coordinator
   * answered. Another call replaces one that has not ended.
   *
   * @param found told who is in the group, and who else was heard to look for it
   */
  find(timeout: number, found: (members: readonly Discovered[], seekers: readonly MemberId[]) => void): void;
  /** What this member answers to those who look; undefined: nothing (it is not in the group yet). */
  answer: Discovered | undefined;
  /** Told of each member of another view that announces itself as its coordinator; set by the layer that merges. */
  onForeign: ((found: Discovered) => void) | undefined;
  /** Announces this member as the coordinator of its view to whomever is there. */
  announce(): void;
}

/** What is said of a group to those who look for it. */
export interface Discovered {
  /** The view of who says it. */
  readonly view: View;
  /** Whether that view is the primary partition. */
  readonly primary: boolean;
  /** Who says it. */
  readonly by: MemberId;
}

/** Watches the members of the view. */
export interface DetectionService {
  /** Asks a member at once whether it lives; ends in `dead` or, when it was suspected, in `unsuspect`. */
  verify(id: MemberId): void;
  /** The latest view in which a member of the current one is known to have been; undefined: nothing is known. */
  viewOf(id: MemberId): ViewId | undefined;
}

/** Brings messages to one member. */
export interface UnicastService {
  /** Drops what waits for a member that is gone, and starts a new connection when it is back. */
  forget(id: MemberId): void;
  /**
   * False: so much waits to be sent to this member that more should not be added before the event `room`, which is raised
   * once that has changed.
   */
  writable(id: MemberId): boolean;
}

/** By rank in a view: how many messages of each member, without a gap, from the first. */
export type Cut = readonly number[];

/** Brings messages to all members of the view. */
export interface MulticastService {
  /** Of the current view: how far what was received has no gap, by rank. */
  received(): Cut;
  /** Receives nothing new from now on, but what `fetch` asks for: what was told by `received` stays true. */
  freeze(): void;
  /**
   * Asks for what is missing up to the cut, again and again, until everything is there; then `done` is called, once. A
   * later call replaces an earlier one, and the next view ends it.
   *
   * @param holders by rank of sender: who has its messages up to the cut
   */
  fetch(cut: Cut, holders: readonly MemberId[], done: () => void): void;
  /** By rank of sender: what the member of this rank is known to hold. */
  acknowledged(rank: number): Cut;
  /** That a member holds the messages of a sender up to this one follows from something that it sent. */
  acknowledge(rank: number, sender: number, seq: number): void;
  /** Whether to raise `held`. */
  watched: boolean;
  /** How many of one's own messages of this view every member has taken. */
  readonly taken: number;
  /** How many messages were sent in this view. */
  readonly sent: number;
  /** How many messages are kept because somebody may still ask for them. */
  readonly buffered: number;
  /** The application has taken this message, so that its sender may send another. */
  consumed(message: Message): void;
}

/** Agrees on views. */
export interface MembershipService {
  /** The current view; undefined before the first. */
  readonly view: View | undefined;
  /** Whether nothing may be sent now. */
  readonly blocked: boolean;
  /** Asks to be taken out of the view; ends in the event `end`. */
  leave(): void;
  /** Ends the group at every member. */
  destroy(): void;
  /** Whether this view is the primary partition: the lineage that had a majority at each step. */
  readonly primary: boolean;
}

/** Splits long messages. */
export interface FragmentationService {
  /** The longest body of a reliable message. */
  readonly longest: number;
}

/** Delivers in order. */
export interface OrderService {
  /** By rank: how many of each member's multicasts of this view were delivered, fragments counted. */
  delivered(): Cut;
  /**
   * The view ends, and all its members have received the same: delivers what is left in an order that follows from the
   * messages alone, and drops what can be delivered nowhere.
   */
  finish(): void;
}

/** Holds senders back. */
export interface FlowService {
  /** False: sent messages wait here, and the event `room` tells when they do not any more. */
  readonly writable: boolean;
}
