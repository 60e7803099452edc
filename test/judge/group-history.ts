/** What the judge of groups remembers: members, their stays in views, and what was sent. */
import type { DeliveryOrder } from '../../runtime/src/schema/group.js';

/** A view as a member tells of it. */
export interface ToldView {
  readonly id: string;
  readonly members: readonly string[];
}

/** A multicast. */
export interface SentMessage {
  /** Tells it from all others. */
  readonly key: string;
  readonly sender: string;
  readonly order: DeliveryOrder;
  readonly safe: boolean;
  readonly checksum: number;
  /** From 1: among the sender's ordered messages, or among its unordered ones. */
  readonly place: number;
  /** The view that its sender was in when it sent. */
  readonly sentIn: ToldView;
  /** By sender: the last ordered message that this one's sender had delivered when it sent. */
  readonly past: ReadonlyMap<string, SentMessage>;
  /** The view in which it counts as sent: that of its first delivery. */
  view: ToldView | undefined;
}

/** A member's time in one view. */
export interface Stay {
  readonly member: string;
  readonly view: ToldView;
  readonly delivered: Set<SentMessage>;
  /** Of those, the totally ordered ones, as they came. */
  readonly total: SentMessage[];
  /** By sender: the last of its ordered messages that was delivered. */
  readonly last: Map<string, SentMessage>;
  /** By sender: the first. */
  readonly first: Map<string, SentMessage>;
  /** The view into which it went from here. */
  next: ToldView | undefined;
}

/** How a member's life ended: not yet; by itself or with its group; by exclusion; with its process. */
export type Fate = 'alive' | 'left' | 'destroyed' | 'failed' | 'crashed';

/** One incarnation of a member. */
export interface JudgedMember {
  readonly address: string;
  readonly stays: Stay[];
  readonly sent: SentMessage[];
  /** How many of those are ordered. */
  ordered: number;
  readonly delivered: Set<SentMessage>;
  /** By sender: the last ordered message that was delivered, in whatever view. */
  readonly past: Map<string, SentMessage>;
  /** Whom it suspects in its current view. */
  readonly suspected: Set<string>;
  /** Whom it has suspected in an earlier view, and has in this one. */
  readonly suspectedBefore: Set<string>;
  /** It was asked to leave, or its group to end. */
  leaving: boolean;
  fate: Fate;
}

export const createMember = (address: string): JudgedMember => ({
  address,
  stays: [],
  sent: [],
  ordered: 0,
  delivered: new Set(),
  past: new Map(),
  suspected: new Set(),
  suspectedBefore: new Set(),
  leaving: false,
  fate: 'alive',
});

export const createStay = (member: string, view: ToldView): Stay => ({
  member,
  view,
  delivered: new Set(),
  total: [],
  last: new Map(),
  first: new Map(),
  next: undefined,
});

/** Where a member is, or was when it died; undefined before its first view. */
export const currentStay = ({ stays }: JudgedMember): Stay | undefined => stays[stays.length - 1];

/** Negative when the view of the first id comes before that of the second. */
export function compareIds(one: string, other: string): number {
  const [counter = '', creator = ''] = one.split('/');
  const [otherCounter = '', otherCreator = ''] = other.split('/');
  return Number(counter) - Number(otherCounter) || creator.localeCompare(otherCreator, 'en');
}

/** What was sent and said so far. */
export class GroupHistory {
  readonly members = new Map<string, JudgedMember>();
  readonly messages = new Map<string, SentMessage>();
  /** By id. */
  readonly views = new Map<string, ToldView>();
  /** By the id of a view: the stays in it. */
  readonly stays = new Map<string, Stay[]>();

  member(address: string): JudgedMember {
    let member = this.members.get(address);
    if (member === undefined) {
      member = createMember(address);
      this.members.set(address, member);
    }
    return member;
  }

  /** Those that went from one view directly to another. */
  goingTogether(from: string, to: string): Stay[] {
    return (this.stays.get(from) ?? []).filter(({ next }) => next?.id === to);
  }
}
