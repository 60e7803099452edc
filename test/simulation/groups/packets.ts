/** What members say to each other, for scenarios that lose, hold back or forge some of it. */
import type { Packet, Verdict } from '@convoke/runtime/testing';
import type { MemberId } from '../../../runtime/src/group/member.js';
import { type MembershipFrame, readFrame } from '../../../runtime/src/group/membership/frames.js';
import { Pieces } from '../../../runtime/src/group/membership/pieces.js';
import { Kind, type Message } from '../../../runtime/src/group/message.js';
import { groupKeyOf } from '../../../runtime/src/group/transport/layout.js';
import { FrameReader, readHeader } from '../../../runtime/src/group/transport/packet-reader.js';
import { PacketWriter } from '../../../runtime/src/group/transport/packet-writer.js';
import { type GroupStage, groupName } from './stage.js';

/** A datagram between members, as they see it. */
export interface GroupPacket {
  /** Names of hosts. */
  readonly from: string;
  readonly to: string;
  readonly messages: readonly Message[];
}

const groupKey = groupKeyOf(groupName);

/** Undefined when it is no packet of the group. */
export function readPacket({ protocol, data, sender, receiver }: Packet): GroupPacket | undefined {
  if (protocol !== 'udp') return undefined;
  // Reading the header wipes the checksum.
  const bytes = Buffer.from(data);
  const header = readHeader(bytes, groupKey);
  if (typeof header === 'string') return undefined;
  const messages = new FrameReader().read(bytes, header.end, header.sender, header.target);
  return messages && { from: sender, to: receiver, messages };
}

/** The packet that has only this message, in the name of its sender. */
export function writePacket(message: Message): Buffer {
  const origin = { groupKey, sender: message.sender, sealing: undefined, packetBytes: 1400 };
  const writer = new PacketWriter(origin);
  writer.begin(message.target);
  writer.add(message);
  return Buffer.from(writer.finish());
}

export const hasKind = ({ messages }: GroupPacket, ...kinds: readonly Kind[]): boolean =>
  messages.some(({ kind }) => kinds.includes(kind));

/** Whether it brings multicasts of this member, for the first time or again. */
export const hasMulticasts = ({ messages }: GroupPacket, of: MemberId): boolean =>
  messages.some(({ view, sender }) => view !== undefined && sender === of);

/** What it says of views; what takes more than one packet is not read. */
export function membershipIn({ messages }: GroupPacket): MembershipFrame[] {
  const frames: MembershipFrame[] = [];
  for (const { kind, sender, body } of messages) {
    if (kind !== Kind.membership && kind !== Kind.merge) continue;
    const whole = new Pieces().join(sender, body);
    if (whole !== undefined) frames.push(readFrame(whole));
  }
  return frames;
}

export const says = (packet: GroupPacket, type: MembershipFrame['type']): boolean =>
  membershipIn(packet).some(frame => frame.type === type);

/** Decides on the packets of the group that are sent from now on. @returns what ends it */
export function onGroupPackets(
  { world }: GroupStage,
  decide: (packet: GroupPacket) => Verdict | undefined,
): () => void {
  return world.intercept(packet => {
    const read = readPacket(packet);
    return read && decide(read);
  });
}

/** The id of the member with this address. */
export const idOf = (address: string): MemberId =>
  Number.parseInt(address.slice(address.indexOf('/') + 1), 16);

/** Resolves when such a packet is sent for the first time, which is then dropped, or not. */
export function atFirst(
  stage: GroupStage,
  is: (packet: GroupPacket) => boolean,
  verdict?: Verdict,
): Promise<GroupPacket> {
  return new Promise(resolve => {
    let seen = false;
    const stop = onGroupPackets(stage, packet => {
      if (seen || !is(packet)) return undefined;
      seen = true;
      resolve(packet);
      stop();
      return verdict;
    });
  });
}
