/** Lets those who are no members call an open group: a server near each member takes their calls in. */
import { CallOrder, OpenGroup, type RelayedCall, RelayedEnd, Replies } from '../generated/group/index.js';
import type { GroupMember } from '../group/group-member.js';
import { type GroupRelay, type RelayedReply, relayOf, UnknownClient } from '../group/open/relay.js';
import type { CallContext } from '../schema/description.js';
import { CallError } from '../schema/errors.js';
import type { DeliveryOrder, ReplyPolicy } from '../schema/group.js';
import { type Implementation, implement } from '../schema/implement.js';
import { Rejection } from '../server/interceptors.js';

const orders: Readonly<Record<CallOrder, DeliveryOrder>> = {
  [CallOrder.unordered]: 'unordered',
  [CallOrder.fifo]: 'fifo',
  [CallOrder.causal]: 'causal',
  [CallOrder.total]: 'total',
};

/**
 * Relays calls from outside to the groups of these members, for `serve`: clients reach it by `connect('group://…')`. Closed
 * groups refuse them. Make one for each server.
 *
 * @throws TypeError when two of the members are in groups of one name
 */
export function openGroup(...members: readonly GroupMember[]): Implementation {
  const relays = new Map<string, GroupRelay>();
  for (const member of members) {
    if (relays.has(member.name)) throw new TypeError(`two members are in groups named '${member.name}'`);
    relays.set(member.name, relayOf(member));
  }
  const relayTo = (group: string): GroupRelay => {
    const relay = relays.get(group);
    if (relay !== undefined) return relay;
    const message = `no member of a group '${group}' is here`;
    throw new Rejection(new CallError('not-found', message, { outcome: 'not-executed' }));
  };
  const relayed = async (group: string, call: RelayedCall, ctx: CallContext) => {
    const replies = await relayTo(group).call(requestOf(call, ctx)).catch(refusal);
    return replies.map(told);
  };
  return implement(OpenGroup, {
    open: async (group, client) => {
      const epoch = await relayTo(group).open(hex(client)).catch(refusal);
      return Buffer.from(epoch, 'hex');
    },
    call: relayed,
    note: async (group, call, ctx) => {
      await relayed(group, call, ctx);
    },
  });
}

function requestOf(call: RelayedCall, { remaining }: CallContext) {
  return {
    client: hex(call.client),
    epoch: hex(call.epoch),
    number: Number(call.number),
    lowest: Number(call.lowest),
    key: [Number(call.key >> 32n), Number(call.key & 0xffff_ffffn)] as const,
    order: call.order === undefined ? undefined : orders[call.order],
    replies: policyOf(call),
    safe: call.safe,
    // The replies have to be with the client in time.
    deadline: remaining * 0.95,
    metadata: call.metadata,
    values: call.arguments,
  };
}

function policyOf({ replies, count }: RelayedCall): ReplyPolicy | undefined {
  switch (replies) {
    case undefined:
      return undefined;
    case Replies.counted:
      return { n: Math.max(1, count) };
    case Replies.first:
      return 'first';
    case Replies.majority:
      return 'majority';
    case Replies.none:
      return 'none';
    default:
      return 'all';
  }
}

function told(reply: RelayedReply) {
  const { member } = reply;
  if (reply.kind === 'raw') return { member, end: RelayedEnd.answered, body: reply.body };
  return { member, end: reply.kind === 'suspected' ? RelayedEnd.suspected : RelayedEnd.timedOut };
}

/** What the relay throws, as the client is told: what was not relayed may be asked of another member. */
function refusal(error: unknown): never {
  if (error instanceof UnknownClient) {
    throw new Rejection(new CallError('aborted', error.message, { outcome: 'not-executed' }));
  }
  throw error instanceof CallError && error.outcome === 'not-executed' ? new Rejection(error) : error;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
