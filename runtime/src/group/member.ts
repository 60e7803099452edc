/** Who the members of a group are. */
import type { SocketAddress } from '../platform/platform.js';

/**
 * One incarnation of one process in one group: 48 random bits, drawn anew at each `join`. So a process that failed and
 * comes back is another member, and nothing that was meant for its predecessor reaches it. Never 0.
 */
export type MemberId = number;

/** As `Message.target`: all members. */
export const everyone = 0;

/** What the other members know of one. */
export interface Member {
  /** Which incarnation it is. */
  readonly id: MemberId;
  /** Where its unicast packets go. */
  readonly at: SocketAddress;
  /** How applications and their logs name it: `127.0.0.1:41234/0a1b2c3d4e5f`. */
  readonly address: MemberAddress;
}

/** How applications name a member. Opaque: nothing but equality is meant by it. */
export type MemberAddress = string;

/** How many bytes a member's id takes on the wire. */
export const memberIdBytes = 6;

/** Completes a member's description. */
export function createMember(id: MemberId, at: SocketAddress): Member {
  const host = at.host.includes(':') ? `[${at.host}]` : at.host;
  return { id, at, address: `${host}:${at.port}/${id.toString(16).padStart(12, '0')}` };
}

/** Draws the id of a new incarnation. */
export function drawMemberId(random: { bytes(length: number): Uint8Array }): MemberId {
  for (;;) {
    const id = random.bytes(memberIdBytes).reduce((sum, byte) => sum * 256 + byte, 0);
    if (id !== 0) return id;
  }
}
