/** What layers offer to those above them, by name. A stack is checked for them when it is composed. */
import type { MemberId } from './member.js';
import type { Message } from './message.js';
import type { View, ViewId } from './view.js';

export interface Services {
  /** Packets to one member and to all. Provided by every transport. */
  readonly transport: TransportService;
  /** Finds members of the group. */
  readonly discovery: DiscoveryService;
  /** Watches members. */
  readonly detection: DetectionService;
  /** Messages with `reliable` to one member. A mark; it has nothing to ask for. */
  readonly unicast: UnicastService;
  /** Messages with `reliable` to everyone. */
  readonly multicast: MulticastService;
  /** Views. */
  readonly membership: MembershipService;
  /** Messages longer than a packet. A mark. */
  readonly fragmentation: Record<never, never>;
  /** Orders. */
  readonly order: OrderService;
  /** Whether the application may send. */
  readonly flow: FlowService;
}

export interface TransportService {
  /** The longest body that one packet takes. */
  readonly maxBody: number;
}

export interface DiscoveryService {
  /**
   * Looks for members once: asks, and calls back with who answered, after `timeout` milliseconds or when a coordinator
   * answered. Another call replaces one that has not ended.
   */
  find(timeout: number, found: (members: readonly Discovered[]) => void): void;
  /** What this member answers to those who look; undefined: nothing (it is not in the group yet). */
  answer: Discovered | undefined;
  /** Told of each coordinator of another view that announces itself; set by the merge layer. */
  onForeign: ((found: Discovered) => void) | undefined;
  /** Announces this member as the coordinator of its view to whomever is there. */
  announce(): void;
}

/** What is said of a group to those who look for it. */
export interface Discovered {
  readonly view: View;
  /** Who says it. */
  readonly by: MemberId;
}

export interface DetectionService {
  /** Asks a member at once whether it lives; ends in `dead` or, when it was suspected, in `unsuspect`. */
  verify(id: MemberId): void;
}

export interface UnicastService {
  /** Drops what waits for a member that is gone, and starts a new connection when it is back. */
  forget(id: MemberId): void;
}

/** By rank in a view: how many messages of each member, without a gap, from the first. */
export type Cut = readonly number[];

export interface MulticastService {
  /** Of the current view: how far what was received has no gap, by rank. */
  received(): Cut;
  /** Receives nothing new from now on, but what `fetch` asks for: what was told by `received` stays true. */
  freeze(): void;
  /** Undoes `freeze` in the same view. */
  thaw(): void;
  /**
   * Asks the holders for what is missing up to the cut, again and again, until everything is there; `done` is called
   * once. A later call replaces an earlier one; `open` and `thaw` end it.
   */
  fetch(cut: Cut, holders: readonly MemberId[], done: () => void): void;
  /** Answers requests for a view that has ended at this member, as long as others may still need it. */
  readonly view: View | undefined;
  /** By rank of member, by rank of sender: what each has told that it holds. For stability, and for `safe`. */
  acknowledged(rank: number): Cut;
  /** How many of one's own messages every member has taken; those behind it are unacknowledged. */
  readonly taken: number;
  /** The number of the latest message that was sent. */
  readonly sent: number;
  /** The application has taken this message, so that its sender may send another. */
  consumed(message: Message): void;
}

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

export interface OrderService {
  /** By rank: how many of each member's multicasts of this view were delivered, fragments counted. */
  delivered(): Cut;
}

export interface FlowService {
  /** False: sent messages wait here, and the event `room` tells when they do not any more. */
  readonly writable: boolean;
}

export type { ViewId };
