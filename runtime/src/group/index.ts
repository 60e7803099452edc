/**
 * Process groups: members that see the same views and the same messages in the same order, over IP multicast or without.
 *
 * @packageDocumentation
 */
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
export type { MemberAddress } from './member.js';
export type { GroupView } from './view.js';
