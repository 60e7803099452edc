/** What travels through a stack: messages, in batches. */
import { everyone, type MemberId } from './member.js';
import type { ViewId } from './view.js';

/** Whose message it is: which layer, or which part above the stack, takes it on its way up. */
export const Kind = {
  /** Bytes of the application: `Channel`. */
  channel: 1,
  /** Calls of group RPC, and of `MessageDispatcher`. */
  call: 2,
  /** Their replies. */
  reply: 3,
  /** Calls from outside an open group, and what members tell each other of them. */
  relay: 4,
  /** Building blocks (notification bus, replicated map, lock, counter); a hash of the name begins the body. */
  block: 5,
  /** Snapshots for joiners, on reliable unicast. */
  state: 8,
  /** The sequencer's decisions, on its own reliable multicast. */
  order: 9,
  /** Who is there? */
  discovery: 16,
  /** I am here. */
  heartbeat: 17,
  /** And are you? */
  verify: 18,
  /** Where the connections are made by which members watch each other. */
  connection: 23,
  /** Acknowledgements of reliable unicast. */
  unicastAck: 19,
  /** Requests for lost multicasts. */
  missing: 20,
  /** What a member has of those of each. */
  stability: 21,
  /** How far a sender got. */
  highest: 22,
  /** Joins, leaves, flush and views. */
  membership: 24,
  /** Views that meet after a partition. */
  merge: 25,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** In which order the members take a message, relative to others. Rises with what it promises. */
export const Order = {
  /** In none; in fact in that of each sender. */
  unordered: 0,
  /** Each sender's in the order of sending. */
  fifo: 1,
  /** After all that its sender had delivered or sent before. */
  causal: 2,
  /** In one order at all members. */
  total: 3,
} as const;
export type Order = (typeof Order)[keyof typeof Order];

/**
 * One message. A class with all fields that any layer sets, so that all messages have one shape: a batch of them costs
 * less to walk than one with a table of headers each.
 */
export class Message {
  /** Who takes it. */
  readonly kind: Kind;
  /** Set on its way up; on its way down it is oneself, but for retransmissions of what others sent. */
  sender: MemberId;
  /**
   * Whose packet brought it, set by the transport: another member than `sender` where that one sends again what `sender`
   * had sent. So it tells who lives.
   */
  from: MemberId;
  /** A member, or `everyone`. */
  target: MemberId;
  /** Not changed by anyone once the message is on its way. */
  body: Uint8Array;
  /**
   * Kept until it is acknowledged, and delivered once: by reliable multicast to everyone in the view, by reliable
   * unicast to one. Otherwise it is one packet that may be lost or doubled.
   */
  reliable = false;
  /** Of reliable multicasts: how they are delivered. */
  order: Order = Order.fifo;
  /** Delivered only when a majority of the view holds it, and its place in the order: uniform agreement. */
  safe = false;
  /** Not the last fragment of its message. */
  more = false;
  /** It belongs to a call that a delivered message caused, so that it does not wait for what that one holds back. */
  nested = false;

  /** Of reliable multicasts: the view in which it was sent. */
  view: ViewId | undefined = undefined;
  /** Of reliable multicasts: counted per sender and view, from 1. Of reliable unicasts: per connection, from 1. */
  seq = 0;
  /** Of reliable unicasts: which connection between these two; a later one has a higher number. */
  connection = 0;
  /** Of causal multicasts: how many messages of each member, by rank, its sender had delivered. */
  vector: readonly number[] | undefined = undefined;

  /** A message that may be lost; what else it is to be is set afterwards. */
  constructor(kind: Kind, sender: MemberId, target: MemberId, body: Uint8Array) {
    this.kind = kind;
    this.sender = sender;
    this.from = sender;
    this.target = target;
    this.body = body;
  }
}

/** What travels up or down at once. On its way up: of one packet, so of one sender's packet and in its order. */
export type Batch = readonly Message[];

/** A reliable multicast to the view. */
export function multicast(kind: Kind, sender: MemberId, body: Uint8Array, order: Order): Message {
  const message = new Message(kind, sender, everyone, body);
  message.reliable = true;
  message.order = order;
  return message;
}

/** A reliable unicast. */
export function unicast(kind: Kind, sender: MemberId, target: MemberId, body: Uint8Array): Message {
  const message = new Message(kind, sender, target, body);
  message.reliable = true;
  return message;
}
