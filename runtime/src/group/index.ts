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
export type { GroupAddress, ListAddress, MulticastAddress } from './address.js';
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
export type { Channel, ChannelMessage, ChannelOrder, ChannelSendOptions } from './channel.js';
export { type DefaultStackOptions, defaultStack, type StackPurpose } from './default-stack.js';
export { type AccrualDetectionOptions, accrualDetection } from './detection/accrual.js';
export { connectionDetection } from './detection/connections.js';
export { type BoundedDetectionOptions, boundedDetection } from './detection/heartbeat.js';
export { dnsDiscovery } from './discovery/dns.js';
export { fileDiscovery } from './discovery/file.js';
export { listDiscovery, textDiscovery } from './discovery/list.js';
export { multicastDiscovery } from './discovery/multicast.js';
export { type DelayOptions, delay } from './faults/delay.js';
export { discard } from './faults/discard.js';
export { duplicate } from './faults/duplicate.js';
export { type Partition, partition } from './faults/partition.js';
export type { FaultOptions } from './faults/selection.js';
export { type ShuffleOptions, shuffle } from './faults/shuffle.js';
export { type FlowOptions, flowControl } from './flow-control.js';
export { type FragmentationOptions, fragmentation } from './fragmentation.js';
export type {
  GroupMember,
  GroupMemberEvents,
  GroupStats,
} from './group-member.js';
export { type JoinOptions, join } from './join.js';
export type {
  Directory,
  DropReason,
  GroupEvent,
  Layer,
  LayerContext,
  LayerSpec,
  ServiceName,
  ViewEvent,
} from './layer.js';
export type { Member, MemberAddress, MemberId } from './member.js';
export type { JoiningOptions } from './membership/joining.js';
export { type MembershipOptions, membership } from './membership/membership.js';
export type { MergingOptions } from './membership/merging.js';
export { type Batch, Kind, Message, Order } from './message.js';
export { ordering } from './order/order.js';
export type { GroupPart, GroupPort, SendOptions, StatePart } from './port.js';
export { type MulticastOptions, reliableMulticast } from './reliable/multicast.js';
export { reliableUnicast, type UnicastOptions } from './reliable/unicast.js';
export {
  type MessageCastOptions,
  type MessageContext,
  MessageDispatcher,
  type MessageDispatcherOptions,
  type RequestHandler,
} from './rpc/message-dispatcher.js';
export type { GroupErrorListener } from './rpc/procedure-work.js';
export type { RpcDispatcherOptions } from './rpc/rpc-dispatcher.js';
export type { TransportSecurity } from './security/seal.js';
export type * from './services.js';
export { stateTransfer } from './state-transfer.js';
export { multicastTransport } from './transport/multicast.js';
export { tcpTransport } from './transport/tcp.js';
export { unicastTransport } from './transport/unicast.js';
export type { GroupView, View, ViewId } from './view.js';
