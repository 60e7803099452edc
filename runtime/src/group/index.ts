/**
 * Process groups: members that see the same views and the same messages in the same order, over IP multicast or without.
 *
 * @packageDocumentation
 */

export type {
  AtLeast,
  DeliveryOrder,
  GroupCallOptions,
  GroupDescription,
  GroupMaybeOptions,
  Reply,
  ReplyPolicy,
} from '../schema/group.js';
export { DistributedCounter, type DistributedCounterOptions } from './blocks/counter.js';
export { type AcquireOptions, DistributedLock, type HeldLock } from './blocks/lock.js';
export {
  NotificationBus,
  type NotificationBusOptions,
  type NotificationListener,
} from './blocks/notification-bus.js';
export {
  type MapChange,
  type MapKey,
  ReplicatedMap,
  type ReplicatedMapOptions,
} from './blocks/replicated-map.js';
export type { ValueCodec } from './blocks/values.js';
export { type DefaultStackOptions, defaultStack, type StackPurpose } from './default-stack.js';
export { type DelayOptions, delay } from './faults/delay.js';
export { discard } from './faults/discard.js';
export { duplicate } from './faults/duplicate.js';
export { type Partition, partition } from './faults/partition.js';
export type { FaultOptions } from './faults/selection.js';
export { type ShuffleOptions, shuffle } from './faults/shuffle.js';
export type {
  Channel,
  ChannelMessage,
  ChannelOrder,
  ChannelSendOptions,
  GroupMember,
  GroupMemberEvents,
  GroupStats,
} from './group-member.js';
export { type JoinOptions, join } from './join.js';
export type { LayerSpec } from './layer.js';
export type { MemberAddress } from './member.js';
export type { GroupPart, StatePart } from './port.js';
export {
  type MessageCastOptions,
  type MessageContext,
  MessageDispatcher,
  type MessageDispatcherOptions,
  type RequestHandler,
} from './rpc/message-dispatcher.js';
export type { GroupView } from './view.js';
